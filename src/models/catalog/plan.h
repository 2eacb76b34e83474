// Whether this build runs a model file, and what it would need of this machine's memory, from its header
// alone. Thread safety: free functions from any thread.
#pragma once

#include "base/memory.h"
#include "base/result.h"

#include <cstdint>
#include <filesystem>
#include <string>

namespace coda::models {

enum class ModelRole { llm, stt };
const char* to_string(ModelRole role);

struct ModelPlan {
    ModelRole role = ModelRole::llm;
    std::string format;        // "GGUF", "CTranslate2", "whisper.cpp"
    std::string architecture;  // "llama", "whisper"; empty where the file could not be read that far
    std::string
        quantization;  // of most of the weights: "q4_1"; empty where the file could not be read that far
    int64_t parameters = 0;

    bool supported = false;
    std::string reason;  // why it is not: what, and in which field

    int context = 0, trained_context = 0;  // tokens; of a language model
    uint64_t weight_bytes = 0;
    uint64_t cache_bytes = 0;       // keys and values of one conversation at full length
    uint64_t activation_bytes = 0;  // of a language model's largest step
    // What a language model reads of its weights for one token: all but an embedding table that is no output
    // head, and of a mixture of experts those that are asked.
    uint64_t bytes_per_token = 0;
    AvailableMemory available;

    uint64_t needed_bytes() const { return weight_bytes + cache_bytes + activation_bytes; }
    bool fits() const { return needed_bytes() <= available.bytes; }
};

// `path`: a GGUF (of one in parts any of them), a whisper.cpp file, or a folder with CTranslate2's Whisper. A
// model that this build does not run is a plan with `supported` false; an Error means that it is none at all,
// is not there, or is broken. `context`: tokens of one conversation; at most what the model was trained for.
Result<ModelPlan> plan_model(const std::filesystem::path& path, int context = 4096);

}  // namespace coda::models
