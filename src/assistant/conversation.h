// The live conversation as a state machine: nobody speaks, the person speaks, Coda thinks, Coda speaks; and
// what happens when the person pauses, goes on, or speaks into the reply. One object per Session::talk.
// Everything here runs on the thread that calls run(); models run on stages of their own and report back
// through the event loop. Speculative work carries a Cancel, which also drops its reports.
#pragma once

#include "assistant/engine.h"
#include "assistant/event_loop.h"
#include "assistant/listener.h"
#include "assistant/playback.h"
#include "assistant/responder.h"
#include "assistant/session.h"
#include "assistant/speech_state.h"
#include "assistant/turn_stats.h"
#include "base/cancel.h"
#include "models/silero/silero.h"

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace coda::assistant {

class Conversation {
  public:
    // All borrowed for the conversation's life. `engine` has VAD and STT.
    struct Parts {
        Engine& engine;
        Responder& responder;
        const models::TranscribeOptions& transcribe;
        const models::SpeakOptions& speak;
        AudioSource& source;
        AudioSink& sink;
        Clock& clock;
        const TalkOptions& options;
        const OnEvent& on_event;
        const SpeechState* manner = nullptr;  // null: as `speak` says
    };
    // How long speech after the end of a turn still belongs to it, counted in what was heard of the reply.
    static constexpr double kReopenMs = 500;
    static constexpr double kGateTailMs = 200;
    // Synthesis stays at most this far ahead of what is heard.
    static constexpr double kSpeakAheadMs = 10'000;
    // Silence by the VAD after which smart-turn is asked; STT starts with the pause itself (96 ms).
    static constexpr double kSmartTurnMs = 192;
    // A question that was asked is open for so long after its last word.
    static constexpr Microseconds kQuestionOpen{10'000'000};
    // How often it is looked whether something is due, while nobody speaks; and after a failure.
    static constexpr Microseconds kLookForDue{250'000}, kLookAgain{10'000'000};
    // A witness that was asked is waited for up to this much silence.
    static constexpr double kWitnessPatienceMs = 600;

    explicit Conversation(const Parts& parts);
    ~Conversation();

    // Until the source has ended and the last reply was heard, the person said goodbye, or `cancel` is set.
    Status run(const Cancel& cancel);

  private:
    // What is done in a pause on the chance that the turn is over.
    struct Speculation {
        Cancel cancel;
        bool smart_turn_asked = false;
        std::optional<std::string> words;
        std::optional<float> smart_turn, sentence_end;
        bool complete_command = false;
        bool prepared = false;  // the responder has answered, with or without witnesses
    };
    // A finished turn on its way to its answer.
    struct Turn {
        Cancel cancel;
        Microseconds speech_end{0}, end{0};
        std::deque<std::string> unspoken;  // clauses that wait for synthesis
        bool synthesizing = false;
        bool replied = false;  // the responder is done
        bool end_conversation = false;
        bool asks = false;          // the reply is a question that only yes or no answer
        bool announcement = false;  // Coda speaks up by itself: something is due
        bool heard_enough = false;  // to be a turn of its own: it cannot be reopened any more
        int clauses = 0;
        std::optional<Microseconds> first_audio;
        ReplyPath path = ReplyPath::llm;
        // Whether the responder's window holds the turn; belongs to the thread of the responder.
        std::shared_ptr<bool> in_window = std::make_shared<bool>(false);
    };

    // Input
    void read_in_real_time();
    void read_next_frame();
    void on_frame(std::span<const float> frame, Microseconds heard);
    bool gated();
    // Listening
    void on_speech_started();
    void on_speech_resumed();
    void on_pause();
    void on_silence();
    void drop_speculation();
    void transcribe(const Cancel& cancel, std::function<void(Result<models::Transcript>)> then);
    void on_words(std::string words);
    void ask_smart_turn();
    bool decided() const;
    // The acoustic end of speech, estimated.
    Microseconds speech_end() const;
    // The turn
    void end_turn();
    void respond(const std::string& words);
    using Think = std::function<Result<Reply>(const Cancel& cancel, const Responder::OnClause& on_clause)>;
    void think(Think think);
    void on_clause(const std::string& clause);
    void on_reply(const Result<Reply>& reply);
    void speak_next();
    void follow_playback();
    void emit_first_audio();
    void finish_reply();
    void reopen();
    void barge_in();
    void leave_turn();
    void tidy_when_idle();
    // What is due by itself
    bool nobody_speaks() const;
    void look_for_due();
    void announce();
    void drop_old_question();
    // Output
    Microseconds next_deadline() const;
    void emit(const char* event, nlohmann::json fields = nlohmann::json::object());
    void emit_at(Microseconds time, const char* event, nlohmann::json fields);
    void report_error(const Error& error);
    double since_start_ms(Microseconds time) const;
    void summarize();
    nlohmann::json audio_pace();
    // On any thread.
    void measure(const char* name, const Stopwatch& watch);
    void fail_with(Error error);

    Parts parts_;
    Microseconds start_;
    std::optional<Error> failure_;
    bool input_ended_ = false, stop_ = false;
    int64_t frames_read_ = 0;
    // Frames that were looked at, later than a frame after they came, and the longest any of them waited.
    int64_t frames_ = 0, late_frames_ = 0;
    double longest_wait_ms_ = 0;
    Microseconds last_frame_{0};
    Microseconds gate_until_{0};

    models::VadStream vad_;
    Listener listener_;
    std::unique_ptr<Speculation> speculation_;
    std::shared_ptr<Turn> turn_;
    Playback playback_;
    Cancel idle_work_;
    std::optional<Microseconds> question_until_;
    bool looking_ = false;  // for what is due
    Microseconds next_look_{0};

    std::vector<TurnTimes> turns_;
    int reopened_ = 0, barge_ins_ = 0;

    Cancel stop_reading_;
    EventLoop loop_;
    Stage hearing_, prosody_, mind_, voice_;
    std::thread reader_;
};

}  // namespace coda::assistant
