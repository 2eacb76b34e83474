#include "models/catalog/plan.h"

#include "models/llm/decoder_program.h"
#include "models/llm/memory_check.h"
#include "models/llm/vocabulary.h"
#include "models/whisper/network.h"
#include "runtime/weights.h"

#include <algorithm>
#include <map>

namespace coda::models {
namespace {

namespace fs = std::filesystem;
using runtime::Weights;
using runtime::WeightsFormat;

constexpr uint64_t kCacheElementBytes = 2;  // the CPU backend keeps keys and values in F16

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

uint64_t bytes_per_token(const Weights& weights) {
    const std::string architecture(weights.string("general.architecture").value_or(""));
    const int64_t experts = weights.integer(architecture + ".expert_count").value_or(0);
    const int64_t asked = weights.integer(architecture + ".expert_used_count").value_or(experts);
    const bool own_head = weights.find("output.weight") != nullptr;
    uint64_t sum = 0;
    for (const auto& tensor : weights.tensors()) {
        if (tensor.name == "token_embd.weight" && own_head) continue;
        const bool expert = experts > 0 && tensor.name.find("_exps.") != std::string::npos;
        sum += expert ? tensor.bytes.size() / static_cast<uint64_t>(experts) * static_cast<uint64_t>(asked)
                      : tensor.bytes.size();
    }
    return sum;
}

void plan_llm(ModelPlan& plan, const std::shared_ptr<const Weights>& file, int context) {
    const Weights& weights = *file;
    const auto config = llm::read_decoder_config(weights);
    if (!config) return refuse(plan, config.error(), weights.path());
    if (const auto tokenizer = llm::read_tokenizer(weights); !tokenizer)
        return refuse(plan, tokenizer.error(), weights.path());
    plan.parameters = config->parameters;
    plan.trained_context = config->trained_context;
    plan.context = std::min(context, config->trained_context);
    const auto program = llm::record_decoder(file, *config, plan.context);
    if (!program) return refuse(plan, program.error(), weights.path());
    plan.supported = true;
    const auto need = llm::memory_need(weights, *program->program, Weights::Access::map);
    plan.cache_bytes = need.caches;
    plan.activation_bytes = need.activations;
    plan.bytes_per_token = bytes_per_token(weights);
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
            plan_llm(plan, *weights, context);
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
