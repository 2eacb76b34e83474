// The settings of the voice. Thread safety: filled at start by one thread, then read.
#pragma once

#include "base/settings.h"
#include "models/hibari/hibari.h"

#include <filesystem>
#include <string>

namespace coda::models {

struct HibariSettings {
    std::filesystem::path model;  // folder; empty: the packaged model
    std::string voice;
    double speed = 1;

    SpeakOptions options() const;
};

void declare(Settings& settings, HibariSettings& to);

}  // namespace coda::models
