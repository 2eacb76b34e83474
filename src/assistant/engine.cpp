#include "assistant/engine.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/paths.h"
#include "models/llm/llm.h"
#include "models/llm/openai_chat.h"

#include <fstream>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace coda::assistant {
namespace {

constexpr std::string_view kOpenAi = "openai:";
constexpr int kSmartTurnThreads = 2;

std::string cpu_name() {
    std::ifstream info("/proc/cpuinfo");
    for (std::string line; std::getline(info, line);) {
        if (!line.starts_with("model name")) continue;
        const size_t colon = line.find(": ");
        if (colon != std::string::npos) return line.substr(colon + 2);
    }
    return "CPU";
}

std::filesystem::path or_packaged(const std::filesystem::path& given, const char* id,
                                  const char* file = nullptr) {
    if (!given.empty()) return given;
    return file ? paths::model_dir(id) / file : paths::model_dir(id);
}

Result<std::shared_ptr<models::ChatModel>> open_chat_model(const EngineConfig& config,
                                                           runtime::Backend& backend) {
    if (config.llm.source.starts_with(kOpenAi)) {
        models::OpenAiOptions options;
        options.url = config.llm.source.substr(kOpenAi.size());
        options.model = config.llm.model;
        options.api_key = config.llm.api_key;
        return models::open_openai_chat(options);
    }
    const auto file =
        or_packaged(config.llm.source, "smollm2-135m-instruct", "SmolLM2-135M-Instruct.Q4_1.gguf");
    models::LlmOptions options;
    options.context_length = config.llm.context;
    options.mmap = config.llm.mmap;
    options.activations = config.llm.activation_bits();
    return models::open_llm(file, backend, options);
}

// Keeps what `opened` holds: the part, or why it is not there.
template <class T>
void keep(Result<std::shared_ptr<T>> opened, std::shared_ptr<T>& part, Error& error) {
    if (opened) {
        part = std::move(*opened);
        return;
    }
    error = std::move(opened.error());
    log::debug("{}", error.message());
}

}  // namespace

Engine::~Engine() = default;

DeviceInfo Engine::device() const {
    runtime::DeviceStatus::Info info = chosen.status->info();
    if (info.kind == "cpu") info.name = fmt::format("{} ({})", cpu_name(), info.name);
    return {std::move(info.kind), std::move(info.name), std::move(info.reason)};
}

Result<std::unique_ptr<Engine>> Engine::load(const EngineConfig& config) {
    const Stopwatch watch;
    auto engine = std::make_unique<Engine>();
    runtime::CpuOptions cpu;
    cpu.threads = config.runtime.threads;
    CODA_TRY(engine->chosen, runtime::choose_device(config.runtime.gpu, cpu));
    runtime::Backend& backend = *engine->chosen.backend;

    std::vector<std::jthread> loaders;
    if (config.load_llm && !config.llm.off())
        loaders.emplace_back([&] { keep(open_chat_model(config, backend), engine->llm, engine->llm_error); });
    if (config.load_stt)
        loaders.emplace_back([&] {
            keep(models::Whisper::open(or_packaged(config.stt.model, "whisper-tiny.en"), backend),
                 engine->stt, engine->stt_error);
        });
    if (config.load_tts)
        loaders.emplace_back([&] {
            keep(models::Hibari::open(or_packaged(config.tts.model, "hibari")), engine->tts,
                 engine->tts_error);
        });
    if (config.load_vad)
        loaders.emplace_back([&] {
            keep(models::Silero::open(or_packaged({}, "silero-vad", "silero_vad.onnx")), engine->vad,
                 engine->vad_error);
            keep(models::SmartTurn::open(or_packaged({}, "smart-turn", "smart-turn-v3.2-cpu.onnx"),
                                         kSmartTurnThreads),
                 engine->turn, engine->turn_error);
        });
    if (config.load_embeddings)
        loaders.emplace_back([&] {
            keep(models::MiniLm::open(paths::model_dir("minilm-l6-v2"), backend), engine->embeddings,
                 engine->embeddings_error);
        });
    loaders.clear();  // joins
    engine->load_ms = watch.elapsed_ms();
    return engine;
}

}  // namespace coda::assistant
