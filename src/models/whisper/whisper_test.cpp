#include "models/whisper/whisper.h"

#include "base/file_map.h"
#include "base/paths.h"
#include "models/whisper/decoder.h"
#include "models/whisper/windows.h"
#include "tests/support/sounds.h"
#include "tests/support/wer.h"
#include "tests/support/whisper_ggml.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <limits>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace coda::models {
namespace {

using test::altered;
using test::recording;
using test::Samples;
using test::WordErrors;

const std::string kGolden = CODA_SOURCE_DIR "/tests/golden/whisper/";

std::filesystem::path packaged_model() {
    return paths::model_dir("whisper-tiny.en");
}

// One backend and one packaged model for all tests.
class WhisperTest : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        auto backend = runtime::create_cpu_backend({});
        ASSERT_TRUE(backend) << backend.error().message();
        backend_ = std::move(*backend);
        auto whisper = Whisper::open(packaged_model(), *backend_);
        ASSERT_TRUE(whisper) << whisper.error().message() << "; script/bootstrap fetches the models";
        whisper_ = *whisper;
    }
    static void TearDownTestSuite() {
        whisper_.reset();
        backend_.reset();
    }

    static Transcript hear(const Samples& samples, const TranscribeOptions& options = {},
                           const Whisper* whisper = nullptr) {
        auto heard = (whisper ? whisper : whisper_.get())->transcribe(samples, options, Cancel());
        EXPECT_TRUE(heard) << heard.error().message();
        return heard.value_or(Transcript{});
    }

    static inline std::unique_ptr<runtime::Backend> backend_;
    static inline std::shared_ptr<Whisper> whisper_;
};

TranscribeOptions full_context() {
    TranscribeOptions options;
    options.full_context = true;
    return options;
}

TranscribeOptions in_language(const std::string& language) {
    TranscribeOptions options;
    options.language = language;
    return options;
}

std::string percent(const WordErrors& errors) {
    return fmt::format("{} of {} words, {:.2f} %", errors.total(), errors.reference_words,
                       100 * errors.rate());
}

TEST_F(WhisperTest, TokensAreCTranslate2s) {
    using namespace whisper;
    auto weights = runtime::Weights::open(packaged_model() / "model.bin");
    ASSERT_TRUE(weights);
    auto network = record(*weights);
    ASSERT_TRUE(network) << network.error().message();
    auto vocabulary = Vocabulary::from_folder(packaged_model());
    auto executable = backend_->compile(network->program, {});
    ASSERT_TRUE(vocabulary && executable);
    const auto model = Model::create(*network, *vocabulary, *executable, "test");
    ASSERT_TRUE(model);
    auto state = (*executable)->new_state();
    ASSERT_TRUE(state);
    const Cancel cancel;
    Decoder decoder(*model, **state, runtime::Priority::stt, cancel);

    const auto golden = nlohmann::json::parse(read_file(kGolden + "tokens.json").value_or(""));
    ASSERT_GE(golden["recordings"].size(), 12u);
    for (const auto& expected : golden["recordings"]) {
        const std::string file = expected["file"];
        ASSERT_TRUE(decoder.encode(altered(recording(file), expected["kind"]), 1500));
        const auto heard = decoder.decode(-1, 0, 200);
        ASSERT_TRUE(heard) << heard.error().message();
        EXPECT_EQ(heard->tokens, expected["tokens"].get<std::vector<int32_t>>()) << file;
        EXPECT_NEAR(heard->average_logprob, expected["average_logprob"].get<float>(), 2e-3) << file;
        EXPECT_NEAR(heard->no_speech_probability, expected["no_speech"].get<float>(), 2e-3) << file;
        const auto likelihood = decoder.likelihood(-1, heard->tokens);
        ASSERT_TRUE(likelihood);
        EXPECT_LE(*likelihood, 0) << file;
    }
}

// Its words alone, with 0.3 s before and 0.4 s after, as a voice activity detector would hand them over: from
// the first 20 ms that are 6 dB over the quietest tenth (and within 40 dB of the loudest) to the last.
Samples cut_close(const Samples& samples) {
    constexpr size_t kBlock = 320;
    std::vector<float> powers;
    for (size_t at = 0; at + kBlock <= samples.size(); at += kBlock) {
        float sum = 0;
        for (size_t i = 0; i < kBlock; ++i) sum += samples[at + i] * samples[at + i];
        powers.push_back(sum);
    }
    std::vector<float> sorted = powers;
    std::sort(sorted.begin(), sorted.end());
    const float limit = std::max(4 * sorted[sorted.size() / 10], 1e-4f * sorted[sorted.size() * 98 / 100]);
    const auto loud = [&](float power) { return power >= limit; };
    const auto first = std::find_if(powers.begin(), powers.end(), loud) - powers.begin();
    const auto last = powers.rend() - std::find_if(powers.rbegin(), powers.rend(), loud);
    const auto from = std::max<ptrdiff_t>(0, first * static_cast<ptrdiff_t>(kBlock) - 4800);
    const auto until = std::min<ptrdiff_t>(std::ssize(samples), last * static_cast<ptrdiff_t>(kBlock) + 6400);
    return {samples.begin() + from, samples.begin() + until};
}

