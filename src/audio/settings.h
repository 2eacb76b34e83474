// The settings of microphone and speaker. Thread safety: filled at start by one thread, then read.
#pragma once

#include "base/settings.h"

#include <string>

namespace coda::audio {

struct AudioSettings {
    std::string microphone, speaker;
    bool duplex = false;
};

void declare(Settings& settings, AudioSettings& to);

}  // namespace coda::audio
