#include "assistant/session.h"

#include "assistant/conversation.h"
#include "assistant/listener.h"
#include "assistant/speech_state.h"
#include "base/bounded_queue.h"
#include "base/log.h"

#include <algorithm>
#include <thread>
#include <utility>

namespace coda::assistant {
namespace {

// Clauses that wait to be spoken; a reply that runs further ahead waits.
constexpr size_t kClauseQueue = 16;

// The part of a recording that holds speech, with the pre-roll before it and a little room after; empty where
// the VAD hears none. All of it where there is no VAD.
Result<std::span<const float>> speech_in(std::span<const float> samples,
                                         const std::shared_ptr<models::Silero>& silero) {
    if (!silero) return samples;
    constexpr size_t kFrame = models::Silero::kFrameSamples;
    constexpr auto kPreRoll = static_cast<size_t>(Listener::kPreRollMs * Listener::kSampleRate / 1000);
    models::VadStream vad(silero);
    size_t first = samples.size(), last = 0;
    std::array<float, kFrame> frame;
    for (size_t begin = 0; begin < samples.size(); begin += kFrame) {
        const size_t count = std::min(kFrame, samples.size() - begin);
        frame.fill(0);
        std::copy_n(samples.begin() + static_cast<std::ptrdiff_t>(begin), count, frame.begin());
        CODA_TRY(const float probability, vad.probability(frame, last + kPreRoll > begin));
        if (probability < Listener::kSpeech) continue;
        first = std::min(first, begin);
        last = begin + count;
    }
    if (first == samples.size()) return samples.first(0);
    const size_t begin = first - std::min(first, kPreRoll);
    const size_t end = std::min(samples.size(), last + kPreRoll / 2);
    return samples.subspan(begin, end - begin);
}

class LocalSession final : public Session {
  public:
    LocalSession(Engine& engine, Options options, std::shared_ptr<SpeechState> manner,
                 std::unique_ptr<Responder> responder)
        : engine_(engine),
          options_(std::move(options)),
          manner_(std::move(manner)),
          responder_(std::move(responder)) {}

    Result<TurnReport> ask(const std::string& text, const Cancel& cancel,
                           const Responder::OnClause& on_clause,
                           const models::Hibari::Emit& on_audio) override {
        TurnReport report;
        report.transcript = text;
        const Stopwatch watch;
        CODA_CHECK(answer(report, watch, cancel, on_clause, on_audio));
        return report;
    }

    Result<TurnReport> ask_speech(std::span<const float> samples_16k, const Cancel& cancel,
                                  const Responder::OnClause& on_clause,
                                  const models::Hibari::Emit& on_audio) override {
        if (!engine_.stt) return tl::unexpected(engine_.stt_error);
        TurnReport report;
        const Stopwatch watch;
        CODA_TRY(const std::span<const float> speech, speech_in(samples_16k, engine_.vad));
        if (speech.empty()) return report;
        CODA_TRY(models::Transcript transcript, engine_.stt->transcribe(speech, options_.transcribe, cancel));
        report.transcript = std::move(transcript.text);
        report.stt_ms = watch.elapsed_ms();
        engine_.metrics.span("stt.transcribe", *report.stt_ms);
        if (report.transcript.empty()) return report;
        CODA_CHECK(answer(report, watch, cancel, on_clause, on_audio));
        return report;
    }

    Result<bool> due() override { return responder_->due(); }

    Result<TurnReport> announce(const Cancel& cancel, const Responder::OnClause& on_clause,
                                const models::Hibari::Emit& on_audio) override {
        TurnReport report;
        const Stopwatch watch;
        CODA_CHECK(tell(report, watch, cancel, on_clause, on_audio,
                        [&](const Cancel& stop, const Responder::OnClause& give) {
                            return responder_->announce(stop, give);
                        }));
        return report;
    }

