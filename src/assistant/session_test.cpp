// The whole assistant, every model real: what it does with recordings on the virtual clock is compared, event
// by event, with the logs in tests/golden/turn. CODA_WRITE_GOLDEN=1 writes them anew; read the difference
// before you commit it.
#include "assistant/session.h"

#include "assistant/planner.h"
#include "assistant/test_sounds.h"
#include "assistant/wav_audio.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

namespace coda::assistant {
namespace {

using nlohmann::json;

class SessionTest : public ::testing::Test {
  protected:
    static void SetUpTestSuite() {
        setenv("CODA_CPU", "avx2", 1);  // event logs are exact for one instruction set
        auto engine = Engine::load({});
        ASSERT_TRUE(engine) << engine.error().message();
        engine_ = std::move(*engine);
    }
    static void TearDownTestSuite() {
        engine_.reset();
        unsetenv("CODA_CPU");
    }
    void SetUp() override {
        ASSERT_TRUE(engine_ && engine_->llm && engine_->stt && engine_->tts && engine_->vad && engine_->turn);
        auto session = Session::create(*engine_, {});
        ASSERT_TRUE(session) << session.error().message();
        session_ = std::move(*session);
    }

    std::string talk(std::vector<float> samples, const TalkOptions& options = {.duplex = true}) {
        VirtualClock clock;
        WavSource source(std::move(samples), clock);
        WavSink sink(clock);
        std::string log;
        const Status status = session_->talk(
            source, sink, clock, options, [&](const json& line) { log += line.dump() + "\n"; }, Cancel());
        EXPECT_TRUE(status) << status.error().message();
        return log;
    }

    // Exact but for times: the small networks run in ONNX Runtime, whose sums differ between processors, and
    // so does the length of a sound by a millisecond or two.
    static void expect_same_line(const std::string& line, const std::string& expected) {
        constexpr double kMilliseconds = 5;
        json heard = json::parse(line), golden = json::parse(expected);
        for (auto& [key, value] : golden.items()) {
            if (!key.ends_with("_ms") || !value.is_number() || !heard.contains(key)) continue;
            if (std::abs(heard[key].get<double>() - value.get<double>()) <= kMilliseconds) heard[key] = value;
        }
        EXPECT_EQ(heard.dump(), golden.dump());
    }

    static void expect_golden(const std::string& name, const std::string& log) {
        const std::string path = CODA_SOURCE_DIR "/tests/golden/turn/" + name + ".jsonl";
        if (std::getenv("CODA_WRITE_GOLDEN")) std::ofstream(path) << log;
        std::ifstream file(path);
        const std::string expected((std::istreambuf_iterator<char>(file)), {});
        ASSERT_FALSE(expected.empty()) << path;
        std::istringstream lines(log), golden(expected);
        std::string line, expected_line;
        while (std::getline(golden, expected_line)) {
            ASSERT_TRUE(std::getline(lines, line)) << "missing: " << expected_line;
            expect_same_line(line, expected_line);
        }
        EXPECT_FALSE(std::getline(lines, line)) << "more: " << line;
    }

