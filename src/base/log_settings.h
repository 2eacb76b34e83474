// The setting of the log. Thread safety: filled at start by one thread, then read.
#pragma once

#include "base/settings.h"

#include <string>

namespace coda::log {

struct LogSettings {
    std::string level = "warn";
};

inline void declare(Settings& settings, LogSettings& to) {
    settings.declare("log.level", &to.level, "How much is said on stderr.",
                     SettingRules::one_of({"trace", "debug", "info", "warn", "error", "off"}));
}

}  // namespace coda::log
