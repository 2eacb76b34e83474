// A language model from a GGUF file, on Coda's own runtime.
#pragma once

#include "base/memory.h"
#include "models/llm/chat_model.h"
#include "models/llm/settings.h"
#include "runtime/backend.h"

#include <filesystem>
#include <memory>
#include <string>

namespace coda::models {

struct LlmOptions {
    int context_length = 4096;  // tokens; at most what the model was trained for
    bool mmap = true;           // map the file; false: read it into memory
    AvailableMemory available = available_memory();
    ActivationBits activations = ActivationBits::checked;
    std::string chat_template = {};  // Jinja, in place of the file\'s own; empty: the file\'s
};

// Fails with unsupported (naming the architecture or the quantization and what is supported), bad_format
// (naming the field), not_found, and exhausted where it needs more memory than is available, with the
// figures.
Result<std::shared_ptr<ChatModel>> open_llm(const std::filesystem::path& gguf, runtime::Backend& backend,
                                            const LlmOptions& options);

}  // namespace coda::models
