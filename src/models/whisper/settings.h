// The settings of speech recognition. Thread safety: filled at start by one thread, then read.
#pragma once

#include "base/settings.h"
#include "models/whisper/whisper.h"

#include <filesystem>
#include <string>

namespace coda::models {

struct WhisperSettings {
    std::filesystem::path model;  // folder or ggml file; empty: the packaged model
    std::string language = "en";

    TranscribeOptions options() const;
};

void declare(Settings& settings, WhisperSettings& to);

}  // namespace coda::models
