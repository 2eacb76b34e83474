// The settings of the runtime. Thread safety: filled at start by one thread, then read.
#pragma once

#include "base/settings.h"

#include <string>

namespace coda::runtime {

struct GpuSettings {
    std::string policy = "auto";  // "auto", "require" or "off"
    std::string plugin = {};      // path of the CUDA plug-in; empty: where it is installed
};

struct RuntimeSettings {
    int threads = 0;  // 0: from the cgroup quota
    GpuSettings gpu;
};

void declare(Settings& settings, RuntimeSettings& to);

}  // namespace coda::runtime
