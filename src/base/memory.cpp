#include "base/memory.h"

#include <algorithm>
#include <fstream>
#include <optional>

namespace coda {
namespace {

// A line "Name:   123 kB" of /proc/meminfo.
std::optional<uint64_t> meminfo_bytes(const std::string& name) {
    std::ifstream file("/proc/meminfo");
    for (std::string key; file >> key; file.ignore(256, '\n')) {
        uint64_t kilobytes = 0;
        if (key == name + ":" && file >> kilobytes) return kilobytes * 1024;
    }
    return std::nullopt;
}

std::optional<uint64_t> number_in(const char* path) {
    std::ifstream file(path);
    uint64_t value = 0;
    if (file >> value) return value;
    return std::nullopt;  // "max", or no cgroup v2
}

}  // namespace

AvailableMemory available_memory() {
    AvailableMemory memory{meminfo_bytes("MemAvailable").value_or(0), "this machine"};
    const auto limit = number_in("/sys/fs/cgroup/memory.max");
    const auto used = number_in("/sys/fs/cgroup/memory.current");
    if (!limit || !used) return memory;
    const uint64_t left = *limit - std::min(*limit, *used);
    return left < memory.bytes ? AvailableMemory{left, "this container"} : memory;
}

}  // namespace coda
