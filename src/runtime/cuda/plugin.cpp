#include "runtime/cuda/plugin.h"

#include <cstdlib>
#include <string_view>
#include <system_error>

#include <dlfcn.h>
#include <fmt/format.h>

namespace coda::runtime::cuda {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFileName = "libcoda_cuda.so";
constexpr const char* kRebuild = "build Coda and its plug-in together (docs/gpu.md)";

std::string last_dl_error() {
    const char* text = dlerror();
    return text ? text : "unknown error";
}

Status check_driver(const char* driver) {
    void* handle = dlopen(driver, RTLD_LAZY | RTLD_LOCAL);
    if (!handle)
        return fail(ErrorCode::not_found, fmt::format("no NVIDIA driver ({})", last_dl_error()), {},
                    "install the driver of your card, 580 or newer");
    dlclose(handle);
    return {};
}

Result<fs::path> find_plugin(const fs::path& file) {
    std::vector<fs::path> candidates = {file};
    if (file.empty()) candidates = plugin_candidates();
    std::string looked;
    for (const fs::path& candidate : candidates) {
        std::error_code ignored;
        if (fs::exists(candidate, ignored)) return candidate;
        looked += (looked.empty() ? "" : ", ") + candidate.string();
    }
    return fail(ErrorCode::not_found, fmt::format("the CUDA plug-in is not there (looked for {})", looked),
                {}, "build it where nvcc is installed (docs/gpu.md)");
}

// Asked for by its version, then read no further than where every version has the same fields.
Result<const Api*> check_api(void* handle, const fs::path& file) {
    const auto entry = reinterpret_cast<EntryPoint>(dlsym(handle, kEntryPoint));
    if (!entry) return fail(ErrorCode::bad_format, "is no CUDA plug-in of Coda", file.string(), kRebuild);
    const Api* api = entry(kAbiVersion);
    if (!api || api->abi_version != kAbiVersion || api->size != sizeof(Api))
        return fail(ErrorCode::unsupported,
                    fmt::format("is of another version (this program speaks {})", kAbiVersion), file.string(),
                    kRebuild);
    if (std::string_view(api->build_id) != build_id())
        return fail(ErrorCode::unsupported,
                    fmt::format("is of build {}, this program of {}", api->build_id, build_id()),
                    file.string(), kRebuild);
    return api;
}

}  // namespace

const char* build_id() {
    return CODA_CUDA_BUILD_ID;
}

std::vector<fs::path> plugin_candidates() {
    if (const char* forced = std::getenv("CODA_GPU_PLUGIN"); forced && *forced) return {forced};
    std::error_code error;
    const fs::path folder = fs::read_symlink("/proc/self/exe", error).parent_path();
    return {folder / kFileName, folder / "../runtime/cuda" / kFileName, folder / "../lib/coda" / kFileName};
}

Result<std::shared_ptr<const Plugin>> Plugin::open(const fs::path& file, const char* driver) {
    CODA_CHECK(check_driver(driver));
    CODA_TRY(const fs::path found, find_plugin(file));
    std::shared_ptr<Plugin> plugin(new Plugin);
    plugin->file_ = found;
    plugin->handle_ = dlopen(found.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!plugin->handle_)
        return fail(ErrorCode::bad_format, fmt::format("does not load: {}", last_dl_error()), found.string(),
                    kRebuild);
    CODA_TRY(plugin->api_, check_api(plugin->handle_, found));
    return std::shared_ptr<const Plugin>(std::move(plugin));
}

Plugin::~Plugin() {
    if (handle_) dlclose(handle_);
}

}  // namespace coda::runtime::cuda
