#include "models/onnx/library.h"

#include "base/paths.h"

#include <algorithm>
#include <cstdlib>
#include <system_error>
#include <vector>

#include <dlfcn.h>

namespace coda::models::onnx {
namespace {

constexpr const char* kMend = "run script/bootstrap";

// The numbers in a name, so that 1.9 sorts below 1.32.
std::vector<int> version_numbers(const std::string& name) {
    std::vector<int> numbers;
    for (size_t i = 0; i < name.size(); ++i) {
        if (name[i] < '0' || name[i] > '9') continue;
        const bool goes_on = i > 0 && name[i - 1] >= '0' && name[i - 1] <= '9';
        if (!goes_on) numbers.push_back(0);
        if (numbers.back() < 100'000'000) numbers.back() = numbers.back() * 10 + (name[i] - '0');
    }
    return numbers;
}

Result<std::filesystem::path> find_library() {
    if (const char* file = std::getenv("CODA_ONNXRUNTIME"); file && *file) return std::filesystem::path(file);
    const std::filesystem::path folder = paths::model_dir("onnxruntime");
    std::filesystem::path best;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
        const std::string name = entry.path().filename().string();
        if (!name.starts_with("libonnxruntime.so")) continue;
        if (best.empty() || version_numbers(best.filename().string()) < version_numbers(name))
            best = entry.path();
    }
    if (best.empty()) return fail(ErrorCode::not_found, "no libonnxruntime.so here", folder.string(), kMend);
    return best;
}

ErrorCode to_error_code(int code) {
    switch (code) {
        case abi::kInvalidArgument:
            return ErrorCode::invalid_argument;
        case abi::kNoSuchFile:
            return ErrorCode::not_found;
        case abi::kNoModel:
        case abi::kInvalidProtobuf:
        case abi::kInvalidGraph:
            return ErrorCode::bad_format;
        default:
            return ErrorCode::internal;
    }
}

}  // namespace

Result<std::shared_ptr<const Library>> Library::open(const std::filesystem::path& file) {
    std::filesystem::path path = file;
    if (path.empty()) {
        CODA_TRY(path, find_library());
    }
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error))
        return fail(ErrorCode::not_found, "there is no such library", path.string(), kMend);
    void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!handle) return fail(ErrorCode::unsupported, dlerror(), path.string(), kMend);
    const auto get_api_base = reinterpret_cast<abi::GetApiBase>(dlsym(handle, "OrtGetApiBase"));
    const abi::ApiBase* base = get_api_base ? get_api_base() : nullptr;
    if (!base) return fail(ErrorCode::unsupported, "this is not ONNX Runtime", path.string(), kMend);

    std::shared_ptr<Library> library(new Library());
    library->file_ = path;
    library->version_ = base->get_version_string();
    const void* table = base->get_api(abi::kApiVersion);
    if (!table)
        return fail(ErrorCode::unsupported,
                    "ONNX Runtime " + library->version_ + " is too old, 1." +
                        std::to_string(abi::kApiVersion) + " or newer is needed",
                    path.string(), kMend);
    library->api_.for_each_slot([&](auto& slot) { slot.bind(table); });
    CODA_CHECK(
        library->check(library->api_.create_env(abi::kLogFatal, "coda", &library->env_), path.string()));
    return library;
}

Library::~Library() {
    if (env_) api_.release_env(env_);
}

Status Library::check(abi::Status* status, const std::string& where) const {
    if (!status) return {};
    const int code = api_.get_error_code(status);
    std::string message = api_.get_error_message(status);
    api_.release_status(status);
    std::replace(message.begin(), message.end(), '\n', ' ');
    return fail(to_error_code(code), std::move(message), where);
}

}  // namespace coda::models::onnx
