// One conversation: listening, thinking, speaking. Session owns the VAD state, the responder (window, KV
// sequence) and the queues; it borrows the Engine, which must outlive it. Thread safety: a Session belongs to
// the thread that calls it; its workers are its own.
#pragma once

#include "assistant/endpointing.h"
#include "assistant/engine.h"
#include "assistant/responder.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "base/result.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace coda::assistant {

// What `coda ask` reports of a turn (DESIGN section 6). Times in ms; nothing where a stage did not run.
struct TurnReport {
    std::string transcript;
    Reply reply;
    std::optional<double> stt_ms, prefill_ms, first_token_ms, first_clause_ms, tts_first_audio_ms,
        response_ms;
    std::vector<float> audio;  // the whole reply, 24 kHz; empty when there is no TTS
};

// A line of `talk --json`: {"t_ms", "event", ...}. `event` is one of speech_started, speech_stopped,
// turn_end, turn_reopened, transcript, reply_clause, first_audio, audio_done, barge_in, reply_truncated,
// tool_call, due, question_dropped, error, summary.
using OnEvent = std::function<void(const nlohmann::json& line)>;

// Where a live conversation's sound comes from and goes to. Implementations: WAV files (wav_audio.h) and
// devices (device_audio.h).
class AudioSource {
  public:
    virtual ~AudioSource() = default;
    // Fills `frame` (512 samples, 16 kHz mono); false at the end of the input. Blocks until the frame's time
    // on the real clock, not at all on the virtual one. Called from one thread.
    virtual Result<bool> read(std::span<float> frame) = 0;
    // Blocks that came or were taken too late, by the device's word or by more than a frame. From any thread.
    virtual uint64_t late_blocks() const { return 0; }
};
// Called from the conversation's thread only.
class AudioSink {
  public:
    virtual ~AudioSink() = default;
    // Queues samples (24 kHz mono) for playing after what is queued already; returns how many were taken,
    // fewer than given when its bounded buffer is full.
    virtual Result<size_t> write(std::span<const float> samples) = 0;
    // Drops what is queued; what plays now is faded out within 5 ms, and counts as played.
    virtual void clear() = 0;
    virtual size_t played() const = 0;  // samples of those written that were played, since construction
    virtual double output_latency_ms() const = 0;  // from played to heard, as the device reports it
    virtual uint64_t late_blocks() const { return 0; }
    // Times that what was queued ran out and went on within 250 ms: heard as a break.
    virtual uint64_t gaps() const { return 0; }
};

// What each stage takes on the virtual clock.
struct StageCosts {
    double transcribe_ms = 60;
    double prepare_ms = 40;
    double smart_turn_ms = 30;
    double first_clause_ms = 90;
    double next_clause_ms = 60;
    double first_audio_ms = 30;       // of a clause
    double audio_ms_per_second = 15;  // of speech, after the first block
};

struct TalkOptions {
    bool duplex = false;    // false: the microphone is gated while speaking and 200 ms after
    bool speculate = true;  // false: nothing is transcribed before the turn has ended
    EndpointingOptions endpointing = {};
    StageCosts costs = {};  // used on the virtual clock only
};

class Session {
  public:
    struct Options {
        Responder::Options responder;
        models::TranscribeOptions transcribe;
        models::SpeakOptions speak;
        bool speak_replies = true;  // false: TurnReport::audio stays empty
    };
    static Result<std::unique_ptr<Session>> create(Engine& engine, Options options);
    virtual ~Session() = default;

    // One turn from text or from recorded speech (16 kHz mono). `on_clause` and `on_audio` stream the reply
    // as it comes, on the calling thread; both optional. Speech without words gives a report with an empty
    // transcript and no reply. ask_speech fails with the engine's reason where there is no STT.
    virtual Result<TurnReport> ask(const std::string& text, const Cancel& cancel,
                                   const Responder::OnClause& on_clause,
                                   const models::Hibari::Emit& on_audio) = 0;
    virtual Result<TurnReport> ask_speech(std::span<const float> samples_16k, const Cancel& cancel,
                                          const Responder::OnClause& on_clause,
                                          const models::Hibari::Emit& on_audio) = 0;

    // Whether a timer, alarm or reminder waits to be said, and saying it, like a turn of ask(); for
    // conversations by ask(). An empty reply where there was nothing after all.
    virtual Result<bool> due() = 0;
    virtual Result<TurnReport> announce(const Cancel& cancel, const Responder::OnClause& on_clause,
                                        const models::Hibari::Emit& on_audio) = 0;

    // The live conversation, until the source ends (and the last reply was played) or `cancel` is set. On the
    // virtual clock it moves `clock` itself. The last event is the summary. Fails where VAD or STT are
    // missing, or when source or sink fail; a failed turn is an "error" event and the conversation goes on.
    virtual Status talk(AudioSource& source, AudioSink& sink, Clock& clock, const TalkOptions& options,
                        const OnEvent& on_event, const Cancel& cancel) = 0;
};

}  // namespace coda::assistant
