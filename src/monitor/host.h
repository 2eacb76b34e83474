// This machine's processors, memory, limits, disk and heat, from /proc, /sys and the cgroup. Thread safety:
// belongs to one thread (a probe's), since rates are taken between one call and the next.
#pragma once

#include "base/clock.h"
#include "monitor/proc_text.h"
#include "monitor/readings.h"

#include <filesystem>
#include <optional>
#include <string>

namespace coda::monitor {

class Host {
  public:
    struct Options {
        std::filesystem::path root = "/";  // where proc/ and sys/ lie; another in tests
        std::filesystem::path disk;        // whose free space counts; empty: none
    };
    explicit Host(Options options);

    // cpu.load, cpu.stolen (shares of all processors), memory.total_bytes, memory.available_bytes,
    // memory.available_share, swap.used_bytes, pressure.cpu, pressure.memory, pressure.io; process.cores
    // (processors kept busy by this process), process.memory_bytes, process.threads, process.major_faults (a
    // second); cgroup.memory_bytes, cgroup.memory_limit_bytes, cgroup.memory_share, cgroup.throttled (share
    // of time); disk.free_bytes, disk.free_share, disk.total_bytes; thermal.celsius (the hottest zone). Rates
    // from the second call on.
    Readings read();

  private:
    // Nothing where the file cannot be read.
    std::optional<std::string> file(const std::filesystem::path& path) const;
    void read_processors(Readings& out);
    void read_memory(Readings& out) const;
    void read_process(double seconds, Readings& out);
    void read_cgroup(double seconds, Readings& out);
    void read_disk(Readings& out) const;
    void read_heat(Readings& out) const;

    const Options options_;
    std::filesystem::path cgroup_;
    Stopwatch since_last_;
    std::optional<CpuTimes> last_cpu_;
    std::optional<ProcessTimes> last_process_;
    std::optional<uint64_t> last_throttled_us_;
};

}  // namespace coda::monitor
