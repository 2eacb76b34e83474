// Folders made to look like each program's store, and a server on a port of our own.
#include "base/file_map.h"
#include "base/paths.h"
#include "models/catalog/find.h"

#include <chrono>
#include <cstdlib>
#include <functional>
#include <thread>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace coda::models {
namespace {

namespace fs = std::filesystem;
using Layout = ModelStore::Layout;

fs::path packaged_llm() {
    return paths::model_dir("smollm2-135m-instruct") / "SmolLM2-135M-Instruct.Q4_1.gguf";
}

std::string number(uint64_t value, int bytes) {
    std::string text;
    for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i));
    return text;
}
std::string counted(const std::string& text) {
    return number(text.size(), 8) + text;
}

// A GGUF of one string of metadata, and one tensor of 32 elements of `type` where that is not negative.
std::string small_gguf(const std::string& architecture, int type = -1) {
    std::string gguf = "GGUF" + number(3, 4) + number(type >= 0, 8) + number(1, 8) +
                       counted("general.architecture") + number(8, 4) + counted(architecture);
    if (type >= 0)
        gguf += counted("t") + number(1, 4) + number(32, 8) + number(static_cast<uint64_t>(type), 4) +
                number(0, 8);
    gguf.resize((gguf.size() + 31) / 32 * 32 + 4096);
    return gguf;
}

class Catalog : public testing::Test {
  protected:
    void SetUp() override {
        folder_ = fs::temp_directory_path() / ("coda-catalog-" + std::to_string(getpid()));
        fs::remove_all(folder_);
        fs::create_directories(folder_);
        ASSERT_TRUE(fs::exists(packaged_llm())) << "script/fetch-models fetches it";
    }
    void TearDown() override { fs::remove_all(folder_); }

    void write(const fs::path& path, const std::string& text) const {
        fs::create_directories((folder_ / path).parent_path());
        ASSERT_TRUE(write_file_atomic(folder_ / path, text));
    }
    void link(const fs::path& target, const fs::path& path) const {
        fs::create_directories((folder_ / path).parent_path());
        fs::create_symlink(target, folder_ / path);
    }
    std::vector<FoundModel> find(Layout layout, const fs::path& path = "") const {
        FindOptions options;
        options.stores = {{"Store", layout, folder_ / path}};
        options.servers.clear();
        return find_models(options);
    }
    static const FoundModel* named(const std::vector<FoundModel>& models, const std::string& name) {
        for (const FoundModel& model : models)
            if (model.name == name) return &model;
        return nullptr;
    }

    fs::path folder_;
};

TEST_F(Catalog, PlansThePackagedModels) {
    const auto llm = plan_model(packaged_llm(), 2048);
    ASSERT_TRUE(llm) << llm.error().message();
    EXPECT_TRUE(llm->supported) << llm->reason;
    EXPECT_EQ(llm->role, ModelRole::llm);
    EXPECT_EQ(llm->format, "GGUF");
    EXPECT_EQ(llm->architecture, "llama");
    EXPECT_EQ(llm->quantization, "q4_1");
    EXPECT_NEAR(static_cast<double>(llm->parameters), 135e6, 1e6);
    EXPECT_EQ(llm->context, 2048);
    EXPECT_EQ(llm->cache_bytes, 2u * 30 * 3 * 64 * 2048 * 2) << "30 layers, 3 heads of 64, keys and values";
    EXPECT_GT(llm->activation_bytes, 0u);
    EXPECT_EQ(llm->bytes_per_token, llm->weight_bytes) << "its embedding table is its head";
    EXPECT_GT(llm->available.bytes, 0u);
    EXPECT_TRUE(llm->fits());
    EXPECT_EQ(plan_model(packaged_llm(), 1 << 30)->context, llm->trained_context);

    const auto stt = plan_model(paths::model_dir("whisper-tiny.en"));
    ASSERT_TRUE(stt) << stt.error().message();
    EXPECT_TRUE(stt->supported) << stt->reason;
    EXPECT_EQ(stt->role, ModelRole::stt);
    EXPECT_EQ(stt->format, "CTranslate2");
    EXPECT_EQ(stt->quantization, "f16");
    EXPECT_EQ(stt->architecture.rfind("whisper tiny", 0), 0u) << stt->architecture;
}

TEST_F(Catalog, SaysWhyAModelIsNotRun) {
    write("mamba.gguf", small_gguf("mamba"));
    const auto architecture = plan_model(folder_ / "mamba.gguf");
    ASSERT_TRUE(architecture) << architecture.error().message();
    EXPECT_FALSE(architecture->supported);
    EXPECT_EQ(architecture->architecture, "mamba");
    EXPECT_NE(architecture->reason.find("mamba"), std::string::npos) << architecture->reason;

    constexpr int kIq1S = 19;
    write("iq.gguf", small_gguf("llama", kIq1S));
    const auto type = plan_model(folder_ / "iq.gguf");
    ASSERT_TRUE(type) << type.error().message();
    EXPECT_FALSE(type->supported);
    EXPECT_NE(type->reason, "");
    EXPECT_EQ(type->reason.find(folder_.string()), std::string::npos) << type->reason;

    // A name alone makes no part.
    link(packaged_llm(), "part-00001-of-00003.gguf");
    const auto part = plan_model(folder_ / "part-00001-of-00003.gguf");
    ASSERT_TRUE(part);
    EXPECT_TRUE(part->supported) << part->reason;
}

