// Which device runs the networks: the GPU where policy and machine allow it, else the CPU, and always why.
// Thread safety: DeviceStatus from any thread. Ownership: the backend shares its DeviceStatus.
#pragma once

#include "base/result.h"
#include "runtime/backend.h"
#include "runtime/cuda/cuda_backend.h"
#include "runtime/settings.h"

#include <memory>
#include <mutex>
#include <string>

namespace coda::runtime {

// What runs now, for people. Changes when the GPU fails.
class DeviceStatus {
  public:
    struct Info {
        std::string kind;    // "cpu" or "gpu"
        std::string name;    // as Backend::description() says
        std::string reason;  // why this one
    };
    explicit DeviceStatus(Info info) : info_(std::move(info)) {}
    Info info() const {
        const std::lock_guard lock(mutex_);
        return info_;
    }
    void set(Info info) {
        const std::lock_guard lock(mutex_);
        info_ = std::move(info);
    }

  private:
    mutable std::mutex mutex_;
    Info info_;
};

struct ChosenDevice {
    std::unique_ptr<Backend> backend;
    std::shared_ptr<DeviceStatus> status;
};
// auto: the GPU, and the CPU where that fails, with the reason in `status` and one warning in the log;
// require: fails instead; off: the CPU. `cuda` is for tests.
Result<ChosenDevice> choose_device(const GpuSettings& gpu, const CpuOptions& cpu,
                                   cuda::CudaOptions cuda = {});

}  // namespace coda::runtime