// Against tests/golden/whisper/make_transcripts.py: every recording, plain and altered; and cut close against
// 30 s of context on the same audio. Greedy decoding turns on a hair: of 1,200 words some six change either
// way with the context, so less than half a percent is no difference.
TEST_F(WhisperTest, HearsNoWorseThanFasterWhisperNorWithLessContext) {
    constexpr double kNoDifference = 0.005;
    WordErrors ours, whole, theirs, close, close_whole;
    const auto rows = test::read_tsv(kGolden + "transcripts.tsv");
    ASSERT_GE(rows.size(), 100u);
    for (const auto& row : rows) {
        ASSERT_EQ(row.size(), 4u);
        const Samples samples = altered(recording(row[0]), row[1]), cut = cut_close(samples);
        ours += test::word_errors(row[2], hear(samples).text);
        whole += test::word_errors(row[2], hear(samples, full_context()).text);
        theirs += test::word_errors(row[2], row[3]);
        close += test::word_errors(row[2], hear(cut).text);
        close_whole += test::word_errors(row[2], hear(cut, full_context()).text);
    }
    fmt::print("{} utterances: {}; with 30 s {}; faster-whisper {}\n", rows.size(), percent(ours),
               percent(whole), percent(theirs));
    fmt::print("cut close: {}; with 30 s {}\n", percent(close), percent(close_whole));
    EXPECT_LE(whole.total(), theirs.total());
    EXPECT_LE(ours.total(), theirs.total());
    EXPECT_LE(ours.rate(), whole.rate() + kNoDifference);
    EXPECT_LE(close.rate(), close_whole.rate() + kNoDifference);
}

TEST_F(WhisperTest, LongRecordingsLoseAndDoubleNoWords) {
    for (const auto& row : test::read_tsv(kGolden + "long.tsv")) {
        const auto parts = nlohmann::json::parse(row[1], nullptr, false);
        ASSERT_TRUE(parts.is_object()) << row[0];
        const size_t gap = static_cast<size_t>(parts["gap"].get<double>() * test::kSampleRate);
        Samples samples;
        for (const auto& part : parts["files"]) {
            const Samples piece = recording(part);
            samples.insert(samples.end(), piece.begin(), piece.end());
            samples.insert(samples.end(), gap, 0.0f);
        }
        const Transcript heard = hear(samples);
        const WordErrors ours = test::word_errors(row[2], heard.text),
                         theirs = test::word_errors(row[2], row[3]);
        fmt::print("{}: {}; faster-whisper {}\n", row[0], percent(ours), percent(theirs));
        EXPECT_LE(ours.total(), theirs.total()) << heard.text;
    }
}

TEST_F(WhisperTest, SoundsThatAreNoSpeechGiveNoText) {
    for (const double seconds : {0.3, 1.0, 2.5, 6.0})
        for (const auto& [name, samples] : test::not_speech(seconds)) {
            const Transcript heard = hear(samples);
            EXPECT_EQ(heard.text, "") << name << ", " << seconds << " s, no-speech "
                                      << heard.no_speech_probability << ", logprob " << heard.average_logprob;
        }
}

TEST_F(WhisperTest, ShortQuietWordsAreKept) {
    for (const auto& [file, word] :
         {std::pair("spoken/plain-33.wav", "Stop"), std::pair("spoken/plain-34.wav", "Yes")}) {
        const Samples whole = recording(file);
        const Samples close(whole.begin() + 16000 * 3 / 10, whole.begin() + 16000 * 11 / 10);
        for (const Samples& samples : {whole, close})
            for (const char* kind : {"plain", "quiet", "noisy", "slow"})
                EXPECT_EQ(test::word_error_rate(word, hear(altered(samples, kind)).text), 0)
                    << word << ", " << kind << ", " << samples.size()
                    << " samples: " << hear(altered(samples, kind)).text;
    }
}

TEST_F(WhisperTest, WhisperCppFilesGiveTheSameTranscripts) {
    using runtime::DType;
    const std::string path = testing::TempDir() + "whisper-ggml-test.bin";
    for (const DType dtype : {DType::f16, DType::f32, DType::q8_0, DType::q4_1, DType::q4_0}) {
        const auto bytes = test::whisper_ggml(packaged_model(), dtype);
        ASSERT_TRUE(bytes) << bytes.error().message();
        ASSERT_TRUE(write_file_atomic(path, *bytes));
        const auto whisper = Whisper::open(path, *backend_);
        ASSERT_TRUE(whisper) << whisper.error().message();
        EXPECT_EQ((*whisper)->name(), "whisper-tiny.en");
        WordErrors errors;
        for (const char* file : {"jfk.wav", "weather_question.wav", "spoken/plain-04.wav",
                                 "spoken/plain-34.wav", "spoken/paused-08.wav"}) {
            const Transcript theirs = hear(recording(file), {}, whisper->get()), ours = hear(recording(file));
            const bool exact = dtype == DType::f16 || dtype == DType::f32;
            EXPECT_TRUE(!exact || theirs.text == ours.text)
                << runtime::to_string(dtype) << ": " << theirs.text;
            errors += test::word_errors(ours.text, theirs.text);
        }
        fmt::print("{}: {} differ from f16\n", runtime::to_string(dtype), percent(errors));
        EXPECT_LE(errors.rate(), dtype == DType::q4_0 || dtype == DType::q4_1 ? 0.25 : 0.05);
    }
    std::filesystem::remove(path);
}

