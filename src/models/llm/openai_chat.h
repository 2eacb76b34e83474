// A language model behind an OpenAI-compatible server (Ollama, vLLM, llama-server): /v1/chat/completions,
// streamed.
#pragma once

#include "models/llm/chat_model.h"

#include <memory>
#include <string>
#include <vector>

namespace coda::models {

struct OpenAiOptions {
    std::string url;      // "http://localhost:11434/v1"; "/v1" is added when there is no path
    std::string model;    // empty: the only one the server lists, or an error that lists them
    std::string api_key;  // never logged, nor part of an error
    int connect_timeout_ms = 2000;
    int idle_timeout_ms = 30000;  // longest wait between two pieces of the answer
    int list_timeout_ms = 5000;   // for the server's list of models
    int context_length = 8192;
};

// Asks the server for its models once; fails with unavailable when it is down. Sampling's top_k, min_p and
// repetition_penalty are not part of the protocol and stay with the server. GenerateStats::generated_tokens
// counts pieces where the server sends no usage; prompt_tokens is then 0.
Result<std::shared_ptr<ChatModel>> open_openai_chat(const OpenAiOptions& options);

// The ids of the models that a server offers.
Result<std::vector<std::string>> list_openai_models(const OpenAiOptions& options, const Cancel& cancel);

}  // namespace coda::models
