#include "runtime/device.h"

#include "base/log.h"
#include "runtime/failover.h"

#include <utility>

#include <fmt/format.h>

namespace coda::runtime {
namespace {

ChosenDevice on_cpu(std::unique_ptr<Backend> cpu, std::string reason) {
    auto status =
        std::make_shared<DeviceStatus>(DeviceStatus::Info{"cpu", cpu->description(), std::move(reason)});
    return {std::move(cpu), std::move(status)};
}

ChosenDevice on_gpu(std::unique_ptr<cuda::CudaBackend> gpu, std::unique_ptr<Backend> cpu) {
    auto status = std::make_shared<DeviceStatus>(
        DeviceStatus::Info{"gpu", gpu->description(), "the GPU is there and its plug-in loads"});
    const std::string cpu_name = cpu->description();
    const auto on_failover = [status, cpu_name](const Error& why) {
        log::warn("the GPU failed, going on by the CPU: {}", why.message());
        status->set({"cpu", cpu_name, fmt::format("the GPU failed: {}", why.message())});
    };
    return {create_failover_backend(std::move(gpu), std::shared_ptr<Backend>(std::move(cpu)), on_failover),
            status};
}

}  // namespace

Result<ChosenDevice> choose_device(const GpuSettings& gpu, const CpuOptions& cpu_options,
                                   cuda::CudaOptions cuda) {
    CODA_TRY(auto cpu, create_cpu_backend(cpu_options));
    if (gpu.policy == "off") return on_cpu(std::move(cpu), "gpu.policy is off");
    if (!gpu.plugin.empty()) cuda.plugin = gpu.plugin;
    auto device = cuda::create_cuda_backend(cuda);
    if (device && gpu.policy == "require") {
        auto status = std::make_shared<DeviceStatus>(
            DeviceStatus::Info{"gpu", (*device)->description(), "gpu.policy is require"});
        return ChosenDevice{std::move(*device), std::move(status)};
    }
    if (device) return on_gpu(std::move(*device), std::move(cpu));
    if (gpu.policy == "require") {
        Error error = std::move(device.error());
        error.what = fmt::format("gpu.policy is require, but: {}", error.what);
        return tl::unexpected(std::move(error));
    }
    log::debug("on the CPU: {}", device.error().message());
    return on_cpu(std::move(cpu), device.error().what);
}

}  // namespace coda::runtime
