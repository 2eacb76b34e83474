// Everything that can be set, in one place, with what each part of Coda is given of it.
// Every setting is declared once, in configuration.cpp: name, default, help, what is allowed.
// Thread safety: filled at start by one thread, then read.
#pragma once

#include "assistant/engine.h"
#include "assistant/session.h"
#include "base/settings.h"

#include <filesystem>
#include <string>

namespace coda::app {

struct Configuration {
    assistant::EngineConfig engine;

    double temperature = 0, top_p = 1, min_p = 0, repetition_penalty = 1;
    int top_k = 0, seed = 0, max_tokens = 256;

    std::string stt_language = "en";
    std::string voice;
    double speed = 1;

    std::string microphone, speaker;
    bool duplex = false;

    int window_turns = 20, window_tokens = 800;

    std::string log_level = "warn";

    // Binds every setting to its place here; the Configuration must outlive `settings` and not move.
    void declare(Settings& settings);

    assistant::Session::Options session() const;
    models::SpeakOptions speak() const;
};

// $XDG_CONFIG_HOME/coda/coda.toml
std::filesystem::path configuration_file();

}  // namespace coda::app
