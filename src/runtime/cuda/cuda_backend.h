// The CUDA backend: Coda's side of the plug-in. Thread safety and ownership as runtime/backend.h says.
#pragma once

#include "base/result.h"
#include "runtime/backend.h"
#include "runtime/cuda/abi.h"

#include <filesystem>
#include <memory>
#include <string>

namespace coda::runtime::cuda {

class CudaBackend : public Backend {
  public:
    virtual const DeviceFacts& facts() const = 0;
    // Where the plug-in was found.
    virtual const std::filesystem::path& plugin() const = 0;
    // Runs small kernels for some tens of milliseconds.
    virtual Result<Measurements> measure() const = 0;
    // For tests: the `call`-th from now (1: the next) goes wrong.
    virtual void inject(Injection what, int64_t call) const = 0;
};

struct CudaOptions {
    std::filesystem::path plugin = {};  // as Plugin::open takes it
    const char* driver = "libcuda.so.1";
};
// Fails with a reason fit to be shown: no driver, no plug-in, a plug-in of another build, no device, a driver
// that is too old, a card that the plug-in was not built for.
Result<std::unique_ptr<CudaBackend>> create_cuda_backend(const CudaOptions& options = {});

}  // namespace coda::runtime::cuda
