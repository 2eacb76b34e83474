#include "app/configuration.h"

#include "base/paths.h"

namespace coda::app {
namespace {

SettingRules between(double minimum, double maximum) {
    return {minimum, maximum, {}, false};
}
SettingRules at_least(double minimum) {
    return {minimum, std::numeric_limits<double>::infinity(), {}, false};
}
SettingRules one_of(std::vector<std::string> choices) {
    return {.choices = std::move(choices)};
}
SettingRules secret() {
    return {.choices = {}, .secret = true};
}

void declare_llm(Settings& settings, Configuration& to) {
    settings.declare(
        "llm.source", &to.engine.llm,
        "The language model: a GGUF file, \"openai:URL\" of an OpenAI-compatible server, or \"none\". "
        "Empty: the packaged model.");
    settings.declare("llm.model", &to.engine.llm_model,
                     "The model's name on that server. Empty: the only one it has.");
    settings.declare("llm.api_key", &to.engine.llm_api_key, "The key that the server wants.", secret());
    settings.declare("llm.context", &to.engine.llm_context, "Context length in tokens.",
                     between(256, 1 << 20));
    settings.declare("llm.temperature", &to.temperature, "0: always the likeliest token.", between(0, 5));
    settings.declare("llm.top_k", &to.top_k, "Draw from the k likeliest tokens. 0: from all.", at_least(0));
    settings.declare("llm.top_p", &to.top_p,
                     "Draw from the likeliest tokens that together have this probability.", between(0, 1));
    settings.declare("llm.min_p", &to.min_p,
                     "Drop tokens below this share of the likeliest one's probability.", between(0, 1));
    settings.declare("llm.repetition_penalty", &to.repetition_penalty, "Above 1: repeats less.",
                     between(0.5, 2));
    settings.declare("llm.seed", &to.seed, "Of the draw, when the temperature is not 0.", at_least(0));
    settings.declare("llm.max_tokens", &to.max_tokens, "The longest answer.", between(1, 1 << 16));
}

void declare_voice(Settings& settings, Configuration& to) {
    settings.declare(
        "stt.model", &to.engine.stt,
        "Speech to text: a folder in CTranslate2's format or a whisper.cpp file. Empty: the packaged one.");
    settings.declare("stt.language", &to.stt_language,
                     "What coda transcribe hears, with multilingual models: two letters, or \"auto\".");
    settings.declare("tts.model", &to.engine.tts,
                     "Text to speech: a hibari folder. Empty: the packaged one.");
    settings.declare("tts.voice", &to.voice, "Empty: the model's own default.");
    settings.declare("tts.speed", &to.speed, "Pace of speech.", between(0.5, 2));
    settings.declare("audio.microphone", &to.microphone,
                     "A device's name, or part of it. Empty: the default.");
    settings.declare("audio.speaker", &to.speaker, "A device's name, or part of it. Empty: the default.");
    settings.declare("audio.duplex", &to.duplex, "Listen while speaking; only with headphones.");
}

void declare_assistant(Settings& settings, Configuration& to) {
    settings.declare("assistant.window_turns", &to.window_turns, "Turns that are kept word for word.",
                     between(1, 1000));
    settings.declare("assistant.window_tokens", &to.window_tokens, "Tokens that they may take.",
                     between(64, 1 << 20));
    settings.declare("runtime.threads", &to.engine.threads, "0: as many as this process may use.",
                     between(0, 1024));
    settings.declare("log.level", &to.log_level, "How much is said on stderr.",
                     one_of({"trace", "debug", "info", "warn", "error", "off"}));
}

}  // namespace

void Configuration::declare(Settings& settings) {
    declare_llm(settings, *this);
    declare_voice(settings, *this);
    declare_assistant(settings, *this);
}

assistant::Session::Options Configuration::session() const {
    assistant::Session::Options options;
    options.responder.window_turns = window_turns;
    options.responder.window_tokens = window_tokens;
    models::Sampling& sampling = options.responder.sampling;
    sampling.temperature = static_cast<float>(temperature);
    sampling.top_k = top_k;
    sampling.top_p = static_cast<float>(top_p);
    sampling.min_p = static_cast<float>(min_p);
    sampling.repetition_penalty = static_cast<float>(repetition_penalty);
    sampling.seed = static_cast<uint64_t>(seed);
    sampling.max_tokens = max_tokens;
    options.speak = speak();
    return options;
}

models::SpeakOptions Configuration::speak() const {
    models::SpeakOptions options;
    options.voice = voice;
    options.speed = static_cast<float>(speed);
    return options;
}

std::filesystem::path configuration_file() {
    return paths::config_dir() / "coda.toml";
}

}  // namespace coda::app
