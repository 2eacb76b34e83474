// How much memory this process may still take. Thread safety: free function from any thread.
#pragma once

#include <cstdint>
#include <string>

namespace coda {

struct AvailableMemory {
    uint64_t bytes = 0;
    std::string of;  // "this machine", "this container"
};
// What /proc/meminfo calls available, or what the cgroup's limit (v2) leaves where that is less.
AvailableMemory available_memory();

}  // namespace coda
