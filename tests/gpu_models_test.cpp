// The packaged models on the GPU against the CPU: the same greedy text, the same transcripts, and logits
// whose divergence is within the bound. Skipped where there is no GPU. script/test-gpu runs it.
#include "audio/resample.h"
#include "audio/wav.h"
#include "base/paths.h"
#include "models/llm/decoder_program.h"
#include "models/llm/llm.h"
#include "models/llm/tokenizer.h"
#include "models/llm/vocabulary.h"
#include "models/whisper/whisper.h"
#include "runtime/cuda/cuda_backend.h"

#include <cmath>
#include <filesystem>

#include <gtest/gtest.h>

namespace coda {
namespace {

namespace fs = std::filesystem;

constexpr double kDivergenceBound = 1e-3;  // nats per token, mean

class GpuModels : public testing::Test {
  protected:
    void SetUp() override {
        auto gpu = runtime::cuda::create_cuda_backend();
        if (!gpu) GTEST_SKIP() << "skipped: " << gpu.error().message();
        gpu_ = std::move(*gpu);
        cpu_ = std::move(*runtime::create_cpu_backend({}));
    }
    std::unique_ptr<runtime::Backend> gpu_, cpu_;
};

fs::path packaged_llm() {
    return paths::model_dir("smollm2-135m-instruct") / "SmolLM2-135M-Instruct.Q4_1.gguf";
}

constexpr const char* kText =
    "The kettle had been on the stove for some minutes before anyone noticed that it was empty. Nobody said "
    "a "
    "word about it; they had come to talk about the harbour, and about the price that the council was asking "
    "for "
    "the old lighthouse, which had stood dark since the winter of the great storm.";

// Logits of every position of the text, in runs of different lengths.
std::vector<std::vector<float>> score(runtime::Backend& backend, const models::llm::DecoderProgram& llama,
                                      std::span<const int32_t> tokens) {
    const auto executable = backend.compile(llama.program, {});
    EXPECT_TRUE(executable) << executable.error().message();
    auto state = (*executable)->new_state();
    EXPECT_TRUE(state);
    std::vector<std::vector<float>> logits;
    size_t turn = 0;
    for (size_t at = 0; at < tokens.size(); ++turn) {
        constexpr size_t kLengths[] = {20, 1, 1, 3, 5, 1};
        const size_t count = std::min(kLengths[turn % std::size(kLengths)], tokens.size() - at);
        const runtime::StepInput input{.tokens = tokens.subspan(at, count),
                                       .rows = {runtime::Rows::Kind::all}};
        const Status ran = (*executable)->run(*llama.score, input, **state, {}, runtime::Priority::llm_first);
        EXPECT_TRUE(ran) << ran.error().message();
        const runtime::OutputView view = (*state)->output("logits");
        for (int r = 0; r < view.rows; ++r) logits.emplace_back(view.row(r).begin(), view.row(r).end());
        at += count;
    }
    return logits;
}

double divergence(const std::vector<float>& from, const std::vector<float>& to) {
    const auto log_total = [](const std::vector<float>& v) {
        const double largest = *std::max_element(v.begin(), v.end());
        double sum = 0;
        for (const float x : v) sum += std::exp(x - largest);
        return largest + std::log(sum);
    };
    const double a = log_total(from), b = log_total(to);
    double sum = 0;
    for (size_t i = 0; i < from.size(); ++i) sum += std::exp(from[i] - a) * ((from[i] - a) - (to[i] - b));
    return sum;
}

TEST_F(GpuModels, LogitsOfThePackagedLanguageModelDoNotDiverge) {
    if (!fs::exists(packaged_llm())) GTEST_SKIP() << "skipped: the model is not installed";
    const auto weights = runtime::Weights::open(packaged_llm());
    ASSERT_TRUE(weights) << weights.error().message();
    const auto config = models::llm::read_decoder_config(**weights);
    ASSERT_TRUE(config);
    const auto tokenizer = models::llm::read_tokenizer(**weights);
    ASSERT_TRUE(tokenizer);
    const auto llama = models::llm::record_decoder(*weights, *config, 512);
    ASSERT_TRUE(llama);
    const std::vector<int32_t> tokens = tokenizer->encode(kText);
    const auto on_cpu = score(*cpu_, *llama, tokens), on_gpu = score(*gpu_, *llama, tokens);
    ASSERT_EQ(on_gpu.size(), tokens.size());
    double sum = 0, largest = 0;
    for (size_t i = 0; i < on_cpu.size(); ++i) {
        const double d = divergence(on_cpu[i], on_gpu[i]);
        sum += d;
        largest = std::max(largest, d);
    }
    std::printf("KL of %zu positions: mean %.2e, largest %.2e nats\n", on_cpu.size(),
                sum / static_cast<double>(on_cpu.size()), largest);
    EXPECT_LE(sum / static_cast<double>(on_cpu.size()), kDivergenceBound);
}

std::string reply(models::ChatModel& model, const std::string& text) {
    auto session = model.new_session();
    EXPECT_TRUE(session);
    const std::vector<models::Message> messages = {{models::Role::user, text}};
    std::string said;
    models::Sampling sampling;
    sampling.max_tokens = 60;
    const auto stats = (*session)->generate(messages, sampling, {}, [&](std::string_view piece) {
        said += piece;
        return true;
    });
    EXPECT_TRUE(stats) << stats.error().message();
    return said;
}

TEST_F(GpuModels, GreedyTextIsTheCpus) {
    if (!fs::exists(packaged_llm())) GTEST_SKIP() << "skipped: the model is not installed";
    const auto on_cpu = models::open_llm(packaged_llm(), *cpu_, {}),
               on_gpu = models::open_llm(packaged_llm(), *gpu_, {});
    ASSERT_TRUE(on_cpu && on_gpu);
    int same = 0;
    const std::vector<std::string> questions = {"What is the capital of France?",
                                                "Tell me a short story about a fox.",
                                                "Why is the sky blue?",
                                                "Write a haiku about rain.",
                                                "How do I boil an egg?",
                                                "Name three animals that can fly.",
                                                "What should I pack for a day's walk?",
                                                "Explain what a mortgage is.",
                                                "Say something kind.",
                                                "What is seven times eight?"};
    for (const std::string& question : questions) {
        const std::string expected = reply(**on_cpu, question), got = reply(**on_gpu, question);
        EXPECT_FALSE(expected.empty());
        same += got == expected;
        if (got != expected)
            std::printf("differs: %s\n  CPU: %s\n  GPU: %s\n", question.c_str(), expected.c_str(),
                        got.c_str());
    }
    std::printf("%d of %zu greedy replies are the CPU's\n", same, questions.size());
    EXPECT_EQ(same, static_cast<int>(questions.size()));
}

TEST_F(GpuModels, TranscriptsAreTheCpus) {
    const fs::path model = paths::model_dir("whisper-tiny.en");
    if (!fs::exists(model)) GTEST_SKIP() << "skipped: the model is not installed";
    const auto on_cpu = models::Whisper::open(model, *cpu_), on_gpu = models::Whisper::open(model, *gpu_);
    ASSERT_TRUE(on_cpu && on_gpu) << (on_gpu ? "" : on_gpu.error().message());
    int compared = 0;
    for (const auto& entry : fs::directory_iterator(fs::path(CODA_SOURCE_DIR) / "tests/data/audio")) {
        if (entry.path().extension() != ".wav") continue;
        const auto sound = audio::read_wav(entry.path());
        ASSERT_TRUE(sound);
        const auto samples = audio::resample(sound->samples, sound->sample_rate, 16000);
        ASSERT_TRUE(samples);
        const auto expected = (*on_cpu)->transcribe(*samples, {}, {}),
                   got = (*on_gpu)->transcribe(*samples, {}, {});
        ASSERT_TRUE(expected && got) << (got ? "" : got.error().message());
        EXPECT_EQ(got->text, expected->text) << entry.path();
        std::printf("%s: %s\n", entry.path().filename().c_str(), got->text.c_str());
        ++compared;
    }
    EXPECT_GT(compared, 0);
}

}  // namespace
}  // namespace coda