    Status talk(AudioSource& source, AudioSink& sink, Clock& clock, const TalkOptions& options,
                const OnEvent& on_event, const Cancel& cancel) override {
        if (!engine_.vad) return tl::unexpected(engine_.vad_error);
        if (!engine_.stt) return tl::unexpected(engine_.stt_error);
        Conversation conversation({engine_, *responder_, options_.transcribe, options_.speak, source, sink,
                                   clock, options, on_event, manner_.get()});
        return conversation.run(cancel);
    }

  private:
    Status answer(TurnReport& report, const Stopwatch& watch, const Cancel& cancel,
                  const Responder::OnClause& on_clause, const models::Hibari::Emit& on_audio) {
        return tell(report, watch, cancel, on_clause, on_audio,
                    [&](const Cancel& stop, const Responder::OnClause& give) {
                        return responder_->respond(report.transcript, stop, give);
                    });
    }

    using Think = std::function<Result<Reply>(const Cancel& stop, const Responder::OnClause& give)>;
    // Thinks on a thread of its own while the clauses are spoken on this one.
    Status tell(TurnReport& report, const Stopwatch& watch, const Cancel& cancel,
                const Responder::OnClause& on_clause, const models::Hibari::Emit& on_audio,
                const Think& think) {
        BoundedQueue<std::string> clauses(kClauseQueue);
        Result<Reply> reply;
        Cancel stop;
        const std::stop_callback forward(cancel.token(), [&stop] { stop.cancel(); });
        std::jthread thinking([&] {
            reply = think(
                stop, [&](const std::string& clause) { return clauses.push(clause) && !stop.cancelled(); });
            clauses.close();
        });
        Status spoken;
        while (auto clause = clauses.pop()) {
            if (!report.first_clause_ms) report.first_clause_ms = watch.elapsed_ms();
            const bool go_on = !on_clause || on_clause(*clause);
            if (go_on) spoken = speak(*clause, report, watch, stop, on_audio);
            if (!go_on || !spoken) break;
        }
        // Whoever stopped listening stops the thinking too.
        if (!clauses.closed()) stop.cancel();
        clauses.close();
        thinking.join();
        CODA_CHECK(spoken);
        if (!reply) return tl::unexpected(std::move(reply.error()));
        report.reply = std::move(*reply);
        if (report.reply.llm.generated_tokens > 0) {
            report.prefill_ms = report.reply.llm.prefill_ms;
            report.first_token_ms = report.reply.llm.first_token_ms;
        }
        if (report.response_ms) engine_.metrics.span("turn.response", *report.response_ms);
        // Housekeeping for the next turn; this one is answered whatever comes of it.
        if (const Status tidied = responder_->tidy(cancel); !tidied)
            log::debug("{}", tidied.error().message());
        return {};
    }

    Status speak(const std::string& clause, TurnReport& report, const Stopwatch& watch, const Cancel& cancel,
                 const models::Hibari::Emit& on_audio) {
        if (!engine_.tts || !options_.speak_replies) return {};
        const Stopwatch synthesis;
        const float gain = manner_->gain();
        const auto emit = [&](std::span<const float> made) {
            std::vector<float> samples(made.begin(), made.end());
            SpeechState::amplify(samples, gain);
            if (!report.response_ms) {
                report.response_ms = watch.elapsed_ms();
                report.tts_first_audio_ms = synthesis.elapsed_ms();
            }
            report.audio.insert(report.audio.end(), samples.begin(), samples.end());
            return !on_audio || on_audio(samples);
        };
        return engine_.tts->synthesize(clause, manner_->options(options_.speak), cancel, emit);
    }

    Engine& engine_;
    const Options options_;
    std::shared_ptr<SpeechState> manner_;
    std::unique_ptr<Responder> responder_;
};

}  // namespace

Result<std::unique_ptr<Session>> Session::create(Engine& engine, Options options) {
    auto manner = std::make_shared<SpeechState>();
    if (options.speak_replies && engine.tts) options.responder.speech = manner;
    CODA_TRY(auto responder, Responder::create(engine.llm, options.responder));
    return std::make_unique<LocalSession>(engine, std::move(options), std::move(manner),
                                          std::move(responder));
}

}  // namespace coda::assistant
