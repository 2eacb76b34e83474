#include "app/configuration.h"

#include "app/profiles.h"
#include "base/paths.h"

namespace coda::app {

void Configuration::declare(Settings& settings) {
    settings.declare("profile", &profile, "What Coda is used for: values for what is not set otherwise.",
                     SettingRules::one_of(profile_names()));
    models::declare(settings, engine.llm);
    models::declare(settings, engine.stt);
    models::declare(settings, engine.tts);
    audio::declare(settings, audio);
    assistant::declare(settings, assistant);
    memory::declare(settings, memory);
    personality::declare(settings, personality);
    runtime::declare(settings, engine.runtime);
    log::declare(settings, log);
}

assistant::Session::Options Configuration::session() const {
    assistant::Session::Options options;
    options.responder.window_turns = assistant.window_turns;
    options.responder.window_tokens = assistant.window_tokens;
    options.responder.memory_tokens = memory.prompt_tokens;
    options.responder.sampling = engine.llm.sampling();
    options.transcribe = engine.stt.options();
    options.speak = engine.tts.options();
    return options;
}

std::filesystem::path configuration_file() {
    return paths::config_dir() / "coda.toml";
}

}  // namespace coda::app
