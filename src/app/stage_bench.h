// How long one stage takes alone: the language model, speech to text, text to speech.
// Thread safety: one thread.
#pragma once

#include "assistant/engine.h"
#include "base/cancel.h"

#include <filesystem>

#include <nlohmann/json.hpp>

namespace coda::app {

// Each runs `rounds` times after one that is not counted, and gives medians with the smallest and largest.
// Prefill of 128 tokens and decoding of 64, greedy.
Result<nlohmann::json> bench_llm(assistant::Engine& engine, int rounds, const Cancel& cancel);
// Every WAV file directly in `folder`.
Result<nlohmann::json> bench_stt(assistant::Engine& engine, const std::filesystem::path& folder, int rounds,
                                 const Cancel& cancel);
// Text to first sample and to the last, of a short and a long sentence.
Result<nlohmann::json> bench_tts(assistant::Engine& engine, int rounds, const Cancel& cancel);

}  // namespace coda::app
