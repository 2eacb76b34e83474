#include "base/log.h"

#include <cstdlib>

#include <spdlog/sinks/stdout_color_sinks.h>

namespace coda::log {

void init() {
    spdlog::set_default_logger(spdlog::stderr_color_mt("coda"));
    spdlog::set_pattern("%H:%M:%S.%e %^%l%$ %v");
    spdlog::set_level(spdlog::level::warn);
    if (const char* level = std::getenv("CODA_LOG")) set_level(level);
}

bool set_level(std::string_view name) {
    const auto level = spdlog::level::from_str(std::string(name));
    if (level == spdlog::level::off && name != "off") return false;
    spdlog::set_level(level);
    return true;
}

}  // namespace coda::log
