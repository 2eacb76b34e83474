// What can be set of the memory.
// Thread safety: as Settings.
#pragma once

#include "base/settings.h"

#include <filesystem>
#include <string>

namespace coda::memory {

struct MemorySettings {
    bool enabled = true;
    std::filesystem::path path;  // empty: memory.db in the state folder
    double bar = 0.8;
    double decay_days = 30;
    int prompt_tokens = 120;

    std::filesystem::path file() const;
};

// Binds memory.* to `to`, which must outlive `settings` and not move.
void declare(Settings& settings, MemorySettings& to);

}  // namespace coda::memory
