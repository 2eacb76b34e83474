// The settings of the runtime. Thread safety: filled at start by one thread, then read.
#pragma once

#include "base/settings.h"

namespace coda::runtime {

struct RuntimeSettings {
    int threads = 0;  // 0: from the cgroup quota
};

void declare(Settings& settings, RuntimeSettings& to);

}  // namespace coda::runtime
