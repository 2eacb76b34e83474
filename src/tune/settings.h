// The settings of tuning. Thread safety: filled at start by one thread, then read.
#pragma once

#include "base/settings.h"

#include <string>

namespace coda::tune {

struct TuneSettings {
    bool apply = true;
    std::string workload = "voice";
    int cache_entries = 1000;
    int rounds = 9;
};

void declare(Settings& settings, TuneSettings& to);

}  // namespace coda::tune
