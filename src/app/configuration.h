// Everything that can be set. Each room declares its own settings (name, default, help, what is allowed);
// here they are gathered. Thread safety: filled at start by one thread, then read.
#pragma once

#include "assistant/engine.h"
#include "assistant/session.h"
#include "assistant/settings.h"
#include "audio/settings.h"
#include "base/log_settings.h"
#include "base/settings.h"
#include "memory/settings.h"
#include "personality/settings.h"

#include <filesystem>
#include <string>

namespace coda::app {

struct Configuration {
    std::string profile = "desktop";
    assistant::EngineConfig engine;
    audio::AudioSettings audio;
    assistant::AssistantSettings assistant;
    memory::MemorySettings memory;
    personality::PersonalitySettings personality;
    log::LogSettings log;

    // Binds every setting to its place here; the Configuration must outlive `settings` and not move.
    void declare(Settings& settings);

    assistant::Session::Options session() const;
};

// $XDG_CONFIG_HOME/coda/coda.toml
std::filesystem::path configuration_file();

}  // namespace coda::app
