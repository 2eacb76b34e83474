// A language model behind an OpenAI-compatible server (Ollama, vLLM, llama-server): /v1/chat/completions, streamed.
#pragma once

#include <memory>
#include <string>

#include "models/llm/chat_model.h"

namespace coda::models {

struct OpenAiOptions {
    std::string url;      // "http://localhost:11434/v1"; "/v1" is added when there is no path
    std::string model;    // empty: the only one the server lists, or an error that lists them
    std::string api_key;  // never logged
    int connect_timeout_ms = 2000;
    int idle_timeout_ms = 30000;  // longest wait between two pieces of the answer
    int context_length = 8192;
};

// Asks the server for its models once; fails with unavailable when it is down.
Result<std::shared_ptr<ChatModel>> open_openai_chat(const OpenAiOptions& options);

}  // namespace coda::models
