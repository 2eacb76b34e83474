// Whether a language model fits before anything is packed. Thread safety: pure functions.
#pragma once

#include "base/memory.h"
#include "base/result.h"
#include "runtime/program.h"
#include "runtime/weights.h"

namespace coda::models::llm {

struct MemoryNeed {
    uint64_t weights = 0;      // as they are packed
    uint64_t file = 0;         // its copy, where it is read instead of mapped
    uint64_t caches = 0;       // keys and values of one conversation at full length
    uint64_t activations = 0;  // of the largest step
    uint64_t total() const { return weights + file + caches + activations; }
};
MemoryNeed memory_need(const runtime::Weights& weights, const runtime::Program& program,
                       runtime::Weights::Access access);

// Fails with exhausted and the figures.
Status check_memory(const MemoryNeed& need, const AvailableMemory& available, const std::string& path);

}  // namespace coda::models::llm
