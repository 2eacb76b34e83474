// The texts of /proc, /sys and cgroup files, parsed. Lines that are not understood are left out; nothing here
// fails. Thread safety: free functions without state.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace coda::monitor {

// Of /proc/stat's first line, in clock ticks since the start.
struct CpuTimes {
    uint64_t busy = 0, idle = 0, stolen = 0;  // stolen by the hypervisor, not in busy
};
std::optional<CpuTimes> parse_cpu_times(std::string_view stat);

// "Name:  123 kB" (/proc/meminfo, in bytes then) and "name 123" (cgroup files).
std::map<std::string, uint64_t, std::less<>> parse_amounts(std::string_view text);

// Of /proc/PID/stat: processor time in clock ticks, resident memory in pages, page faults that read the disk.
struct ProcessTimes {
    uint64_t ticks = 0, resident_pages = 0, major_faults = 0, threads = 0;
};
std::optional<ProcessTimes> parse_process(std::string_view stat);

// The share of the last ten seconds in which some task waited, of /proc/pressure/*.
std::optional<double> parse_pressure(std::string_view text);

// One number, as most files of /sys hold; nothing for "max" and whatever is none.
std::optional<double> parse_number(std::string_view text);

// The path of cgroup version 2 in /proc/self/cgroup ("/user.slice"); empty where there is none.
std::string parse_cgroup_path(std::string_view text);

}  // namespace coda::monitor
