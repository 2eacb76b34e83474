#include "app/stage_bench.h"

#include "audio/resample.h"
#include "audio/wav.h"
#include "base/clock.h"

#include <algorithm>
#include <cmath>

namespace coda::app {
namespace {

using nlohmann::json;

constexpr int kSpeechRate = 16000;
constexpr int kPrefillTokens = 128, kDecodeTokens = 64;

double rounded(double value) {
    return std::round(value * 100) / 100;
}

json spread(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return {{"median", rounded(values[values.size() / 2])},
            {"min", rounded(values.front())},
            {"max", rounded(values.back())}};
}

// Words that fill about `tokens` of the prompt.
std::string prompt_of(const models::ChatModel& model, int tokens) {
    static constexpr const char* kWords[] = {"the ",  "river ", "runs ",  "past ",   "a ",
                                             "mill ", "and ",   "under ", "bridges "};
    std::string text;
    for (size_t i = 0; model.count_tokens(text) < tokens; ++i) text += kWords[i % std::size(kWords)];
    return text;
}

}  // namespace

Result<json> bench_llm(assistant::Engine& engine, int rounds, const Cancel& cancel) {
    if (!engine.llm) return tl::unexpected(engine.llm_error);
    const models::Message prompt{models::Role::user, prompt_of(*engine.llm, kPrefillTokens)};
    models::Sampling sampling;
    sampling.max_tokens = kDecodeTokens;
    std::vector<double> prefill, decode, first;
    int prompt_tokens = 0;
    for (int round = 0; round <= rounds; ++round) {
        CODA_TRY(auto session, engine.llm->new_session());  // nothing cached
        CODA_TRY(const models::GenerateStats stats,
                 session->generate({&prompt, 1}, sampling, cancel, [](std::string_view) { return true; }));
        if (round == 0) continue;
        prompt_tokens = stats.prompt_tokens;
        prefill.push_back(
            stats.prefill_ms > 0 ? (stats.prompt_tokens - stats.cached_tokens) * 1000 / stats.prefill_ms : 0);
        decode.push_back(stats.tokens_per_second());
        first.push_back(stats.first_token_ms);
    }
    return json{{"model", engine.llm->name()},
                {"prompt_tokens", prompt_tokens},
                {"rounds", rounds},
                {"prefill_tokens_per_second", spread(prefill)},
                {"decode_tokens_per_second", spread(decode)},
                {"first_token_ms", spread(first)}};
}

Result<json> bench_stt(assistant::Engine& engine, const std::filesystem::path& folder, int rounds,
                       const Cancel& cancel) {
    if (!engine.stt) return tl::unexpected(engine.stt_error);
    std::vector<std::filesystem::path> files;
    std::error_code missing;
    for (const auto& entry : std::filesystem::directory_iterator(folder, missing)) {
        if (entry.path().extension() == ".wav") files.push_back(entry.path());
    }
    if (files.empty())
        return fail(ErrorCode::not_found, "no WAV files", folder.string(), "give a folder with --clips");
    std::sort(files.begin(), files.end());
    json clips = json::array();
    for (const std::filesystem::path& file : files) {
        CODA_TRY(const audio::Sound sound, audio::read_wav(file));
        CODA_TRY(const std::vector<float> speech,
                 audio::resample(sound.samples, sound.sample_rate, kSpeechRate));
        std::vector<double> times;
        for (int round = 0; round <= rounds; ++round) {
            const Stopwatch watch;
            CODA_TRY(const models::Transcript transcript, engine.stt->transcribe(speech, {}, cancel));
            if (round > 0) times.push_back(watch.elapsed_ms());
        }
        clips.push_back({{"file", file.filename().string()},
                         {"seconds", rounded(sound.seconds())},
                         {"ms", spread(times)}});
    }
    return json{{"model", engine.stt->name()}, {"rounds", rounds}, {"clips", clips}};
}

Result<json> bench_tts(assistant::Engine& engine, int rounds, const Cancel& cancel) {
    if (!engine.tts) return tl::unexpected(engine.tts_error);
    json sentences = json::array();
    for (const char* text :
         {"It is three o'clock in the afternoon.",
          "The sky looks blue because air scatters the short waves of sunlight more than the long "
          "ones, so that blue light reaches the eye from every direction."}) {
        std::vector<double> first, total;
        size_t samples = 0;
        for (int round = 0; round <= rounds; ++round) {
            const Stopwatch watch;
            double first_ms = 0;
            samples = 0;
            CODA_CHECK(engine.tts->synthesize(text, {}, cancel, [&](std::span<const float> block) {
                if (samples == 0) first_ms = watch.elapsed_ms();
                samples += block.size();
                return true;
            }));
            if (round == 0) continue;
            first.push_back(first_ms);
            total.push_back(watch.elapsed_ms());
        }
        sentences.push_back({{"text", text},
                             {"seconds", rounded(static_cast<double>(samples) / models::Hibari::kSampleRate)},
                             {"first_audio_ms", spread(first)},
                             {"total_ms", spread(total)}});
    }
    return json{{"model", "hibari"}, {"rounds", rounds}, {"sentences", sentences}};
}

}  // namespace coda::app
