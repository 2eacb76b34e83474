#include "models/llm/memory_check.h"

#include "runtime/backend.h"

#include <fmt/format.h>

namespace coda::models::llm {
namespace {

double gigabytes(uint64_t bytes) {
    return static_cast<double>(bytes) / 1e9;
}

}  // namespace

MemoryNeed memory_need(const runtime::Weights& weights, const runtime::Program& program,
                       runtime::Weights::Access access) {
    MemoryNeed need;
    for (const runtime::TensorView& tensor : weights.tensors()) need.weights += tensor.bytes.size();
    if (access == runtime::Weights::Access::read) need.file = need.weights;
    const runtime::StateMemory state = runtime::cpu_state_memory(program);
    need.caches = state.caches;
    need.activations = state.activations;
    return need;
}

Status check_memory(const MemoryNeed& need, const AvailableMemory& available, const std::string& path) {
    if (need.total() <= available.bytes) return {};
    const std::string copy = need.file > 0 ? fmt::format(", its file {:.1f}", gigabytes(need.file)) : "";
    return fail(
        ErrorCode::exhausted,
        fmt::format(
            "needs {:.1f} GB of memory (weights {:.1f}{}, keys and values {:.1f}, activations {:.1f}), "
            "and {} has {:.1f} GB free",
            gigabytes(need.total()), gigabytes(need.weights), copy, gigabytes(need.caches),
            gigabytes(need.activations), available.of, gigabytes(available.bytes)),
        path, "take a smaller model or quantization, a smaller llm.context, or close other programs");
}

}  // namespace coda::models::llm