    static std::unique_ptr<Engine> engine_;
    std::unique_ptr<Session> session_;
};
std::unique_ptr<Engine> SessionTest::engine_;

TEST_F(SessionTest, TwoSumsInOneFile) {
    expect_golden("two_turns", talk(join({clip("spoken/plain-04.wav"), clip("spoken/plain-39.wav")})));
}

TEST_F(SessionTest, APauseInMidSentence) {
    expect_golden("pause", talk(clip("spoken/paused-04.wav")));
}

TEST_F(SessionTest, ReplyInterrupted) {
    // "What can you do?" is answered at length; "Stop." is said 3.5 s after the question's end.
    std::vector<float> question = clip("spoken/plain-09.wav");
    expect_golden("barge_in", talk(join({question, clip("spoken/plain-33.wav")})));
}

TEST_F(SessionTest, AReopenedTurn) {
    TalkOptions hasty{.duplex = true};
    hasty.endpointing.threshold = -100;
    expect_golden("reopened", talk(clip("spoken/paused-05.wav"), hasty));
}

TEST_F(SessionTest, SilenceMakesNoTurn) {
    expect_golden("silence", talk(silence(5)));
}

TEST_F(SessionTest, ASpokenQuestionIsAnsweredInSpeech) {
    std::vector<std::string> clauses;
    size_t streamed = 0;
    const auto report = session_->ask_speech(
        clip("spoken/plain-39.wav"), Cancel(),
        [&](const std::string& clause) {
            clauses.push_back(clause);
            return true;
        },
        [&](std::span<const float> samples) {
            streamed += samples.size();
            return true;
        });
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_FALSE(report->transcript.empty());
    EXPECT_NE(report->reply.text.find("144"), std::string::npos) << report->reply.text;
    EXPECT_FALSE(clauses.empty());
    EXPECT_GT(report->audio.size(), 24000u / 2);
    EXPECT_EQ(report->audio.size(), streamed);
    ASSERT_TRUE(report->stt_ms && report->first_clause_ms && report->tts_first_audio_ms &&
                report->response_ms);
    EXPECT_GE(*report->response_ms, *report->stt_ms);
}

// A conversation whose time of day is the virtual clock's.
class DueTest : public SessionTest {
  protected:
    void SetUp() override {
        SessionTest::SetUp();
        auto planner = Planner::open({});
        ASSERT_TRUE(planner) << planner.error().message();
        ASSERT_TRUE((*planner)->attend());
        Session::Options options;
        options.responder.planner = std::move(*planner);
        options.responder.now = [this] {
            return std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) +
                   std::chrono::floor<std::chrono::seconds>(clock_.now());
        };
        auto session = Session::create(*engine_, options);
        ASSERT_TRUE(session) << session.error().message();
        session_ = std::move(*session);
    }
    std::vector<json> hold(std::vector<float> samples) {
        WavSource source(std::move(samples), clock_);
        WavSink sink(clock_);
        std::vector<json> events;
        const Status status = session_->talk(
            source, sink, clock_, {.duplex = true}, [&](const json& line) { events.push_back(line); },
            Cancel());
        EXPECT_TRUE(status) << status.error().message();
        return events;
    }
    static size_t place(const std::vector<json>& events, const std::string& name) {
        for (size_t i = 0; i < events.size(); ++i)
            if (events[i]["event"] == name) return i;
        return events.size();
    }
    VirtualClock clock_;
};

TEST_F(DueTest, ATimerIsSaidToBeDoneWhenNobodySpeaks) {
    ASSERT_TRUE(session_->ask("Set a pasta timer for two seconds.", Cancel(), {}, {}));
    const std::vector<json> events = hold(silence(5));
    const size_t due = place(events, "due"), clause = place(events, "reply_clause");
    ASSERT_LT(due, events.size());
    ASSERT_LT(clause, events.size());
    EXPECT_EQ(events[due]["items"][0]["name"], "pasta");
    EXPECT_EQ(events[clause]["text"], "Your pasta timer is done.");
    EXPECT_GE(events[clause]["t_ms"].get<double>(), 2000);
    EXPECT_LE(events[clause]["t_ms"].get<double>(), 2500);
    EXPECT_LT(place(events, "audio_done"), events.size());
    EXPECT_EQ(events.back()["turns"], 0);
}

TEST_F(DueTest, ItWaitsForThePersonAndForTheReply) {
    ASSERT_TRUE(session_->ask("Remind me in one second to feed the cat.", Cancel(), {}, {}));
    const std::vector<json> events = hold(clip("spoken/plain-01.wav"));
    const size_t due = place(events, "due");
    ASSERT_LT(due, events.size());
    EXPECT_GT(due, place(events, "transcript"));
    EXPECT_GT(due, place(events, "audio_done"));
    EXPECT_TRUE(std::ranges::any_of(events, [](const json& line) {
        return line.value("text", "") == "Here's your reminder to feed the cat.";
    }));
    EXPECT_EQ(events.back()["turns"], 1);
}

TEST_F(SessionTest, SilenceIsNoQuestion) {
    const auto report = session_->ask_speech(silence(3), Cancel(), {}, {});
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_EQ(report->transcript, "");
    EXPECT_TRUE(report->audio.empty());
    EXPECT_TRUE(session_->ask_speech({}, Cancel(), {}, {}));
}

TEST_F(SessionTest, TypedTurnsFollowOnEachOther) {
    const auto first = session_->ask("What is 12 times 12?", Cancel(), {}, {});
    ASSERT_TRUE(first) << first.error().message();
    EXPECT_NE(first->reply.text.find("144"), std::string::npos);
    const auto chat = session_->ask("Tell me something nice about the sea.", Cancel(), {}, {});
    ASSERT_TRUE(chat) << chat.error().message();
    EXPECT_EQ(chat->reply.path, ReplyPath::llm);
    EXPECT_GT(chat->reply.llm.generated_tokens, 0);
    EXPECT_TRUE(chat->prefill_ms && chat->first_token_ms);
}

TEST_F(SessionTest, CancelAndAListenerWhoStopsEndTheTurn) {
    const Cancel cancel;
    cancel.cancel();
    const auto cancelled = session_->ask("Tell me a long story.", cancel, {}, {});
    ASSERT_FALSE(cancelled);
    EXPECT_EQ(cancelled.error().code, ErrorCode::cancelled);
    int clauses = 0;
    const auto stopped = session_->ask("Tell me a long story about a ship.", Cancel(),
                                       [&](const std::string&) { return ++clauses < 1; }, {});
    EXPECT_EQ(clauses, 1);
    // The session goes on.
    EXPECT_TRUE(session_->ask("What is 2 plus 2?", Cancel(), {}, {}));
}

TEST_F(SessionTest, WithoutTheModelsForItSpeechIsAnErrorWithItsReason) {
    EngineConfig config;
    config.llm.source = "none";
    config.load_stt = config.load_vad = config.load_tts = false;
    auto engine = Engine::load(config);
    ASSERT_TRUE(engine);
    (*engine)->stt_error = {ErrorCode::not_found, "no speech-to-text", "", "run script/bootstrap"};
    auto session = Session::create(**engine, {});
    ASSERT_TRUE(session);
    const auto report = (*session)->ask_speech(silence(1), Cancel(), {}, {});
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().what, "no speech-to-text");
    const auto typed = (*session)->ask("What is 3 plus 4?", Cancel(), {}, {});
    ASSERT_TRUE(typed) << typed.error().message();
    EXPECT_TRUE(typed->audio.empty());
}

}  // namespace
}  // namespace coda::assistant
