#include "models/catalog/find.h"

#include "base/file_map.h"
#include "models/llm/openai_chat.h"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

namespace coda::models {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr size_t kManifestBytes = 1 << 20;
constexpr const char* kOllamaModel = "application/vnd.ollama.image.model";

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value ? value : "";
}

// Every file and folder below a root, links followed, each folder once (links may lead in circles).
class Walk {
  public:
    explicit Walk(const FindOptions& options) : options_(options), entries_left_(options.max_entries) {}

    void visit(const fs::path& folder, const std::function<void(const fs::directory_entry&)>& on_entry,
               int depth = 0) {
        if (depth > options_.max_depth || !is_new(folder)) return;
        std::error_code error;
        std::vector<fs::path> folders;
        for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
            if (entries_left_ == 0 || options_.cancel.cancelled()) return;
            --entries_left_;
            on_entry(*it);
            std::error_code ignored;
            if (it->is_directory(ignored)) folders.push_back(it->path());
        }
        for (const fs::path& inner : folders) visit(inner, on_entry, depth + 1);
    }

  private:
    bool is_new(const fs::path& folder) {
        struct stat info {};
        return ::stat(folder.c_str(), &info) == 0 && seen_.insert({info.st_dev, info.st_ino}).second;
    }

    const FindOptions& options_;
    size_t entries_left_;
    std::set<std::pair<dev_t, ino_t>> seen_;
};

class Finder {
  public:
    explicit Finder(const FindOptions& options) : options_(options) {}

    void look_into(const ModelStore& store) {
        const size_t before = found.size();
        if (store.layout == ModelStore::Layout::ollama)
            look_into_ollama(store);
        else
            look_into_folders(store);
        std::sort(found.begin() + static_cast<std::ptrdiff_t>(before), found.end(),
                  [](const FoundModel& a, const FoundModel& b) { return a.name < b.name; });
    }

    std::vector<FoundModel> found;

  private:
    void look_into_folders(const ModelStore& store) {
        Walk(options_).visit(store.path, [&](const fs::directory_entry& entry) {
            if (!is_model(entry)) return;
            const bool is_folder = entry.path().filename() == "model.bin";
            const fs::path path = is_folder ? entry.path().parent_path() : entry.path();
            add(store, folder_name(store, path), path);
        });
    }

    // A GGUF but no projector of images or later part; whisper.cpp's "ggml-base.en.bin"; CTranslate2's
    // model.bin.
    static bool is_model(const fs::directory_entry& entry) {
        std::error_code ignored;
        const std::string name = entry.path().filename().string();
        if (!entry.is_regular_file(ignored)) return false;
        if (entry.path().extension() == ".gguf") {
            const size_t part = name.rfind("-of-");
            const bool later_part =
                part != std::string::npos && part >= 6 && name.compare(part - 6, 6, "-00001") != 0;
            return name.find("mmproj") == std::string::npos && !later_part;
        }
        if (name.rfind("ggml-", 0) == 0 && entry.path().extension() == ".bin") return true;
        return name == "model.bin" && fs::exists(entry.path().parent_path() / "config.json", ignored);
    }

    // "owner/name/file" of a Hugging Face snapshot, else the path within the store.
    static std::string folder_name(const ModelStore& store, const fs::path& path) {
        std::string name;
        bool after_snapshot = false;
        for (const fs::path& step : path.lexically_relative(store.path)) {
            std::string part = step.string();
            if (store.layout == ModelStore::Layout::hugging_face) {
                if (part == "snapshots") continue;
                const bool is_revision = !after_snapshot && !name.empty();
                if (is_revision) {
                    after_snapshot = true;
                    continue;
                }
                if (part.rfind("models--", 0) == 0) part.erase(0, 8);
                if (const size_t dashes = part.find("--"); name.empty() && dashes != std::string::npos)
                    part.replace(dashes, 2, "/");
            }
            name += (name.empty() ? "" : "/") + part;
        }
        return name;
    }

    void look_into_ollama(const ModelStore& store) {
        const fs::path manifests = store.path / "manifests";
        Walk(options_).visit(manifests, [&](const fs::directory_entry& entry) {
            std::error_code ignored;
            if (entry.is_regular_file(ignored))
                add_manifest(store, entry.path(), ollama_name(manifests, entry.path()));
        });
    }

    // manifests/registry.ollama.ai/library/llama3.2/3b is "llama3.2:3b".
    static std::string ollama_name(const fs::path& manifests, const fs::path& manifest) {
        std::vector<std::string> steps;
        for (const fs::path& step : manifest.lexically_relative(manifests)) steps.push_back(step.string());
        std::string name;
        for (size_t i = 0; i + 1 < steps.size(); ++i) {
            const bool implied =
                (i == 0 && steps[i] == "registry.ollama.ai") || (i == 1 && steps[i] == "library");
            if (!implied) name += (name.empty() ? "" : "/") + steps[i];
        }
        return name + ":" + steps.back();
    }

    void add_manifest(const ModelStore& store, const fs::path& path, const std::string& name) {
        const auto text = read_file(path, kManifestBytes);
        if (!text) return add_problem(store, name, text.error().what);
        const Json manifest = Json::parse(*text, nullptr, false);
        const auto blob = ollama_blob(store, manifest);
        if (!blob) return add_problem(store, name, blob.error().what);
        add(store, name, *blob);
    }

