// One conversation: listening, thinking, speaking. Session owns the VAD state, the responder (window, KV sequence)
// and the queues; it borrows the Engine, which must outlive it.
// Thread safety: a Session belongs to the thread that calls it; its workers are its own.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "assistant/engine.h"
#include "assistant/responder.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "base/result.h"

namespace coda::assistant {

// What `coda ask` reports of a turn (DESIGN section 6). Times in ms; nothing where a stage did not run.
struct TurnReport {
    std::string transcript;
    Reply reply;
    std::optional<double> stt_ms, prefill_ms, first_token_ms, first_clause_ms, tts_first_audio_ms, response_ms;
    std::vector<float> audio;  // the whole reply, 24 kHz; empty when there is no TTS
};

// A line of `talk --json`: {"t_ms", "event", ...}. `event` is one of speech_started, speech_stopped, turn_end,
// turn_reopened, transcript, reply_clause, first_audio, audio_done, barge_in, reply_truncated, tool_call, error, summary.
using OnEvent = std::function<void(const nlohmann::json& line)>;

// Where a live conversation's sound comes from and goes to. Implementations: devices and WAV files.
class AudioSource {
  public:
    virtual ~AudioSource() = default;
    // Fills `frame` (16 kHz mono); false at the end of the input. May block for real time.
    virtual Result<bool> read(std::span<float> frame) = 0;
};
class AudioSink {
  public:
    virtual ~AudioSink() = default;
    // Queues samples (24 kHz mono) for playing; false when its bounded buffer is full and the caller should wait.
    virtual bool write(std::span<const float> samples) = 0;
    // Drops what is queued with a fade of 5 ms; returns how many of the samples written since the last clear or
    // mark were played.
    virtual size_t clear() = 0;
    virtual size_t played() const = 0;           // samples played since construction
    virtual double output_latency_ms() const = 0;  // as the device reports it
};

struct TalkOptions {
    bool duplex = false;             // false: the microphone is gated while speaking and 200 ms after
    bool speculate = true;
};

class Session {
  public:
    struct Options {
        Responder::Options responder;
        models::SpeakOptions speak;
        bool speak_replies = true;
    };
    static Result<std::unique_ptr<Session>> create(Engine& engine, Options options);
    virtual ~Session() = default;

    // One turn from text or from recorded speech (16 kHz mono). `on_clause` and `on_audio` stream; both optional.
    virtual Result<TurnReport> ask(const std::string& text, const Cancel& cancel, const Responder::OnClause& on_clause,
                                   const models::Hibari::Emit& on_audio) = 0;
    virtual Result<TurnReport> ask_speech(std::span<const float> samples_16k, const Cancel& cancel,
                                          const Responder::OnClause& on_clause,
                                          const models::Hibari::Emit& on_audio) = 0;

    // The live conversation, until the source ends (and the last reply was played) or `cancel` is set.
    virtual Status talk(AudioSource& source, AudioSink& sink, const Clock& clock, const TalkOptions& options,
                        const OnEvent& on_event, const Cancel& cancel) = 0;
};

}  // namespace coda::assistant
