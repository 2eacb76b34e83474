// Whole conversations on the virtual clock: real recordings, real VAD, speech-to-text, smart-turn, language
// model (as the witness) and voice; only the answers are scripted, so that their length is known.
#include "assistant/conversation.h"

#include "assistant/test_sounds.h"
#include "assistant/wav_audio.h"
#include "base/paths.h"
#include "models/llm/llm.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

namespace coda::assistant {
namespace {

using nlohmann::json;
using Clauses = std::vector<std::string>;

const std::string kLong =
    "This is a rather long answer which goes on for quite a while so that there is time to break in.";

class ScriptedResponder final : public Responder {
  public:
    ScriptedResponder(std::unique_ptr<models::ChatSession> model, Clauses clauses)
        : model_(std::move(model)), clauses_(std::move(clauses)) {}

    Result<Prepared> prepare(const std::string& words, const Cancel& cancel) override {
        const models::Message said{models::Role::user, words};
        CODA_TRY(const models::PrefillStats stats, model_->prefill(std::span(&said, 1), cancel));
        return Prepared{stats.sentence_end_probability, false};
    }
    Result<Reply> respond(const std::string& words, const Cancel&, const OnClause& on_clause) override {
        log.push_back("respond " + words);
        for (const std::string& clause : clauses_)
            if (!on_clause(clause)) return fail(ErrorCode::cancelled, "stopped");
        Reply reply;
        reply.path = ReplyPath::intent;
        reply.asks = clauses_.back().ends_with('?');
        return reply;
    }
    void truncate_last(const std::string& heard) override { log.push_back("truncate " + heard); }
    void drop_question() override { log.push_back("drop"); }
    void retract_last() override { log.push_back("retract"); }
    Status tidy(const Cancel&) override { return {}; }

    std::vector<std::string> log;

  private:
    std::unique_ptr<models::ChatSession> model_;
    Clauses clauses_;
};

class ConversationTest : public ::testing::Test {
  protected:
    static void SetUpTestSuite() {
        engine_ = std::make_unique<Engine>();
        engine_->chosen = runtime::choose_device({.policy = "off"}, {.threads = 2, .isa = {}}).value();
        take(models::Silero::open(paths::model_dir("silero-vad") / "silero_vad.onnx"), engine_->vad);
        take(models::SmartTurn::open(paths::model_dir("smart-turn") / "smart-turn-v3.2-cpu.onnx", 2),
             engine_->turn);
        take(models::Whisper::open(paths::model_dir("whisper-tiny.en"), *engine_->chosen.backend),
             engine_->stt);
        take(models::Hibari::open(paths::model_dir("hibari")), engine_->tts);
        take(models::open_llm(paths::model_dir("smollm2-135m-instruct") / "SmolLM2-135M-Instruct.Q4_1.gguf",
                              *engine_->chosen.backend, {}),
             engine_->llm);
    }
    static void TearDownTestSuite() { engine_.reset(); }
    void SetUp() override {
        ASSERT_TRUE(engine_->vad && engine_->turn && engine_->stt && engine_->tts && engine_->llm);
    }

    template <class T>
    static void take(Result<std::shared_ptr<T>> opened, std::shared_ptr<T>& part) {
        ASSERT_TRUE(opened) << opened.error().message();
        part = *opened;
    }

    // Holds the conversation and keeps its events; always in full duplex unless `options` say otherwise.
    void hold(std::vector<float> samples, const Clauses& clauses, TalkOptions options = {.duplex = true}) {
        responder_ = std::make_unique<ScriptedResponder>(engine_->llm->new_session().value(), clauses);
        VirtualClock clock;
        WavSource source(std::move(samples), clock);
        WavSink sink(clock);
        const OnEvent on_event = [&](const json& line) { events_.push_back(line); };
        const models::TranscribeOptions hear;
        const models::SpeakOptions speak;
        {
            Conversation conversation(
                {*engine_, *responder_, hear, speak, source, sink, clock, options, on_event});
            const Status status = conversation.run(Cancel());
            ASSERT_TRUE(status) << status.error().message();
        }
        output_ = sink.timeline();
        for (const json& line : events_) EXPECT_NE(line["event"], "error") << line;
        ASSERT_FALSE(events_.empty());
        EXPECT_EQ(events_.back()["event"], "summary");
    }

    std::vector<json> named(const std::string& event) const {
        std::vector<json> found;
        std::ranges::copy_if(events_, std::back_inserter(found),
                             [&](const json& line) { return line["event"] == event; });
        return found;
    }
    std::vector<std::string> names() const {
        std::vector<std::string> all;
        for (const json& line : events_) all.push_back(line["event"]);
        return all;
    }
    // The loudest sample of the output between two times in ms.
    float loudest(double from_ms, double to_ms) const {
        float peak = 0;
        for (auto i = static_cast<size_t>(from_ms * 24);
             i < std::min(output_.size(), static_cast<size_t>(to_ms * 24)); ++i)
            peak = std::max(peak, std::abs(output_[i]));
        return peak;
    }

