#include "app/model_store.h"

#include "base/file_map.h"
#include "base/paths.h"
#include "base/settings.h"
#include "runtime/weights.h"

#include <algorithm>

#include <fmt/format.h>

namespace coda::app {
namespace {

namespace fs = std::filesystem;

fs::path store() {
    return paths::data_dir() / "models" / "added";
}

uint64_t size_of(const fs::path& path) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
        const uintmax_t size = fs::file_size(path, error);
        return error ? 0 : size;
    }
    uint64_t sum = 0;
    for (const auto& entry : fs::recursive_directory_iterator(path, error)) {
        std::error_code gone;
        if (entry.is_regular_file(gone)) sum += entry.file_size(gone);
    }
    return sum;
}

Error io_failure(const fs::path& path, const std::error_code& error, const char* doing) {
    const bool full = error == std::errc::no_space_on_device;
    return {full ? ErrorCode::exhausted : ErrorCode::io, fmt::format("{}: {}", doing, error.message()),
            path.string(), full ? "free some space" : ""};
}

// "llama3.2:3b" and "owner/file.gguf" as one file name.
std::string safe_name(std::string name) {
    for (char& c : name) {
        if (c == '/' || c == ':' || static_cast<unsigned char>(c) < 0x20) c = '-';
    }
    return name.starts_with('.') ? "model" + name : name;
}

}  // namespace

std::vector<AddedModel> added_models() {
    std::vector<AddedModel> models;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(store(), error)) {
        AddedModel model;
        model.name = entry.path().filename();
        model.path = entry.path();
        std::error_code ignored;
        if (fs::is_symlink(entry.path(), ignored)) model.target = fs::read_symlink(entry.path(), ignored);
        model.broken = !fs::exists(entry.path(), ignored);
        model.bytes = model.broken ? 0 : size_of(entry.path());
        models.push_back(std::move(model));
    }
    std::sort(models.begin(), models.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return models;
}

Result<AddedModel> store_model(const fs::path& model, const std::string& name, bool copy) {
    std::error_code error;
    const fs::path source = fs::canonical(model, error);
    if (error) return tl::unexpected(io_failure(model, error, "cannot be found"));
    if (const auto parts = runtime::split_name(source.filename().string()); copy && parts && parts->count > 1)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("is in {} files, which are not copied", parts->count), model.string(),
                    "add it without --copy, which links to them");
    AddedModel added;
    added.name = safe_name(name.empty() ? fs::absolute(model).lexically_normal().filename().string() : name);
    added.path = store() / added.name;
    added.bytes = size_of(source);
    if (fs::equivalent(added.path, source, error)) return added;  // again: nothing to do
    if (fs::exists(fs::symlink_status(added.path))) {
        return fail(ErrorCode::invalid_argument, "another model of this name was added", added.path.string(),
                    "coda models remove " + added.name);
    }
    fs::create_directories(store(), error);
    if (error) return tl::unexpected(io_failure(store(), error, "cannot create"));
    if (copy) {
        fs::copy(source, added.path, fs::copy_options::recursive, error);
    } else {
        fs::create_symlink(source, added.path, error);
        added.target = source;
    }
    if (!error) return added;
    const Error failure = io_failure(added.path, error, copy ? "cannot copy" : "cannot link");
    fs::remove_all(added.path, error);
    return tl::unexpected(failure);
}

Status forget_model(const AddedModel& model) {
    std::error_code error;
    fs::remove_all(model.path, error);  // of a link: the link alone
    if (error) return tl::unexpected(io_failure(model.path, error, "cannot remove"));
    return {};
}

Status change_setting(const fs::path& file, const std::string& name, const std::string& value) {
    std::string text;
    if (fs::exists(file)) {
        CODA_TRY(text, read_file(file, size_t{1} << 20));
    }
    CODA_TRY(const std::string changed, toml_with(text, name, value));
    std::error_code error;
    fs::create_directories(file.parent_path(), error);
    if (error) return tl::unexpected(io_failure(file.parent_path(), error, "cannot create"));
    return write_file_atomic(file, changed);
}

}  // namespace coda::app
