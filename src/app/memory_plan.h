// What a language model would need of this machine's memory, from its file's header alone.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <filesystem>
#include <string>

namespace coda::app {

struct MemoryPlan {
    int64_t parameters = 0;
    int layers = 0, context = 0, trained_context = 0;
    uint64_t weight_bytes = 0;     // as they lie in memory
    uint64_t cache_bytes = 0;      // keys and values of one conversation at full length
    uint64_t available_bytes = 0;  // to this process now
    std::string available_from;    // "of this machine", "of this container"

    bool fits() const { return weight_bytes + cache_bytes <= available_bytes; }
};

// Fails where the file is no GGUF that this build runs. `context`: tokens; at most what the model was trained
// for.
Result<MemoryPlan> plan_llm(const std::filesystem::path& gguf, int context);

}  // namespace coda::app