    static std::unique_ptr<Engine> engine_;
    std::unique_ptr<ScriptedResponder> responder_;
    std::vector<json> events_;
    std::vector<float> output_;
};
std::unique_ptr<Engine> ConversationTest::engine_;

TEST_F(ConversationTest, TheEndOfSpeechIsTheEndOfTheTurn) {
    hold(clip("spoken/plain-01.wav"), {"It is three o'clock."});
    EXPECT_EQ(names(), (std::vector<std::string>{"speech_started", "speech_stopped", "turn_end", "transcript",
                                                 "reply_clause", "first_audio", "audio_done", "summary"}));
    EXPECT_NEAR(named("speech_stopped")[0]["speech_end_ms"].get<double>(), 1140, 60);
    const double end = named("turn_end")[0]["t_ms"];
    EXPECT_GE(end, 1140);
    EXPECT_LE(end, 1140 + 1200 + 92);
    EXPECT_EQ(named("transcript")[0]["text"], "What time is it?");
    const double first = named("first_audio")[0]["t_ms"];
    EXPECT_LT(loudest(0, first - 1), 0.01f);
    EXPECT_GT(loudest(first, first + 100), 0.01f);
    EXPECT_EQ(named("summary")[0]["turns"], 1);
}

TEST_F(ConversationTest, APauseInMidSentenceIsNotTheEnd) {
    for (const char* name : {"spoken/paused-01.wav", "spoken/paused-06.wav", "spoken/paused-17.wav"}) {
        events_.clear();
        hold(clip(name), {"All right."});
        ASSERT_EQ(named("turn_end").size(), 1u) << name;
        EXPECT_GE(named("speech_stopped").size(), 2u) << name;
        EXPECT_TRUE(named("turn_reopened").empty()) << name;
    }
    EXPECT_GE(named("turn_end")[0]["t_ms"].get<double>(), 3150);
    EXPECT_NE(named("transcript")[0]["text"].get<std::string>().find("bedroom"), std::string::npos);
}

TEST_F(ConversationTest, TwoTurnsInOneFile) {
    hold(join({clip("spoken/plain-01.wav"), clip("spoken/plain-02.wav")}), {"Very well."});
    const auto transcripts = named("transcript");
    ASSERT_EQ(transcripts.size(), 2u);
    EXPECT_EQ(transcripts[0]["text"], "What time is it?");
    EXPECT_EQ(transcripts[1]["text"], "What's the date today?");
    EXPECT_EQ(named("audio_done").size(), 2u);
    EXPECT_TRUE(named("barge_in").empty());
}

TEST_F(ConversationTest, SpeechDuringTheReplyStopsItAndOnlyWhatWasHeardIsKept) {
    // The first question's recording has 3 s of quiet after it; "Stop." is said 0.4 s into the second.
    const auto question = clip("spoken/plain-01.wav");
    const double stop_begins = static_cast<double>(question.size()) / 16 + 400;
    hold(join({question, clip("spoken/plain-33.wav")}), {kLong, kLong});
    ASSERT_EQ(named("barge_in").size(), 1u);
    const double barge_in = named("barge_in")[0]["t_ms"];
    EXPECT_GE(barge_in, stop_begins);
    EXPECT_LE(barge_in, stop_begins + 96 + 64);
    EXPECT_GT(loudest(barge_in - 300, barge_in), 0.01f);
    EXPECT_EQ(loudest(barge_in + 5, barge_in + 300), 0);

    const std::string heard = named("reply_truncated")[0]["heard"];
    EXPECT_FALSE(heard.empty());
    EXPECT_TRUE((kLong + " " + kLong).starts_with(heard)) << heard;
    EXPECT_LT(heard.size(), kLong.size());
    ASSERT_EQ(responder_->log.size(), 3u);
    EXPECT_EQ(responder_->log[1], "truncate " + heard);
    EXPECT_EQ(responder_->log[2], "respond Stop.");
    EXPECT_EQ(named("summary")[0]["barge_ins"], 1);
}

TEST_F(ConversationTest, SpeechThatGoesOnBeforeTheReplyWasHeardReopensTheTurn) {
    // Made hasty, so that the pause of 0.8 s after "Call me" is taken for the end.
    TalkOptions hasty{.duplex = true};
    hasty.endpointing.threshold = -100;
    hold(clip("spoken/paused-05.wav"), {kLong}, hasty);
    const auto reopened = named("turn_reopened");
    ASSERT_GE(reopened.size(), 1u);
    EXPECT_LT(reopened[0]["heard_ms"].get<double>(), 500);
    EXPECT_EQ(loudest(reopened[0]["t_ms"].get<double>() + 5, reopened[0]["t_ms"].get<double>() + 300), 0);
    // The audio was joined: the last transcript has the words from before and after.
    const std::string words = named("transcript").back()["text"];
    EXPECT_TRUE(words.starts_with("Call me when")) << words;
    EXPECT_NE(words.find("hour"), std::string::npos) << words;
    EXPECT_EQ(std::ranges::count(responder_->log, "retract"), static_cast<int>(reopened.size()));
    const json summary = named("summary")[0];
    EXPECT_EQ(summary["turns"], 1);
    EXPECT_EQ(summary["false_cutoffs"], reopened.size());
}

TEST_F(ConversationTest, HalfDuplexDoesNotHearWhileItSpeaks) {
    hold(join({clip("spoken/plain-01.wav"), clip("spoken/plain-33.wav")}), {kLong, kLong}, {.duplex = false});
    EXPECT_EQ(named("turn_end").size(), 1u);
    EXPECT_TRUE(named("barge_in").empty());
    EXPECT_EQ(named("audio_done").size(), 1u);
}

TEST_F(ConversationTest, SilenceNoiseAndClicksMakeNoTurn) {
    std::vector<float> noise(16000 * 5);
    std::mt19937 random(1);
    for (float& sample : noise) sample = std::normal_distribution<float>(0, 0.05f)(random);
    std::vector<float> clicks = silence(5);
    for (size_t i = 8000; i < clicks.size(); i += 16000) clicks[i] = clicks[i + 1] = 0.9f;
    for (const auto& sound : {silence(5), noise, clicks}) {
        events_.clear();
        hold(sound, {"What?"});
        EXPECT_TRUE(named("turn_end").empty());
        EXPECT_EQ(loudest(0, 1e6), 0);
    }
    EXPECT_TRUE(responder_->log.empty());
}

TEST_F(ConversationTest, AQuestionThatNobodyAnswersIsDroppedAfterTenSeconds) {
    hold(join({clip("spoken/plain-01.wav"), silence(12)}), {"Shall I run the backup?"});
    ASSERT_EQ(named("question_dropped").size(), 1u);
    const double asked = named("audio_done")[0]["t_ms"], dropped = named("question_dropped")[0]["t_ms"];
    EXPECT_GE(dropped - asked, 10'000);
    EXPECT_LE(dropped - asked, 10'500);
    EXPECT_EQ(responder_->log.back(), "drop");
    // An answer in time is one.
    events_.clear();
    hold(join({clip("spoken/plain-01.wav"), clip("spoken/plain-33.wav")}), {"Shall I run the backup?"});
    EXPECT_TRUE(named("question_dropped").empty());
}

TEST_F(ConversationTest, WithoutSpeculationTheTurnIsTheSame) {
    hold(clip("spoken/plain-01.wav"), {"It is three."}, {.duplex = true, .speculate = false});
    ASSERT_EQ(named("transcript").size(), 1u);
    EXPECT_EQ(named("transcript")[0]["text"], "What time is it?");
}

TEST_F(ConversationTest, TheSameInputGivesTheSameEvents) {
    const auto sound = join({clip("spoken/paused-03.wav"), clip("spoken/plain-33.wav")});
    hold(sound, {kLong});
    const auto first = std::exchange(events_, {});
    hold(sound, {kLong});
    EXPECT_EQ(first, events_);
}

TEST_F(ConversationTest, ASetCancelEndsIt) {
    ScriptedResponder responder(engine_->llm->new_session().value(), {"Yes."});
    VirtualClock clock;
    WavSource source(silence(3600), clock);
    WavSink sink(clock);
    const TalkOptions options;
    const OnEvent none;
    const models::TranscribeOptions hear;
    const models::SpeakOptions speak;
    const Cancel cancel;
    cancel.cancel();
    Conversation conversation({*engine_, responder, hear, speak, source, sink, clock, options, none});
    EXPECT_TRUE(conversation.run(cancel));
    EXPECT_LT(clock.now(), std::chrono::seconds(1));
}

TEST_F(ConversationTest, OnTheRealClockItKeepsPace) {
    ScriptedResponder responder(engine_->llm->new_session().value(), {"Yes."});
    RealClock clock;
    WavSource source(clip("spoken/plain-34.wav"), clock);
    WavSink sink(clock);
    const TalkOptions options{.duplex = true};
    std::vector<std::string> seen;
    const OnEvent on_event = [&](const json& line) { seen.push_back(line["event"]); };
    const models::TranscribeOptions hear;
    const models::SpeakOptions speak;
    const Microseconds start = clock.now();
    Conversation conversation({*engine_, responder, hear, speak, source, sink, clock, options, on_event});
    ASSERT_TRUE(conversation.run(Cancel()));
    EXPECT_GE(clock.now() - start, std::chrono::milliseconds(3500));
    EXPECT_EQ(seen, (std::vector<std::string>{"speech_started", "speech_stopped", "turn_end", "transcript",
                                              "reply_clause", "first_audio", "audio_done", "summary"}));
}

}  // namespace
}  // namespace coda::assistant
