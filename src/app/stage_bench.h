// How long one stage takes alone: the language model, speech to text, text to speech.
// Thread safety: one thread.
#pragma once

#include "assistant/engine.h"
#include "base/cancel.h"

#include <filesystem>

#include <nlohmann/json.hpp>

namespace coda::app {

// Each runs `rounds` times after one that is not counted, and gives medians with the smallest and largest.
struct LlmBench {
    int prompt = 128, generate = 64;  // tokens, the prompt's with what the chat template adds
    int rounds = 5;
};
// Prefill and greedy decoding. What is not counted is told apart: the first token of the first round, when
// nothing has run yet, and the time that loading took before.
Result<nlohmann::json> bench_llm(assistant::Engine& engine, const LlmBench& bench, const Cancel& cancel);
// A WAV file, or every one directly in a folder.
Result<nlohmann::json> bench_stt(assistant::Engine& engine, const std::filesystem::path& clips, int rounds,
                                 const Cancel& cancel);
// Text to first sample, to the first that is audible (within 40 dB of the peak) and to the last, of a short
// and a long sentence.
Result<nlohmann::json> bench_tts(assistant::Engine& engine, int rounds, const Cancel& cancel);

}  // namespace coda::app
