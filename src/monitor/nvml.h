// NVIDIA GPUs through the driver's own library, opened at run time: Coda is built and starts without it, and
// every function of it may be missing. A GPU that sleeps is not asked, because asking would wake it. Thread
// safety: belongs to one thread (a probe's), which the library may hold up for as long as it likes.
#pragma once

#include "base/result.h"
#include "monitor/readings.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace coda::monitor {

class Nvml {
  public:
    // `library`: a path, or empty for libnvidia-ml.so.1. `root`: where sys/ lies. Fails with not_found where
    // there is no such library, unavailable where the driver does not answer, unsupported for a library
    // without the functions that start it.
    static Result<std::unique_ptr<Nvml>> open(const std::filesystem::path& library,
                                              std::filesystem::path root = "/");
    ~Nvml();
    Nvml(const Nvml&) = delete;
    Nvml& operator=(const Nvml&) = delete;

    // For every GPU N: gpuN.utilization, gpuN.memory_utilization (shares), gpuN.memory_used_bytes,
    // gpuN.memory_total_bytes, gpuN.memory_free_share, gpuN.temperature_celsius,
    // gpuN.temperature_margin_celsius (to where it slows down), gpuN.power_watts, gpuN.power_limit_watts,
    // gpuN.clock_hertz, gpuN.memory_clock_hertz, gpuN.throttled_by_heat, gpuN.throttled_by_power (0 or 1),
    // gpuN.pcie_generation, gpuN.pcie_lanes, gpuN.ecc_uncorrected, gpuN.mig (0 or 1), gpuN.processes,
    // gpuN.own_memory_bytes (this process's), gpuN.lost (0 or 1), gpuN.asleep (0 or 1). What a GPU does not
    // tell is left out.
    Readings read();

    struct Process {
        unsigned pid = 0;
        uint64_t memory_bytes = 0;
    };
    // Those that compute on this GPU now, the largest first; nothing where it does not tell.
    std::optional<std::vector<Process>> processes(unsigned gpu) const;

  private:
    struct Table;
    explicit Nvml(std::filesystem::path root);
    void read_device(unsigned index, void* device, Readings& out) const;
    bool asleep(void* device) const;

    const std::filesystem::path root_;
    std::unique_ptr<Table> table_;
    void* library_ = nullptr;
    bool started_ = false;
};

// Whether every NVIDIA GPU under root/sys sleeps; false where there is none.
bool all_gpus_asleep(const std::filesystem::path& root);

}  // namespace coda::monitor
