#include "assistant/conversation.h"

#include "assistant/endpointing.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace coda::assistant {
namespace {

constexpr Microseconds kFrame{32'000};
// How long the loop sleeps where nothing is due; frames come more often than that.
constexpr Microseconds kIdleWait{100'000};

enum StageIndex { kFrameIndex, kHearing, kProsody, kMind, kVoice };

Microseconds microseconds(double milliseconds) {
    return Microseconds(std::llround(milliseconds * 1000));
}

double tenths(double value) {
    return std::round(value * 10) / 10;
}

}  // namespace

Conversation::Conversation(const Parts& parts)
    : parts_(parts),
      start_(parts.clock.now()),
      vad_(parts.engine.vad),
      playback_(parts.sink, parts.clock),
      loop_(parts.clock),
      hearing_(loop_, kHearing),
      prosody_(loop_, kProsody),
      mind_(loop_, kMind),
      voice_(loop_, kVoice) {}

Conversation::~Conversation() {
    if (speculation_) speculation_->cancel.cancel();
    if (turn_) turn_->cancel.cancel();
    idle_work_.cancel();
    stop_reading_.cancel();
    loop_.close();
    if (reader_.joinable()) reader_.join();
}

Status Conversation::run(const Cancel& cancel) {
    mind_.submit(idle_work_, [this, idle = idle_work_](const auto&) {
        // Brings what stands before every turn's words into the model's cache; if it fails, so will the turn,
        // and says so.
        static_cast<void>(parts_.responder.prepare("", idle));
    });
    if (parts_.clock.is_virtual())
        loop_.post_at(start_ + kFrame, kFrameIndex, [this] { read_next_frame(); });
    else
        reader_ = std::thread([this] { read_in_real_time(); });

    while (!stop_ && !failure_ && !cancel.cancelled()) {
        loop_.run_next(next_deadline());
        follow_playback();
        drop_old_question();
        look_for_due();
        if (input_ended_ && !turn_ && !listener_.in_turn()) break;
    }
    if (turn_) {
        turn_->cancel.cancel();
        playback_.stop();
    }
    summarize();
    if (failure_) return tl::unexpected(*failure_);
    return {};
}

// ---- Input

void Conversation::read_in_real_time() {
    bool ended = false;
    Microseconds next = start_;
    while (!stop_reading_.cancelled()) {
        std::vector<float> frame(Listener::kFrameSamples);
        next = std::max(next + kFrame, parts_.clock.now());
        if (!ended) {
            auto more = parts_.source.read(frame);
            if (!more) {
                loop_.post([this, error = std::move(more.error())] { fail_with(error); });
                return;
            }
            ended = !*more;
            if (ended && !loop_.post([this] { input_ended_ = true; })) return;
        }
        // What follows the end of a file is silence, at the same pace, until the last turn is over.
        if (ended) parts_.clock.wait_until(next);
        if (!loop_.post(
                [this, frame = std::move(frame), heard = parts_.clock.now()] { on_frame(frame, heard); }))
            return;
    }
}

void Conversation::read_next_frame() {
    std::vector<float> frame(Listener::kFrameSamples);
    if (!input_ended_) {
        const auto more = parts_.source.read(frame);
        if (!more) return fail_with(more.error());
        input_ended_ = !*more;
    }
    ++frames_read_;
    on_frame(frame, parts_.clock.now());
    loop_.post_at(start_ + (frames_read_ + 1) * kFrame, kFrameIndex, [this] { read_next_frame(); });
}

bool Conversation::gated() {
    if (parts_.options.duplex) return false;
    return (turn_ && playback_.started()) || parts_.clock.now() < gate_until_;
}

void Conversation::on_frame(std::span<const float> frame, Microseconds heard) {
    last_frame_ = heard;
    const double waited_ms = static_cast<double>((parts_.clock.now() - heard).count()) / 1000;
    ++frames_;
    late_frames_ += waited_ms > Listener::kFrameMs;
    longest_wait_ms_ = std::max(longest_wait_ms_, waited_ms);
    if (gated()) {
        listener_.reset();
        vad_.reset();
        return;
    }
    const auto probability =
        vad_.probability(frame.first<models::Silero::kFrameSamples>(), listener_.in_turn());
    if (!probability) return fail_with(probability.error());
    switch (listener_.push(frame, *probability)) {
        case Listener::Event::started:
            on_speech_started();
            break;
        case Listener::Event::resumed:
            on_speech_resumed();
            break;
        case Listener::Event::paused:
            on_pause();
            break;
        case Listener::Event::none:
            break;
    }
    if (listener_.in_pause()) on_silence();
    if (listener_.overlong()) end_turn();
}

// ---- Listening

void Conversation::on_speech_started() {
    idle_work_.cancel();
    emit("speech_started");
    if (turn_) barge_in();
}

void Conversation::on_speech_resumed() {
    drop_speculation();
    if (turn_) reopen();
    emit("speech_started", {{"resumed", true}});
}

void Conversation::on_pause() {
    emit("speech_stopped", {{"speech_end_ms", since_start_ms(speech_end())}});
    speculation_ = std::make_unique<Speculation>();
    if (!parts_.options.speculate) return;
    transcribe(speculation_->cancel, [this](Result<models::Transcript> transcript) {
        if (!transcript) {
            report_error(transcript.error());
            drop_speculation();
            listener_.forget();
            return;
        }
        on_words(std::move(transcript->text));
    });
}

// By when the frames came in, not by when they were looked at.
Microseconds Conversation::speech_end() const {
    return last_frame_ - microseconds(listener_.silence_ms());
}

void Conversation::transcribe(const Cancel& cancel, std::function<void(Result<models::Transcript>)> then) {
    std::vector<float> audio(listener_.audio().begin(), listener_.audio().end());
    hearing_.submit(cancel,
                    [this, cancel, audio = std::move(audio), then = std::move(then)](const auto& report) {
                        const Stopwatch watch;
                        auto transcript = parts_.engine.stt->transcribe(audio, parts_.transcribe, cancel);
                        measure("stt.transcribe", watch);
                        report(parts_.options.costs.transcribe_ms,
                               [then, transcript = std::move(transcript)] { then(transcript); });
                    });
}

void Conversation::on_words(std::string words) {
    speculation_->words = std::move(words);
    if (speculation_->words->empty()) return;
    mind_.submit(speculation_->cancel,
                 [this, cancel = speculation_->cancel, said = *speculation_->words](const auto& report) {
                     const Stopwatch watch;
                     auto witness = parts_.responder.prepare(said, cancel);
                     measure("llm.prepare", watch);
                     report(parts_.options.costs.prepare_ms, [this, witness = std::move(witness)] {
                         // Without the language model's word the other witnesses decide.
                         speculation_->prepared = true;
                         if (!witness) return;
                         speculation_->sentence_end = witness->sentence_end;
                         speculation_->complete_command = witness->complete_command;
                     });
                 });
}

void Conversation::ask_smart_turn() {
    speculation_->smart_turn_asked = true;
    if (!parts_.engine.turn) return;
    std::vector<float> audio(listener_.audio().begin(), listener_.audio().end());
    prosody_.submit(speculation_->cancel,
                    [this, cancel = speculation_->cancel, audio = std::move(audio)](const auto& report) {
                        const Stopwatch watch;
                        const auto probability = parts_.engine.turn->probability(audio, cancel);
                        measure("turn.smart_turn", watch);
                        if (!probability) return;  // a witness less
                        report(parts_.options.costs.smart_turn_ms,
                               [this, value = *probability] { speculation_->smart_turn = value; });
                    });
}

void Conversation::on_silence() {
    if (!speculation_) return;
    if (!speculation_->smart_turn_asked && listener_.vad_silence_ms() >= kSmartTurnMs) ask_smart_turn();
    if (!listener_.quiet_now() || !decided()) return;
    const bool wordless = speculation_->words && speculation_->words->empty();
    if (!wordless) return end_turn();
    drop_speculation();
    listener_.forget();
}

void Conversation::drop_speculation() {
    if (speculation_) speculation_->cancel.cancel();
    speculation_.reset();
}

bool Conversation::decided() const {
    const EndpointingOptions& options = parts_.options.endpointing;
    if (!parts_.options.speculate)
        return has_finished({listener_.silence_ms(), speculation_->smart_turn}, options);
    if (!speculation_->words) return false;  // what was said decides too; the transcript is on its way
    // Sound without words is waited out: it may be the first breath of something.
    if (speculation_->words->empty()) return listener_.silence_ms() >= options.ceiling_ms;
    const bool witnesses_pending =
        !speculation_->prepared || (parts_.engine.turn && !speculation_->smart_turn);
    if (witnesses_pending && listener_.silence_ms() < kWitnessPatienceMs) return false;
    return has_finished({listener_.silence_ms(), speculation_->smart_turn, speculation_->sentence_end,
                         ending_of(*speculation_->words), speculation_->complete_command},
                        options);
}

// ---- The turn

void Conversation::end_turn() {
    question_until_.reset();  // whatever is said now is the answer, or none
    turn_ = std::make_shared<Turn>();
    turn_->end = parts_.clock.now();
    turn_->speech_end = listener_.in_pause() ? speech_end() : turn_->end;
    emit("turn_end", {{"speech_end_ms", since_start_ms(turn_->speech_end)}});
    playback_.begin();

    std::optional<std::string> words;
    if (speculation_) words = std::move(speculation_->words);
    drop_speculation();
    if (words && !words->empty()) {
        respond(*words);
    } else {
        transcribe(turn_->cancel, [this](const Result<models::Transcript>& transcript) {
            if (!transcript) report_error(transcript.error());
            if (transcript && !transcript->text.empty()) return respond(transcript->text);
            turn_.reset();
            if (!listener_.in_turn()) listener_.forget();
        });
    }
    const bool cut_short = !listener_.in_pause();
    listener_.finish();
    if (cut_short) listener_.forget();  // what follows is a turn of its own
}

void Conversation::respond(const std::string& words) {
    emit("transcript", {{"text", words}});
    think([this, words](const Cancel& cancel, const Responder::OnClause& on_clause) {
        return parts_.responder.respond(words, cancel, on_clause);
    });
}

void Conversation::think(Think think) {
    mind_.submit(turn_->cancel, [this, turn = turn_, think = std::move(think)](const auto& report) {
        const StageCosts& costs = parts_.options.costs;
        bool first = true;
        auto reply = think(turn->cancel, [&](const std::string& clause) {
            report(std::exchange(first, false) ? costs.first_clause_ms : costs.next_clause_ms,
                   [this, clause] { on_clause(clause); });
            return !turn->cancel.cancelled();
        });
        *turn->in_window = reply.has_value();
        report(first ? costs.first_clause_ms : 0, [this, reply = std::move(reply)] { on_reply(reply); });
    });
}

void Conversation::on_clause(const std::string& clause) {
    emit("reply_clause", {{"index", turn_->clauses++}, {"text", clause}});
    turn_->unspoken.push_back(clause);
    speak_next();
}

void Conversation::on_reply(const Result<Reply>& reply) {
    turn_->replied = true;
    if (!reply) return report_error(reply.error());
    turn_->path = reply->path;
    turn_->end_conversation = reply->end_conversation;
    turn_->asks = reply->asks;
    if (!reply->due.empty()) emit("due", {{"items", reply->due}});
    for (const ToolCall& call : reply->tool_calls)
        emit("tool_call", {{"name", call.name}, {"arguments", call.arguments}, {"result", call.result}});
}

void Conversation::speak_next() {
    if (turn_->synthesizing || turn_->unspoken.empty() || playback_.waiting_ms() > kSpeakAheadMs) return;
    const std::string text = std::move(turn_->unspoken.front());
    turn_->unspoken.pop_front();
    if (!parts_.engine.tts) return;
    turn_->synthesizing = true;
    const size_t clause = playback_.add_clause(text);
    const SpeechState* manner = parts_.manner;
    const models::SpeakOptions speak = manner ? manner->options(parts_.speak) : parts_.speak;
    const float gain = manner ? manner->gain() : 1;
    voice_.submit(
        turn_->cancel, [this, cancel = turn_->cancel, text, clause, speak, gain](const auto& report) {
            const StageCosts& costs = parts_.options.costs;
            double cost = costs.first_audio_ms;
            const Status status =
                parts_.engine.tts->synthesize(text, speak, cancel, [&](std::span<const float> samples) {
                    std::vector<float> made(samples.begin(), samples.end());
                    SpeechState::amplify(made, gain);
                    report(cost, [this, clause, block = std::move(made)] {
                        if (const Status written = playback_.append(clause, block); !written)
                            fail_with(written.error());
                    });
                    cost = costs.audio_ms_per_second * static_cast<double>(samples.size()) /
                           Playback::kSampleRate;
                    return !cancel.cancelled();
                });
            report(0, [this, clause, status] {
                if (!status) report_error(status.error());
                playback_.finish_clause(clause);
                turn_->synthesizing = false;
                speak_next();
            });
        });
}

void Conversation::follow_playback() {
    if (!turn_) return;
    if (const Status written = playback_.pump(); !written) return fail_with(written.error());
    speak_next();
    const Microseconds latency = microseconds(parts_.sink.output_latency_ms());
    const auto audible = playback_.first_audible();
    if (!turn_->first_audio && audible && playback_.reached(*audible)) {
        turn_->first_audio = playback_.time_of(*audible) + latency;
        emit_first_audio();
    }
    if (!turn_->heard_enough && playback_.heard_ms() >= kReopenMs) {
        turn_->heard_enough = true;
        if (!listener_.in_turn()) listener_.forget();
    }
    const bool all_spoken = turn_->replied && turn_->unspoken.empty() && !turn_->synthesizing;
    if (all_spoken && playback_.drained()) finish_reply();
}

void Conversation::emit_first_audio() {
    const auto since_ms = [&](Microseconds time) {
        return tenths(static_cast<double>((*turn_->first_audio - time).count()) / 1000);
    };
    nlohmann::json fields = nlohmann::json::object();
    if (!turn_->announcement)
        fields = {{"response_ms", since_ms(turn_->end)}, {"v2v_ms", since_ms(turn_->speech_end)}};
    if (turn_->replied) fields["path"] = to_string(turn_->path);
    emit_at(*turn_->first_audio, "first_audio", std::move(fields));
}

void Conversation::finish_reply() {
    if (playback_.started()) {
        const Microseconds end = playback_.time_of_end() + microseconds(parts_.sink.output_latency_ms());
        emit_at(end, "audio_done", {{"path", to_string(turn_->path)}});
        gate_until_ = end + microseconds(kGateTailMs);
    }
    stop_ = turn_->end_conversation;
    if (turn_->asks) question_until_ = std::max(parts_.clock.now(), gate_until_) + kQuestionOpen;
    leave_turn();
    if (!listener_.in_turn()) listener_.forget();
    tidy_when_idle();
}

void Conversation::reopen() {
    emit("turn_reopened", {{"heard_ms", tenths(playback_.heard_ms())}});
    ++reopened_;
    turn_->cancel.cancel();
    playback_.stop();
    mind_.submit(Cancel(), [this, in_window = turn_->in_window](const auto&) {
        if (*in_window) parts_.responder.retract_last();
    });
    turn_.reset();
}

void Conversation::barge_in() {
    const std::string heard = playback_.heard_text();
    emit("barge_in", {{"heard_ms", tenths(playback_.heard_ms())}});
    turn_->cancel.cancel();
    playback_.stop();
    mind_.submit(Cancel(), [this, heard](const auto&) { parts_.responder.truncate_last(heard); });
    emit("reply_truncated", {{"heard", heard}});
    ++barge_ins_;
    leave_turn();
}

// The turn was answered, in full or in part.
void Conversation::leave_turn() {
    if (turn_->announcement) return turn_.reset();
    TurnTimes times{turn_->path, std::nullopt, std::nullopt};
    if (turn_->first_audio) {
        times.v2v_ms = static_cast<double>((*turn_->first_audio - turn_->speech_end).count()) / 1000;
        times.response_ms = static_cast<double>((*turn_->first_audio - turn_->end).count()) / 1000;
        if (!parts_.clock.is_virtual()) {
            parts_.engine.metrics.span("turn.v2v", *times.v2v_ms);
            parts_.engine.metrics.span("turn.response", *times.response_ms);
        }
    }
    turns_.push_back(times);
    turn_.reset();
}

void Conversation::tidy_when_idle() {
    idle_work_ = Cancel();
    mind_.submit(idle_work_, [this, cancel = idle_work_](const auto& report) {
        if (const Status tidied = parts_.responder.tidy(cancel);
            !tidied && tidied.error().code != ErrorCode::cancelled)
            report(0, [this, error = tidied.error()] { report_error(error); });
    });
}

// ---- What is due by itself

bool Conversation::nobody_speaks() const {
    return !turn_ && !listener_.in_turn() && parts_.clock.now() >= gate_until_;
}

void Conversation::drop_old_question() {
    if (!question_until_ || parts_.clock.now() < *question_until_ || turn_ || listener_.in_turn()) return;
    question_until_.reset();
    emit("question_dropped");
    mind_.submit(Cancel(), [this](const auto&) { parts_.responder.drop_question(); });
}

// Asked of the responder on its own thread, so that the file on disk never holds up the audio.
void Conversation::look_for_due() {
    if (looking_ || !nobody_speaks() || parts_.clock.now() < next_look_) return;
    looking_ = mind_.submit(Cancel(), [this](const auto& report) {
        auto due = parts_.responder.due();
        report(0, [this, due = std::move(due)] {
            looking_ = false;
            next_look_ = parts_.clock.now() + (due ? kLookForDue : kLookAgain);
            if (!due) report_error(due.error());
            if (due.value_or(false) && nobody_speaks()) announce();
        });
    });
}

void Conversation::announce() {
    idle_work_.cancel();
    turn_ = std::make_shared<Turn>();
    turn_->announcement = true;
    turn_->speech_end = turn_->end = parts_.clock.now();
    playback_.begin();
    think([this](const Cancel& cancel, const Responder::OnClause& on_clause) {
        return parts_.responder.announce(cancel, on_clause);
    });
}

// ---- Output

Microseconds Conversation::next_deadline() const {
    const Microseconds now = parts_.clock.now();
    Microseconds deadline = now + kIdleWait;
    if (!turn_ || !playback_.started()) return deadline;
    const auto consider = [&](Microseconds time) {
        if (time > now) deadline = std::min(deadline, time);
    };
    if (const auto audible = playback_.first_audible(); audible && !turn_->first_audio)
        consider(playback_.time_of(*audible));
    if (!turn_->heard_enough)
        consider(playback_.time_of(static_cast<size_t>(kReopenMs * Playback::kSampleRate / 1000)));
    consider(playback_.time_of_end());
    return deadline;
}

void Conversation::emit(const char* event, nlohmann::json fields) {
    emit_at(parts_.clock.now(), event, std::move(fields));
}

void Conversation::emit_at(Microseconds time, const char* event, nlohmann::json fields) {
    if (!parts_.on_event) return;
    nlohmann::json line = {{"t_ms", since_start_ms(time)}, {"event", event}};
    line.update(fields);
    parts_.on_event(line);
}

double Conversation::since_start_ms(Microseconds time) const {
    return tenths(static_cast<double>((time - start_).count()) / 1000);
}

void Conversation::report_error(const Error& error) {
    if (error.code == ErrorCode::cancelled) return;
    emit("error", {{"code", to_string(error.code)}, {"message", error.message()}});
}

void Conversation::fail_with(Error error) {
    report_error(error);
    if (!failure_) failure_ = std::move(error);
}

void Conversation::measure(const char* name, const Stopwatch& watch) {
    if (!parts_.clock.is_virtual()) parts_.engine.metrics.span(name, watch.elapsed_ms());
}

// Whether sound kept its pace beside everything else that ran.
nlohmann::json Conversation::audio_pace() {
    const uint64_t late_blocks = parts_.source.late_blocks() + parts_.sink.late_blocks();
    Metrics& metrics = parts_.engine.metrics;
    metrics.count("audio.frames", frames_);
    metrics.count("audio.late_frames", late_frames_);
    metrics.count("audio.late_blocks", static_cast<int64_t>(late_blocks));
    metrics.count("audio.gaps", static_cast<int64_t>(parts_.sink.gaps()));
    metrics.gauge("audio.longest_wait_ms", longest_wait_ms_);
    return {{"frames", frames_},
            {"late_frames", late_frames_},
            {"longest_wait_ms", tenths(longest_wait_ms_)},
            {"late_blocks", late_blocks},
            {"gaps", parts_.sink.gaps()}};
}

void Conversation::summarize() {
    const size_t ended = turns_.size() + static_cast<size_t>(reopened_);
    nlohmann::json fields = {{"turns", turns_.size()},
                             {"reopened", reopened_},
                             {"false_cutoffs", reopened_},
                             {"false_cutoff_share", ended ? reopened_ / static_cast<double>(ended) : 0.0},
                             {"barge_ins", barge_ins_},
                             {"clock", parts_.clock.is_virtual() ? "virtual" : "real"}};
    // Declared costs are no measurement.
    if (!parts_.clock.is_virtual()) {
        fields.update(latency_summary(turns_));
        fields["audio"] = audio_pace();
    }
    emit("summary", std::move(fields));
}

}  // namespace coda::assistant