TEST_F(Catalog, WhatIsNoModelIsAnError) {
    EXPECT_EQ(plan_model(folder_ / "missing.gguf").error().code, ErrorCode::not_found);
    EXPECT_FALSE(plan_model(folder_));
    write("text.gguf", "hello");
    EXPECT_FALSE(plan_model(folder_ / "text.gguf"));
    write("cut.gguf", small_gguf("llama").substr(0, 30));
    EXPECT_FALSE(plan_model(folder_ / "cut.gguf"));
}

TEST_F(Catalog, ReadsOllamasStore) {
    const std::string digest(64, 'a'), gone(64, 'b');
    const auto manifest = [](const std::string& hex) {
        return R"({"layers":[{"mediaType":"application/vnd.ollama.image.license","digest":"sha256:00"},)"
               R"({"mediaType":"application/vnd.ollama.image.model","digest":"sha256:)" +
               hex + R"("}]})";
    };
    link(packaged_llm(), "blobs/sha256-" + digest);
    write("manifests/registry.ollama.ai/library/smollm2/135m", manifest(digest));
    write("manifests/registry.ollama.ai/someone/theirs/latest", manifest(gone));
    write("manifests/hf.co/x/y/z", manifest("../../../../etc/passwd"));
    write("manifests/registry.ollama.ai/library/broken/cut", manifest(digest).substr(0, 150));
    write("manifests/registry.ollama.ai/library/broken/odd", R"({"layers":[1,{"mediaType":7},[]]})");
    write("manifests/registry.ollama.ai/library/broken/list", "[]");

    const auto models = find(Layout::ollama);
    EXPECT_EQ(models.size(), 6u);
    const FoundModel* good = named(models, "smollm2:135m");
    ASSERT_TRUE(good);
    EXPECT_TRUE(good->usable()) << good->problem;
    EXPECT_EQ(good->path, folder_ / ("blobs/sha256-" + digest));
    EXPECT_EQ(good->bytes, fs::file_size(packaged_llm()));
    for (const auto& [name, problem] : std::initializer_list<std::pair<const char*, const char*>>{
             {"someone/theirs:latest", "its file is gone"},
             {"hf.co/x/y:z", "its manifest is broken"},
             {"broken:cut", "its manifest is broken"},
             {"broken:odd", "its manifest names no model"},
             {"broken:list", "its manifest is broken"}}) {
        const FoundModel* model = named(models, name);
        ASSERT_TRUE(model) << name;
        EXPECT_EQ(model->problem, problem) << name;
        EXPECT_FALSE(model->usable());
    }
}

TEST_F(Catalog, AManifestCutAtEveryByteIsNoCrash) {
    const std::string whole =
        R"({"layers":[{"mediaType":"application/vnd.ollama.image.model","digest":"sha256:)" +
        std::string(64, 'a') + R"("}]})";
    for (size_t size = 0; size <= whole.size(); size += 3) {
        write("manifests/r/l/m/t", whole.substr(0, size));
        const auto models = find(Layout::ollama);
        ASSERT_EQ(models.size(), 1u);
        EXPECT_FALSE(models.front().usable());
    }
}

TEST_F(Catalog, ReadsTheHuggingFaceCache) {
    link(packaged_llm(), "models--owner--small-model/blobs/1234");
    link("../../blobs/1234", "models--owner--small-model/snapshots/abcdef/small.Q4_1.gguf");
    link("../../blobs/1234", "models--owner--small-model/snapshots/older/small.Q4_1.gguf");
    write("models--owner--small-model/refs/main", "abcdef");
    const fs::path whisper = paths::model_dir("whisper-tiny.en");
    for (const auto& entry : fs::directory_iterator(whisper))
        link(entry.path(),
             "models--Systran--faster-whisper-tiny.en/snapshots/0d3d19/" / entry.path().filename());
    write("models--bert/snapshots/1/pytorch_model.bin", "no model of ours");
    const auto models = find(Layout::hugging_face);
    ASSERT_EQ(models.size(), 2u) << "the older snapshot is the same file";
    const FoundModel* llm = named(models, "owner/small-model/small.Q4_1.gguf");
    ASSERT_TRUE(llm) << models[0].name << ", " << models[1].name;
    EXPECT_TRUE(llm->usable()) << llm->problem;
    const FoundModel* stt = named(models, "Systran/faster-whisper-tiny.en");
    ASSERT_TRUE(stt) << models[0].name << ", " << models[1].name;
    EXPECT_TRUE(stt->usable()) << stt->problem;
    EXPECT_EQ(stt->plan->role, ModelRole::stt);
}

