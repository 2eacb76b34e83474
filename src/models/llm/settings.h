// The settings of the language model. Thread safety: filled at start by one thread, then read.
#pragma once

#include "base/settings.h"
#include "models/llm/chat_model.h"

#include <string>

namespace coda::models {

// checked: 8 bits as far as this model's check allowed them (activation_check.h), else 16; exact: 16; int8:
// 8, for comparisons.
enum class ActivationBits { checked, exact, int8 };

struct LlmSettings {
    std::string source;  // path of a GGUF, "openai:URL", or "none"; empty: the packaged model
    std::string model;   // its name on an OpenAI-compatible server
    std::string api_key;
    int context = 4096;
    bool mmap = true;
    std::string activations = "checked";
    double temperature = 0, top_p = 1, min_p = 0, repetition_penalty = 1;
    int top_k = 0, seed = 0, max_tokens = 256;

    bool off() const { return source == "none"; }
    Sampling sampling() const;
    ActivationBits activation_bits() const;
};

void declare(Settings& settings, LlmSettings& to);

}  // namespace coda::models
