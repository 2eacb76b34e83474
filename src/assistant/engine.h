// The loaded models, shared by all sessions. Loading is parallel; a part that fails to load is reported and
// the others work on (no STT: typed turns still work; no TTS: replies are text). Thread safety: immutable
// after load.
#pragma once

#include "base/metrics.h"
#include "base/result.h"
#include "models/hibari/hibari.h"
#include "models/hibari/settings.h"
#include "models/llm/chat_model.h"
#include "models/llm/settings.h"
#include "models/minilm/minilm.h"
#include "models/silero/silero.h"
#include "models/smart_turn/smart_turn.h"
#include "models/whisper/settings.h"
#include "models/whisper/whisper.h"
#include "runtime/device.h"
#include "runtime/settings.h"

#include <memory>
#include <string>

namespace coda::assistant {

struct EngineConfig {
    models::LlmSettings llm;
    models::WhisperSettings stt;
    models::HibariSettings tts;
    runtime::RuntimeSettings runtime;
    bool load_llm = true, load_stt = true, load_tts = true, load_vad = true,
         load_embeddings = false;  // subcommands load what they use
};

struct DeviceInfo {
    std::string kind;    // "cpu" or "gpu"
    std::string name;    // "AMD EPYC 9354 (CPU, AVX-512 BF16, 2 threads)"
    std::string reason;  // why this device: "no NVIDIA driver"
};

class Engine {
  public:
    static Result<std::unique_ptr<Engine>> load(const EngineConfig& config);
    ~Engine();

    // Null where it was not asked for or failed to load; *_error then says why.
    std::shared_ptr<models::ChatModel> llm;
    std::shared_ptr<models::Whisper> stt;
    std::shared_ptr<models::Hibari> tts;
    std::shared_ptr<models::Silero> vad;
    std::shared_ptr<models::SmartTurn> turn;
    std::shared_ptr<models::MiniLm> embeddings;
    Error llm_error, stt_error, tts_error, vad_error, turn_error, embeddings_error;
    // What the language model and Whisper run on now; the small networks are always on the CPU.
    DeviceInfo device() const;
    Metrics metrics;
    runtime::ChosenDevice chosen;
    double load_ms = 0;
};

}  // namespace coda::assistant
