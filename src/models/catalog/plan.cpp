#include "models/catalog/plan.h"

#include "models/llm/llama_program.h"
#include "models/llm/vocabulary.h"
#include "models/whisper/network.h"
#include "runtime/weights.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <optional>

#include <re2/re2.h>

namespace coda::models {
namespace {

namespace fs = std::filesystem;
using runtime::Weights;
using runtime::WeightsFormat;

constexpr uint64_t kCacheElementBytes = 4;  // the runtime keeps keys and values in F32

// A line "Name:   123 kB" of /proc/meminfo.
std::optional<uint64_t> meminfo_bytes(const std::string& name) {
    std::ifstream file("/proc/meminfo");
    for (std::string key; file >> key; file.ignore(256, '\n')) {
        uint64_t kilobytes = 0;
        if (key == name + ":" && file >> kilobytes) return kilobytes * 1024;
    }
    return std::nullopt;
}

std::optional<uint64_t> number_in(const char* path) {
    std::ifstream file(path);
    uint64_t value = 0;
    if (file >> value) return value;
    return std::nullopt;  // "max", or no cgroup v2
}

uint64_t tensor_bytes(const Weights& weights) {
    uint64_t sum = 0;
    for (const auto& tensor : weights.tensors()) sum += tensor.bytes.size();
    return sum;
}

int64_t tensor_elements(const Weights& weights) {
    int64_t sum = 0;
    for (const auto& tensor : weights.tensors()) sum += tensor.shape.elements();
    return sum;
}

std::string most_common_type(const Weights& weights) {
    std::map<std::string, uint64_t> bytes;
    for (const auto& tensor : weights.tensors()) bytes[to_string(tensor.dtype)] += tensor.bytes.size();
    const auto most = std::max_element(bytes.begin(), bytes.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    return most == bytes.end() ? "" : most->first;
}

const char* format_name(WeightsFormat format) {
    switch (format) {
        case WeightsFormat::gguf:
            return "GGUF";
        case WeightsFormat::ctranslate2:
            return "CTranslate2";
        case WeightsFormat::whisper_ggml:
            return "whisper.cpp";
        case WeightsFormat::safetensors:
            return "safetensors";
    }
    return "";
}

// Why a model that was read is not run; the path goes, the field stays.
void refuse(ModelPlan& plan, const Error& error, const std::string& path) {
    plan.supported = false;
    std::string where = error.where;
    if (where.rfind(path, 0) == 0) where.erase(0, path.size());
    where.erase(0, where.find_first_not_of(": "));
    plan.reason = where.empty() ? error.what : where + ": " + error.what;
}

void plan_llm(ModelPlan& plan, const Weights& weights, int context) {
    const auto config = llm::read_llama_config(weights);
    if (!config) return refuse(plan, config.error(), weights.path());
    if (const auto tokenizer = llm::read_tokenizer(weights); !tokenizer)
        return refuse(plan, tokenizer.error(), weights.path());
    plan.supported = true;
    plan.parameters = config->parameters;
    plan.trained_context = config->trained_context;
    plan.context = std::min(context, config->trained_context);
    plan.cache_bytes = uint64_t{2} * static_cast<uint64_t>(config->layers) *
                       static_cast<uint64_t>(config->kv_heads) * static_cast<uint64_t>(config->head_dim) *
                       static_cast<uint64_t>(plan.context) * kCacheElementBytes;
}

void plan_whisper(ModelPlan& plan, const Weights& weights) {
    const auto dimensions = whisper::read_dimensions(weights);
    if (!dimensions) return refuse(plan, dimensions.error(), weights.path());
    plan.supported = true;
    plan.architecture = "whisper " + whisper::size_name(*dimensions);
    // Keys and values over what was heard, and over what was written.
    plan.cache_bytes = uint64_t{2} * static_cast<uint64_t>(dimensions->text_layers) *
                       static_cast<uint64_t>(dimensions->text_width) *
                       static_cast<uint64_t>(dimensions->audio_context + dimensions->text_context) *
                       kCacheElementBytes;
}

// Of "model-00002-of-00005.gguf" 5; 1 of others.
int part_count(const fs::path& path) {
    int parts = 1;
    RE2::PartialMatch(path.filename().string(), "-\\d{5}-of-(\\d{5})\\.gguf$", &parts);
    return parts;
}

// What can be said of a file that the runtime does not read.
ModelPlan unread(const fs::path& path, const Error& error) {
    ModelPlan plan;
    plan.role = path.extension() == ".gguf" || path.extension() == "" ? ModelRole::llm : ModelRole::stt;
    plan.format = plan.role == ModelRole::llm ? "GGUF" : "";
    plan.available = available_memory();
    std::error_code ignored;
    plan.weight_bytes = fs::file_size(path, ignored);
    refuse(plan, error, path.string());
    return plan;
}

}  // namespace

const char* to_string(ModelRole role) {
    return role == ModelRole::llm ? "llm" : "stt";
}

AvailableMemory available_memory() {
    AvailableMemory memory{meminfo_bytes("MemAvailable").value_or(0), "this machine"};
    const auto limit = number_in("/sys/fs/cgroup/memory.max");
    const auto used = number_in("/sys/fs/cgroup/memory.current");
    if (!limit || !used) return memory;
    const uint64_t left = *limit - std::min(*limit, *used);
    return left < memory.bytes ? AvailableMemory{left, "this container"} : memory;
}

Result<ModelPlan> plan_model(const fs::path& path, int context) {
    std::error_code ignored;
    const fs::path file = fs::is_directory(path, ignored) ? path / "model.bin" : path;
    const auto weights = Weights::open(file);
    if (!weights && weights.error().code == ErrorCode::unsupported) return unread(file, weights.error());
    if (!weights) return tl::unexpected(weights.error());

    ModelPlan plan;
    plan.format = format_name((*weights)->format());
    plan.quantization = most_common_type(**weights);
    plan.parameters = tensor_elements(**weights);
    plan.weight_bytes = tensor_bytes(**weights);
    plan.available = available_memory();
    switch ((*weights)->format()) {
        case WeightsFormat::gguf:
            plan.architecture = (*weights)->string("general.architecture").value_or("");
            if (const int parts = part_count(file); parts > 1) {
                plan.reason =
                    "is one of " + std::to_string(parts) + " parts; join them (llama-gguf-split --merge)";
            } else {
                plan_llm(plan, **weights, context);
            }
            break;
        case WeightsFormat::ctranslate2:
        case WeightsFormat::whisper_ggml:
            plan.role = ModelRole::stt;
            plan.architecture = (*weights)->string("spec").value_or("whisper");
            plan_whisper(plan, **weights);
            break;
        case WeightsFormat::safetensors:
            plan.reason = "safetensors of this kind are not run; get the model as a GGUF";
            break;
    }
    return plan;
}

}  // namespace coda::models
