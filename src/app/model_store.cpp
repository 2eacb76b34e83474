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

Result<ModelFile> inspect_folder(const fs::path& folder) {
    const fs::path weights = folder / "model.bin";
    if (!fs::exists(weights) || !fs::exists(folder / "tokenizer.json")) {
        return fail(ErrorCode::unsupported, "is no model folder", folder.string(),
                    "a Whisper in CTranslate2's format has model.bin and tokenizer.json; other models are "
                    "single files");
    }
    CODA_TRY(const auto opened, runtime::Weights::open(weights));
    if (opened->format() != runtime::WeightsFormat::ctranslate2) {
        return fail(ErrorCode::unsupported, "is not CTranslate2's", weights.string(), "");
    }
    const std::string spec(opened->string("spec").value_or(""));
    if (spec != "WhisperSpec") {
        return fail(ErrorCode::unsupported, "holds " + spec + ", not Whisper", weights.string(), "");
    }
    return ModelFile{folder, "stt", "stt.model", "CTranslate2", "whisper", size_of(folder)};
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

Result<ModelFile> inspect_model(const fs::path& path) {
    std::error_code error;
    const fs::path absolute = fs::canonical(path, error);
    if (error) return fail(ErrorCode::not_found, "no such file or folder", path.string(), "");
    if (fs::is_directory(absolute)) return inspect_folder(absolute);
    CODA_TRY(const auto weights, runtime::Weights::open(absolute));
    switch (weights->format()) {
        case runtime::WeightsFormat::gguf: {
            const std::string architecture(weights->string("general.architecture").value_or("unknown"));
            return ModelFile{absolute, "llm", "llm.source", "GGUF", architecture, weights->bytes()};
        }
        case runtime::WeightsFormat::whisper_ggml:
            return ModelFile{absolute, "stt", "stt.model", "whisper.cpp", "whisper", weights->bytes()};
        case runtime::WeightsFormat::ctranslate2:
            return inspect_folder(absolute.parent_path());
        case runtime::WeightsFormat::safetensors:
            break;
    }
    return fail(ErrorCode::unsupported, "is safetensors; as a language model Coda takes GGUF", path.string(),
                "look for a GGUF of the same model");
}

Result<AddedModel> store_model(const ModelFile& model, bool copy) {
    AddedModel added;
    added.name = model.path.filename();
    added.path = store() / added.name;
    added.bytes = model.bytes;
    std::error_code error;
    if (fs::equivalent(added.path, model.path, error)) return added;  // again: nothing to do
    if (fs::exists(fs::symlink_status(added.path))) {
        return fail(ErrorCode::invalid_argument, "another model of this name was added", added.path.string(),
                    "coda models remove " + added.name);
    }
    fs::create_directories(store(), error);
    if (error) return tl::unexpected(io_failure(store(), error, "cannot create"));
    if (copy) {
        fs::copy(model.path, added.path, fs::copy_options::recursive, error);
    } else {
        fs::create_symlink(model.path, added.path, error);
        added.target = model.path;
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
