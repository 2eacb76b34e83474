#include "app/memory_plan.h"

#include "models/llm/llama_program.h"
#include "runtime/weights.h"

#include <algorithm>
#include <fstream>
#include <optional>

namespace coda::app {
namespace {

constexpr uint64_t kBytesPerCacheElement = 4;  // the runtime keeps keys and values in F32

// A line "Name:   123 kB" of /proc/meminfo.
std::optional<uint64_t> meminfo_bytes(const std::string& name) {
    std::ifstream file("/proc/meminfo");
    for (std::string key; file >> key;) {
        uint64_t kilobytes = 0;
        file >> kilobytes;
        file.ignore(256, '\n');
        if (key == name + ":") return kilobytes * 1024;
    }
    return std::nullopt;
}

std::optional<uint64_t> number_in(const char* path) {
    std::ifstream file(path);
    uint64_t value = 0;
    if (file >> value) return value;
    return std::nullopt;  // "max", or there is no cgroup v2
}

void measure_available(MemoryPlan& plan) {
    plan.available_bytes = meminfo_bytes("MemAvailable").value_or(0);
    plan.available_from = "of this machine";
    const auto limit = number_in("/sys/fs/cgroup/memory.max");
    const auto used = number_in("/sys/fs/cgroup/memory.current");
    if (!limit || !used) return;
    const uint64_t left = *limit - std::min(*limit, *used);
    if (left >= plan.available_bytes) return;
    plan.available_bytes = left;
    plan.available_from = "of this container";
}

}  // namespace

Result<MemoryPlan> plan_llm(const std::filesystem::path& gguf, int context) {
    CODA_TRY(const auto weights, runtime::Weights::open(gguf));
    if (weights->format() != runtime::WeightsFormat::gguf) {
        return fail(ErrorCode::unsupported, std::string("is ") + to_string(weights->format()) + ", not GGUF",
                    gguf.string(), "give a language model's GGUF");
    }
    CODA_TRY(const models::llm::LlamaConfig config, models::llm::read_llama_config(*weights));
    MemoryPlan plan;
    plan.parameters = config.parameters;
    plan.layers = config.layers;
    plan.trained_context = config.trained_context;
    plan.context = std::min(context, config.trained_context);
    for (const runtime::TensorView& tensor : weights->tensors()) plan.weight_bytes += tensor.bytes.size();
    plan.cache_bytes = uint64_t{2} * static_cast<uint64_t>(config.layers) *
                       static_cast<uint64_t>(config.kv_heads) * static_cast<uint64_t>(config.head_dim) *
                       static_cast<uint64_t>(plan.context) * kBytesPerCacheElement;
    measure_available(plan);
    return plan;
}

}  // namespace coda::app
