#include "models/llm/settings.h"

namespace coda::models {

void declare(Settings& settings, LlmSettings& to) {
    settings.declare(
        "llm.source", &to.source,
        "The language model: a GGUF file, \"openai:URL\" of an OpenAI-compatible server, or \"none\". "
        "Empty: the packaged model.");
    settings.declare("llm.model", &to.model, "The model's name on that server. Empty: the only one it has.");
    settings.declare("llm.api_key", &to.api_key, "The key that the server wants.", SettingRules::hidden());
    settings.declare("llm.context", &to.context, "Context length in tokens.",
                     SettingRules::between(256, 1 << 20));
    settings.declare(
        "llm.mmap", &to.mmap,
        "Map the GGUF; false: read it into memory, for files that may change or lie on a network.");
    settings.declare(
        "llm.activations", &to.activations,
        "Bits of activations that multiply quantized weights. checked: 8 as far as the model's check "
        "(coda models check FILE) allowed it, else 16; exact: 16; int8: 8, whatever that does.",
        SettingRules::one_of({"checked", "exact", "int8"}));
    settings.declare("llm.temperature", &to.temperature, "0: always the likeliest token.",
                     SettingRules::between(0, 5));
    settings.declare("llm.top_k", &to.top_k, "Draw from the k likeliest tokens. 0: from all.",
                     SettingRules::at_least(0));
    settings.declare("llm.top_p", &to.top_p,
                     "Draw from the likeliest tokens that together have this probability.",
                     SettingRules::between(0, 1));
    settings.declare("llm.min_p", &to.min_p,
                     "Drop tokens below this share of the likeliest one's probability.",
                     SettingRules::between(0, 1));
    settings.declare("llm.repetition_penalty", &to.repetition_penalty, "Above 1: repeats less.",
                     SettingRules::between(0.5, 2));
    settings.declare("llm.seed", &to.seed, "Of the draw, when the temperature is not 0.",
                     SettingRules::at_least(0));
    settings.declare("llm.max_tokens", &to.max_tokens, "The longest answer.",
                     SettingRules::between(1, 1 << 16));
}

ActivationBits LlmSettings::activation_bits() const {
    if (activations == "exact") return ActivationBits::exact;
    return activations == "int8" ? ActivationBits::int8 : ActivationBits::checked;
}

Sampling LlmSettings::sampling() const {
    Sampling sampling;
    sampling.temperature = static_cast<float>(temperature);
    sampling.top_k = top_k;
    sampling.top_p = static_cast<float>(top_p);
    sampling.min_p = static_cast<float>(min_p);
    sampling.repetition_penalty = static_cast<float>(repetition_penalty);
    sampling.seed = static_cast<uint64_t>(seed);
    sampling.max_tokens = max_tokens;
    return sampling;
}

}  // namespace coda::models
