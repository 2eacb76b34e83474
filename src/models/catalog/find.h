// What is already here: models in the stores of other programs on this disk, and servers that answer on the
// usual local ports. Looks, and changes nothing. Thread safety: free functions from any thread.
#pragma once

#include "base/cancel.h"
#include "base/result.h"
#include "models/catalog/plan.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace coda::models {

struct ModelStore {
    enum class Layout {
        ollama,        // manifests/<host>/<namespace>/<model>/<tag> and blobs/sha256-<digest>
        hugging_face,  // models--<owner>--<name>/snapshots/<revision>/...
        folders,       // model files anywhere in it
    };
    std::string name;  // "Ollama"
    Layout layout = Layout::folders;
    std::filesystem::path path;
};

struct ModelServer {
    std::string name;  // "Ollama"; a guess by its port
    int port = 0;
};

// Where programs keep their models, by $HOME, OLLAMA_MODELS, HF_HUB_CACHE, HF_HOME, LLAMA_CACHE and
// XDG_CACHE_HOME.
std::vector<ModelStore> usual_stores();
// Ollama 11434, LM Studio 1234, llama-server 8080, vLLM 8000, text-generation-webui 5000, Jan 1337.
std::vector<ModelServer> usual_servers();

struct FindOptions {
    std::vector<ModelStore> stores = usual_stores();
    std::vector<ModelServer> servers = usual_servers();
    int server_timeout_ms = 1000;  // all are asked at the same time
    int context = 4096;            // tokens, for the memory need of language models
    // Of one store; what lies beyond is not looked at.
    int max_depth = 8;
    size_t max_entries = 50'000;
    Cancel cancel = {};
};

struct FoundModel {
    std::string source;          // the store's or server's name
    std::string name;            // as its program calls it: "llama3.2:3b", "owner/name/file.gguf"
    std::filesystem::path path;  // of a file or folder; empty for a server
    std::string url;             // of a server: "http://127.0.0.1:11434/v1"
    uint64_t bytes = 0;
    std::optional<ModelPlan> plan;  // of a file that is a model
    std::string problem;  // why it cannot be used: a broken file, a manifest whose file is gone, a key

    bool is_server() const { return !url.empty(); }
    bool usable() const { return problem.empty() && (is_server() || (plan && plan->supported)); }
};

// In the order of stores and servers, by name within each; a file that several stores name is given once.
// Stores that are not there and servers that do not answer are no error.
std::vector<FoundModel> find_models(const FindOptions& options);

}  // namespace coda::models
