// Logging to stderr through spdlog: log::info("loaded {} in {:.0f} ms", name, ms). Level from CODA_LOG
// (trace, debug, info, warn, error, off) or set_level; the default is warn. Never log words that were spoken
// or a secret at info or above.
#pragma once

#include <string>
#include <string_view>

#include <spdlog/spdlog.h>

namespace coda::log {

using spdlog::debug;
using spdlog::error;
using spdlog::info;
using spdlog::trace;
using spdlog::warn;

// Sends spdlog to stderr with Coda's pattern; reads CODA_LOG. Call once from main.
void init();
// False when the name is none of the levels.
bool set_level(std::string_view name);

}  // namespace coda::log
