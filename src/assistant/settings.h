// The settings of the conversation itself. Thread safety: filled at start by one thread, then read.
#pragma once

#include "base/settings.h"

#include <filesystem>

namespace coda::assistant {

struct AssistantSettings {
    int window_turns = 20, window_tokens = 800;
    std::filesystem::path planner_path;  // empty: planner.db in the state folder

    std::filesystem::path programs_path;  // empty: programs.toml in the configuration's folder

    std::filesystem::path planner_file() const;
    std::filesystem::path programs_file() const;
};

void declare(Settings& settings, AssistantSettings& to);

}  // namespace coda::assistant