TEST_F(WhisperTest, CancelIsSeenAtOnce) {
    const Samples jfk = recording("jfk.wav");
    const Cancel before;
    before.cancel();
    const auto never = whisper_->transcribe(jfk, {}, before);
    ASSERT_FALSE(never);
    EXPECT_EQ(never.error().code, ErrorCode::cancelled);

    // Cancelled early, it ends long before it would have, in the encoder or among the decoder's tokens.
    const auto whole_start = std::chrono::steady_clock::now();
    hear(jfk, full_context());
    const auto whole = std::chrono::steady_clock::now() - whole_start;
    const Cancel cancel;
    std::chrono::steady_clock::time_point set;
    std::thread setter([&] {
        std::this_thread::sleep_for(whole / 5);
        set = std::chrono::steady_clock::now();
        cancel.cancel();
    });
    const auto heard = whisper_->transcribe(jfk, full_context(), cancel);
    const auto end = std::chrono::steady_clock::now();
    setter.join();
    ASSERT_FALSE(heard);
    EXPECT_EQ(heard.error().code, ErrorCode::cancelled);
    EXPECT_LT(end - set, whole / 2);
}

TEST_F(WhisperTest, SeveralThreadsHearTheSame) {
    const std::vector<std::string> files = {"weather_question.wav", "hello_world.wav", "LJ001-0002.wav"};
    std::vector<std::string> alone, together(files.size());
    for (const std::string& file : files) alone.push_back(hear(recording(file)).text);
    std::vector<std::thread> threads;
    for (size_t i = 0; i < files.size(); ++i)
        threads.emplace_back([&, i] { together[i] = hear(recording(files[i])).text; });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(together, alone);
}

TEST_F(WhisperTest, OddAudioIsHeardOrRefused) {
    EXPECT_EQ(hear({}).text, "");
    EXPECT_EQ(hear(Samples(1, 0.5f)).text, "");
    EXPECT_EQ(hear(Samples(159, 0.1f)).text, "");
    EXPECT_EQ(hear(Samples(size_t{3600} * 16000, 0.0f)).text, "");
    for (const float bad :
         {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -1e30f}) {
        Samples samples = recording("hello_world.wav");
        samples[100] = bad;
        const auto heard = whisper_->transcribe(samples, {}, Cancel());
        ASSERT_FALSE(heard);
        EXPECT_EQ(heard.error().code, ErrorCode::invalid_argument);
        EXPECT_NE(heard.error().what.find("sample 100"), std::string::npos);
    }
    for (const char* language : {"de", "xx", ""}) {
        const auto heard = whisper_->transcribe(Samples(16000), in_language(language), Cancel());
        ASSERT_FALSE(heard) << language;
        EXPECT_EQ(heard.error().code, ErrorCode::invalid_argument);
    }
    EXPECT_EQ(hear(recording("hello_world.wav"), in_language("auto")).language, "en");
}

TEST_F(WhisperTest, MissingAndForeignFilesAreErrors) {
    EXPECT_EQ(Whisper::open("/nowhere/model", *backend_).error().code, ErrorCode::not_found);
    const std::filesystem::path folder = testing::TempDir() + "whisper-no-vocabulary";
    std::filesystem::create_directories(folder);
    EXPECT_FALSE(Whisper::open(folder, *backend_));
    std::filesystem::create_symlink(packaged_model() / "model.bin", folder / "model.bin");
    const auto without = Whisper::open(folder, *backend_);
    ASSERT_FALSE(without);
    EXPECT_EQ(without.error().code, ErrorCode::not_found);
    ASSERT_TRUE(write_file_atomic(folder / "tokenizer.json", std::string("{\"model\":")));
    const auto broken = Whisper::open(folder, *backend_);
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error().code, ErrorCode::bad_format);
    EXPECT_NE(broken.error().where.find("tokenizer.json"), std::string::npos);
    std::filesystem::remove_all(folder);

    const auto llm = Whisper::open(
        paths::model_dir("smollm2-135m-instruct") / "SmolLM2-135M-Instruct.Q4_1.gguf", *backend_);
    ASSERT_FALSE(llm);
    EXPECT_EQ(llm.error().code, ErrorCode::unsupported);
}

}  // namespace
}  // namespace coda::models
