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
constexpr float kAudible = 0.01f;  // of the peak

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

struct Block {
    double ms;     // when it was there
    size_t begin;  // its first sample
};

// When the first audible sample is heard, if playing starts with the first block and every block is there in
// time.
double audible_ms(const std::vector<Block>& blocks, const std::vector<float>& sound) {
    float peak = 0;
    for (const float sample : sound) peak = std::max(peak, std::fabs(sample));
    const auto first =
        std::find_if(sound.begin(), sound.end(), [&](float s) { return std::fabs(s) >= kAudible * peak; });
    const auto lead = static_cast<size_t>(first - sound.begin());
    double there = blocks.front().ms;
    for (const Block& block : blocks)
        if (block.begin <= lead) there = block.ms;
    return std::max(there,
                    blocks.front().ms + 1000.0 * static_cast<double>(lead) / models::Hibari::kSampleRate);
}

}  // namespace

Result<json> bench_llm(assistant::Engine& engine, const LlmBench& bench, const Cancel& cancel) {
    if (!engine.llm) return tl::unexpected(engine.llm_error);
    models::Message prompt{models::Role::user, prompt_of(*engine.llm, bench.prompt)};
    models::Sampling sampling;
    sampling.max_tokens = bench.generate;
    std::vector<double> prefill, decode, first;
    double cold_first_token_ms = 0;
    int cold_prompt_tokens = 0, prompt_tokens = 0, generated = bench.generate;
    for (int round = 0; round <= bench.rounds; ++round) {
        CODA_TRY(auto session, engine.llm->new_session());  // nothing cached
        CODA_TRY(const models::GenerateStats stats,
                 session->generate({&prompt, 1}, sampling, cancel, [](std::string_view) { return true; }));
        if (stats.stop_reason == models::StopReason::cancelled) return fail(ErrorCode::cancelled, "stopped");
        if (round == 0) {  // what the template adds is now known
            cold_first_token_ms = stats.first_token_ms;
            cold_prompt_tokens = stats.prompt_tokens;
            prompt.text = prompt_of(*engine.llm, std::max(1, 2 * bench.prompt - stats.prompt_tokens));
            continue;
        }
        prompt_tokens = stats.prompt_tokens;
        generated = std::min(generated, stats.generated_tokens);
        prefill.push_back(
            stats.prefill_ms > 0 ? (stats.prompt_tokens - stats.cached_tokens) * 1000 / stats.prefill_ms : 0);
        decode.push_back(stats.tokens_per_second());
        first.push_back(stats.first_token_ms);
    }
    const models::ActivationsInUse activations = engine.llm->activations();
    return json{
        {"model", engine.llm->name()},
        {"activations", {{"bits", activations.bits}, {"reason", activations.reason}, {"kl", activations.kl}}},
        {"load_ms", rounded(engine.load_ms)},
        {"cold_first_token_ms", rounded(cold_first_token_ms)},
        {"cold_prompt_tokens", cold_prompt_tokens},
        {"prompt_tokens", prompt_tokens},
        {"generated_tokens", generated},
        {"rounds", bench.rounds},
        {"prefill_tokens_per_second", spread(prefill)},
        {"decode_tokens_per_second", spread(decode)},
        {"first_token_ms", spread(first)}};
}

Result<json> bench_stt(assistant::Engine& engine, const std::filesystem::path& clips, int rounds,
                       const Cancel& cancel) {
    if (!engine.stt) return tl::unexpected(engine.stt_error);
    std::vector<std::filesystem::path> files;
    std::error_code missing;
    if (std::filesystem::is_regular_file(clips, missing)) files.push_back(clips);
    for (const auto& entry : std::filesystem::directory_iterator(clips, missing)) {
        if (entry.path().extension() == ".wav") files.push_back(entry.path());
    }
    if (files.empty())
        return fail(ErrorCode::not_found, "no WAV files", clips.string(),
                    "give a folder or a file with --clips");
    std::sort(files.begin(), files.end());
    json measured = json::array();
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
        measured.push_back({{"file", file.filename().string()},
                            {"seconds", rounded(sound.seconds())},
                            {"ms", spread(times)}});
    }
    return json{{"model", engine.stt->name()}, {"rounds", rounds}, {"clips", measured}};
}

Result<json> bench_tts(assistant::Engine& engine, int rounds, const Cancel& cancel) {
    if (!engine.tts) return tl::unexpected(engine.tts_error);
    json sentences = json::array();
    for (const char* text :
         {"It is three o'clock in the afternoon.",
          "The sky looks blue because air scatters the short waves of sunlight more than the long "
          "ones, so that blue light reaches the eye from every direction."}) {
        std::vector<double> first, audible, total;
        size_t samples = 0;
        for (int round = 0; round <= rounds; ++round) {
            const Stopwatch watch;
            std::vector<Block> blocks;
            std::vector<float> sound;
            CODA_CHECK(engine.tts->synthesize(text, {}, cancel, [&](std::span<const float> block) {
                blocks.push_back({watch.elapsed_ms(), sound.size()});
                sound.insert(sound.end(), block.begin(), block.end());
                return true;
            }));
            samples = sound.size();
            if (round == 0 || blocks.empty()) continue;
            first.push_back(blocks.front().ms);
            audible.push_back(audible_ms(blocks, sound));
            total.push_back(watch.elapsed_ms());
        }
        sentences.push_back({{"text", text},
                             {"seconds", rounded(static_cast<double>(samples) / models::Hibari::kSampleRate)},
                             {"first_audio_ms", spread(first)},
                             {"first_audible_ms", spread(audible)},
                             {"total_ms", spread(total)}});
    }
    return json{{"model", "hibari"}, {"rounds", rounds}, {"sentences", sentences}};
}

}  // namespace coda::app
