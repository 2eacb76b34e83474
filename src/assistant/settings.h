// The settings of the conversation itself. Thread safety: filled at start by one thread, then read.
#pragma once

#include "base/settings.h"

namespace coda::assistant {

struct AssistantSettings {
    int window_turns = 20, window_tokens = 800;
};

void declare(Settings& settings, AssistantSettings& to);

}  // namespace coda::assistant