    static Result<fs::path> ollama_blob(const ModelStore& store, const Json& manifest) {
        const auto broken = [](const char* what) { return fail(ErrorCode::bad_format, what); };
        if (!manifest.is_object() || !manifest.contains("layers") || !manifest["layers"].is_array())
            return broken("its manifest is broken");
        for (const Json& layer : manifest["layers"]) {
            if (!layer.is_object() || layer.value("mediaType", Json()) != kOllamaModel) continue;
            const Json digest = layer.value("digest", Json());
            // Only what a digest looks like may become part of a path.
            if (!digest.is_string() || !is_digest(digest.get<std::string>()))
                return broken("its manifest is broken");
            const fs::path blob = store.path / "blobs" / ("sha256-" + digest.get<std::string>().substr(7));
            std::error_code ignored;
            return fs::is_regular_file(blob, ignored) ? Result<fs::path>(blob) : broken("its file is gone");
        }
        return broken("its manifest names no model");
    }

    static bool is_digest(const std::string& text) {
        return text.size() == 7 + 64 && text.rfind("sha256:", 0) == 0 &&
               text.find_first_not_of("0123456789abcdef", 7) == std::string::npos;
    }

    void add(const ModelStore& store, const std::string& name, const fs::path& path) {
        std::error_code error;
        const fs::path real = fs::canonical(path, error);
        if (!error && !seen_.insert(real).second) return;
        FoundModel model{store.name, name, path, "", size_of(path), {}, ""};
        auto plan = plan_model(path, options_.context);
        if (plan)
            model.plan = std::move(*plan);
        else
            model.problem = plan.error().what;
        found.push_back(std::move(model));
    }

    void add_problem(const ModelStore& store, const std::string& name, const std::string& problem) {
        found.push_back({store.name, name, {}, "", 0, {}, problem});
    }

    static uint64_t size_of(const fs::path& path) {
        std::error_code ignored;
        const fs::path file = fs::is_directory(path, ignored) ? path / "model.bin" : path;
        std::error_code error;
        const uintmax_t size = fs::file_size(file, error);
        return error ? 0 : size;
    }

    const FindOptions& options_;
    std::set<fs::path> seen_;
};

std::vector<FoundModel> ask_server(const ModelServer& server, const FindOptions& options) {
    OpenAiOptions client;
    client.url = fmt::format("http://127.0.0.1:{}/v1", server.port);
    client.connect_timeout_ms = client.idle_timeout_ms = client.list_timeout_ms = options.server_timeout_ms;
    const auto names = list_openai_models(client, options.cancel);
    if (!names && names.error().code == ErrorCode::invalid_argument)
        return {{server.name, "", {}, client.url, 0, {}, "wants an API key"}};
    std::vector<FoundModel> models;
    if (!names) return models;  // nothing there, or another kind of server
    for (const std::string& name : *names) models.push_back({server.name, name, {}, client.url, 0, {}, ""});
    std::sort(models.begin(), models.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return models;
}

}  // namespace

std::vector<ModelStore> usual_stores() {
    using Layout = ModelStore::Layout;
    const fs::path home = variable("HOME").empty() ? fs::path("/") : fs::path(variable("HOME"));
    const fs::path cache =
        variable("XDG_CACHE_HOME").empty() ? home / ".cache" : fs::path(variable("XDG_CACHE_HOME"));
    std::vector<ModelStore> stores;
    const auto add = [&](const char* name, Layout layout, const fs::path& path) {
        if (!path.empty()) stores.push_back({name, layout, path});
    };
    add("Ollama", Layout::ollama, variable("OLLAMA_MODELS"));
    add("Ollama", Layout::ollama, home / ".ollama/models");
    add("Ollama", Layout::ollama, "/usr/share/ollama/.ollama/models");
    add("LM Studio", Layout::folders, home / ".lmstudio/models");
    add("LM Studio", Layout::folders, cache / "lm-studio/models");
    add("Hugging Face", Layout::hugging_face, variable("HF_HUB_CACHE"));
    if (!variable("HF_HOME").empty())
        add("Hugging Face", Layout::hugging_face, fs::path(variable("HF_HOME")) / "hub");
    add("Hugging Face", Layout::hugging_face, cache / "huggingface/hub");
    add("llama.cpp", Layout::folders, variable("LLAMA_CACHE"));
    add("llama.cpp", Layout::folders, cache / "llama.cpp");
    return stores;
}

std::vector<ModelServer> usual_servers() {
    return {{"Ollama", 11434},
            {"LM Studio", 1234},
            {"llama-server", 8080},
            {"vLLM", 8000},
            {"text-generation-webui", 5000},
            {"Jan", 1337}};
}

std::vector<FoundModel> find_models(const FindOptions& options) {
    std::vector<std::vector<FoundModel>> served(options.servers.size());
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < options.servers.size(); ++i)
        threads.emplace_back([&, i] { served[i] = ask_server(options.servers[i], options); });
    Finder finder(options);
    for (const ModelStore& store : options.stores) finder.look_into(store);
    threads.clear();  // joins
    for (std::vector<FoundModel>& models : served)
        for (FoundModel& model : models) finder.found.push_back(std::move(model));
    return std::move(finder.found);
}

}  // namespace coda::models
