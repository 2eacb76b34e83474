// How fast this machine reads memory: measured once, and kept with its date in the cache folder. Thread
// safety: free function; two at the same time measure twice.
#pragma once

#include "base/result.h"

#include <string>

namespace coda::app {

struct MachineSpeed {
    double read_bytes_per_second = 0;
    int threads = 0;
    std::string cpu;   // as /proc/cpuinfo names it
    std::string date;  // of the measurement: "2026-11-27"

    std::string text() const;  // "40.5 GB/s read by 2 threads, measured on 2026-11-27"
};

enum class Remembered { no, yes };
// `threads`: 0 for as many as this process may use. With Remembered::yes an earlier measurement by as many
// threads of the same processor is taken; else it is measured (about a second) and kept. Fails with exhausted
// where there is no memory to read; what cannot be kept is no failure.
Result<MachineSpeed> machine_speed(int threads, Remembered remembered);

}  // namespace coda::app
