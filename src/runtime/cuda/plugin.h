// Finding and opening the CUDA plug-in: the driver is looked for first, so that a machine without one never
// touches it; version and build are checked before anything in it is called. Thread safety: open() from any
// thread; a Plugin is immutable. Ownership: the shared object stays open as long as its Plugin.
#pragma once

#include "base/result.h"
#include "runtime/cuda/abi.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace coda::runtime::cuda {

class Plugin {
  public:
    // `file`: the plug-in; empty: CODA_GPU_PLUGIN, else libcoda_cuda.so beside the binary or in ../lib/coda.
    // `driver`: the driver's library, for tests. Fails with not_found (no driver, no plug-in), bad_format (it
    // does not load, or is none) or unsupported (of another version or build).
    static Result<std::shared_ptr<const Plugin>> open(const std::filesystem::path& file = {},
                                                      const char* driver = "libcuda.so.1");
    ~Plugin();
    Plugin(const Plugin&) = delete;
    Plugin& operator=(const Plugin&) = delete;

    const Api& api() const { return *api_; }
    const std::filesystem::path& file() const { return file_; }

  private:
    Plugin() = default;
    std::filesystem::path file_;
    void* handle_ = nullptr;
    const Api* api_ = nullptr;
};

// Where open() looks, in this order; the first that exists is taken.
std::vector<std::filesystem::path> plugin_candidates();

// What both sides must have been built from.
const char* build_id();

}  // namespace coda::runtime::cuda