TEST_F(Catalog, ReadsFoldersOfFiles) {
    link(packaged_llm(), "owner/name/model.gguf");
    write("owner/name/mmproj-model.gguf", small_gguf("clip"));
    write("owner/name/big-00002-of-00002.gguf", small_gguf("llama"));
    write("owner/name/README.md", "# no model");
    write("other.gguf", "no GGUF at all");
    write("empty.gguf", "");
    write("mamba.gguf", small_gguf("mamba"));
    const auto models = find(Layout::folders);
    ASSERT_EQ(models.size(), 4u);
    EXPECT_TRUE(named(models, "owner/name/model.gguf")->usable());
    EXPECT_FALSE(named(models, "other.gguf")->usable());
    EXPECT_NE(named(models, "other.gguf")->problem, "");
    EXPECT_FALSE(named(models, "empty.gguf")->usable());
    EXPECT_FALSE(named(models, "mamba.gguf")->usable());
    EXPECT_EQ(named(models, "mamba.gguf")->problem, "");
    EXPECT_FALSE(named(models, "mamba.gguf")->plan->supported);
}

TEST_F(Catalog, SurvivesLoopsDepthAndNumbers) {
    link(packaged_llm(), "a/model.gguf");
    link(folder_, "a/up");
    link("self", "a/self");
    link("/nonexistent", "a/dangling.gguf");
    ASSERT_EQ(mkfifo((folder_ / "a/pipe.gguf").c_str(), 0600), 0);
    fs::path deep = "d";
    for (int i = 0; i < 20; ++i) deep /= "d";
    write(deep / "deep.gguf", small_gguf("llama"));
    const auto models = find(Layout::folders);
    ASSERT_EQ(models.size(), 1u) << "what is deeper than the bound is not looked at";
    EXPECT_EQ(models.front().name, "a/model.gguf");

    for (int i = 0; i < 50; ++i) write("many/" + std::to_string(i) + ".gguf", "x");
    FindOptions options;
    options.stores = {{"Store", Layout::folders, folder_ / "many"}};
    options.servers.clear();
    options.max_entries = 10;
    EXPECT_EQ(find_models(options).size(), 10u);
    options.cancel.cancel();
    EXPECT_TRUE(find_models(options).empty());
}

TEST_F(Catalog, StoresThatAreNotThereAreNoError) {
    for (const Layout layout : {Layout::ollama, Layout::hugging_face, Layout::folders})
        EXPECT_TRUE(find(layout, "nowhere").empty());
    write("file", "x");
    EXPECT_TRUE(find(Layout::folders, "file").empty());
}

TEST_F(Catalog, UsualPlacesFollowTheEnvironment) {
    const auto old_home = std::string(std::getenv("HOME") ? std::getenv("HOME") : "");
    const auto has = [](const fs::path& path) {
        for (const ModelStore& store : usual_stores())
            if (store.path == path) return true;
        return false;
    };
    setenv("HOME", "/h", 1);
    setenv("HF_HOME", "/hf", 1);
    setenv("LLAMA_CACHE", "/llama", 1);
    setenv("OLLAMA_MODELS", "/ollama", 1);
    for (const char* path : {"/h/.ollama/models", "/ollama", "/usr/share/ollama/.ollama/models",
                             "/h/.lmstudio/models", "/hf/hub", "/llama"})
        EXPECT_TRUE(has(path)) << path;
    for (const char* name : {"HF_HOME", "LLAMA_CACHE", "OLLAMA_MODELS"}) unsetenv(name);
    EXPECT_FALSE(has("/hf/hub"));
    setenv("HOME", old_home.c_str(), 1);
}

// The server of the OpenAI client's tests, whose models stand under "/<mode>/v1"; "/v1" itself has the usual
// one.
class Server {
  public:
    Server()
        : pipe_(popen("exec python3 " CODA_SOURCE_DIR "/tests/support/openai_server.py --requests 1", "r")) {
        char line[32] = "";
        if (pipe_ && fgets(line, sizeof line, pipe_)) port = std::atoi(line);
    }
    ~Server() {
        if (pipe_) pclose(pipe_);
    }
    int port = 0;

  private:
    FILE* pipe_;
};

TEST_F(Catalog, AsksServersAllAtOnce) {
    FindOptions options;
    options.stores.clear();
    const Server server;
    ASSERT_NE(server.port, 0);
    options.servers = {{"Nobody", 1}, {"Somebody", server.port}, {"Nobody", 2}};
    const auto models = find_models(options);
    ASSERT_EQ(models.size(), 1u);
    EXPECT_EQ(models.front().source, "Somebody");
    EXPECT_EQ(models.front().name, "m");
    EXPECT_EQ(models.front().url, "http://127.0.0.1:" + std::to_string(server.port) + "/v1");
    EXPECT_TRUE(models.front().usable());
}

}  // namespace
}  // namespace coda::models
