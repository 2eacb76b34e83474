// What this machine says of itself: load, memory, battery, disk, how long it has been up, read from /proc and
// /sys. Thread safety: pure functions.
#pragma once

#include "tools/builtin.h"
#include "tools/registry.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace coda::tools {

struct MemoryFacts {
    int64_t total_bytes = 0, available_bytes = 0;
};
// From the text of /proc/meminfo, /proc/loadavg and /proc/uptime; nothing where it says something else.
std::optional<MemoryFacts> read_memory(std::string_view meminfo);
std::optional<double> read_load(std::string_view loadavg);
std::optional<int64_t> read_uptime(std::string_view uptime);  // seconds

struct BatteryFacts {
    int percent = 0;
    std::string status;  // "Charging", "Discharging", "Full" ...
};
// The first battery under `root`/sys/class/power_supply; nothing where there is none.
std::optional<BatteryFacts> read_battery(const std::filesystem::path& root);

// system_facts, reading below `root` ("/" but in tests).
void add_system_facts(Registry& registry, const std::filesystem::path& root = "/");
// The call for "system.facts".
std::optional<Call> system_call(const Recognition& command);

}  // namespace coda::tools
