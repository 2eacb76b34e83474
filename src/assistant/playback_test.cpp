#include "assistant/playback.h"

#include "assistant/wav_audio.h"
#include "audio/wav.h"

#include <gtest/gtest.h>

namespace coda::assistant {
namespace {

using namespace std::chrono_literals;

constexpr size_t kSecond = Playback::kSampleRate;

struct Playing : ::testing::Test {
    VirtualClock clock;
    WavSink sink{clock};
    Playback playback{sink, clock};

    void say(const std::string& text, size_t samples, float level = 0.5f) {
        const size_t clause = playback.add_clause(text);
        ASSERT_TRUE(playback.append(clause, std::vector<float>(samples, level)));
        playback.finish_clause(clause);
    }
    void play_until(Microseconds time) {
        while (clock.now() < time) {
            clock.advance(10ms);
            ASSERT_TRUE(playback.pump());
        }
    }
};

TEST_F(Playing, KnowsWhatWasHeard) {
    clock.advance_to(300ms);
    playback.begin();
    say("one two three four.", kSecond);
    say("five six seven eight.", kSecond);
    EXPECT_EQ(playback.heard_text(), "");
    play_until(300ms + 500ms);
    EXPECT_EQ(playback.heard_ms(), 500);
    EXPECT_EQ(playback.heard_text(), "one two");
    play_until(300ms + 1000ms);
    EXPECT_EQ(playback.heard_text(), "one two three four.");
    play_until(300ms + 1600ms);
    EXPECT_EQ(playback.heard_text(), "one two three four. five six");
    EXPECT_FALSE(playback.drained());
    play_until(300ms + 2010ms);
    EXPECT_TRUE(playback.drained());
    EXPECT_EQ(playback.heard_text(), "one two three four. five six seven eight.");
}

TEST_F(Playing, StopFadesWithinFiveMillisecondsAndTheNextReplyStartsAfresh) {
    playback.begin();
    say("one two three four.", kSecond);
    play_until(400ms);
    playback.stop();
    EXPECT_TRUE(playback.drained());
    const size_t stopped_at = kSecond * 4 / 10;
    ASSERT_EQ(sink.timeline().size(), stopped_at + kSecond * 5 / 1000);
    EXPECT_EQ(sink.timeline()[stopped_at - 1], 0.5f);
    EXPECT_LT(sink.timeline()[stopped_at], 0.5f);
    EXPECT_EQ(sink.timeline().back(), 0);

    clock.advance_to(1s);
    playback.begin();
    EXPECT_EQ(playback.heard_ms(), 0);
    say("five six.", kSecond / 2, 0.25f);
    play_until(1600ms);
    EXPECT_TRUE(playback.drained());
    EXPECT_EQ(sink.timeline().size(), kSecond * 15 / 10);
    EXPECT_EQ(sink.timeline()[kSecond - 1], 0);
    EXPECT_EQ(sink.timeline()[kSecond], 0.25f);
}

TEST_F(Playing, TheFirstAudibleSampleIsWithinFortyDecibelsOfThePeak) {
    playback.begin();
    const size_t clause = playback.add_clause("hm");
    std::vector<float> samples(1000, 0.009f);
    samples.resize(2000, 0.011f);
    samples.resize(3000, 1.0f);
    ASSERT_TRUE(playback.append(clause, samples));
    EXPECT_FALSE(playback.first_audible());
    playback.finish_clause(clause);
    EXPECT_EQ(playback.first_audible(), 1000u);
    EXPECT_EQ(playback.time_of(1000).count(), 41667);
}

TEST(WavSink, TakesNoMoreThanADeviceWould) {
    VirtualClock clock;
    WavSink sink(clock);
    const std::vector<float> second(kSecond, 0.1f);
    EXPECT_EQ(*sink.write(second), kSecond / 5);
    EXPECT_EQ(*sink.write(second), 0u);
    clock.advance(50ms);
    EXPECT_EQ(sink.played(), kSecond / 20);
    EXPECT_EQ(*sink.write(second), kSecond / 20);
}

TEST(WavSource, GivesWholeFramesThenEnds) {
    VirtualClock clock;
    WavSource source(std::vector<float>(1000, 1.0f), clock);
    std::vector<float> frame(512);
    ASSERT_EQ(source.read(frame).value(), true);
    ASSERT_EQ(source.read(frame).value(), true);
    EXPECT_EQ(frame[487], 1);
    EXPECT_EQ(frame[488], 0);
    EXPECT_EQ(source.read(frame).value(), false);
}

TEST(WavSource, KeepsPaceWithTheRealClock) {
    RealClock clock;
    WavSource source(std::vector<float>(3 * 512), clock);
    std::vector<float> frame(512);
    const Microseconds start = clock.now();
    while (source.read(frame).value()) {
    }
    EXPECT_GE(clock.now() - start, 96ms);
}

TEST(WavSource, AMissingFileIsAnError) {
    VirtualClock clock;
    EXPECT_EQ(WavSource::open("/nonexistent/speech.wav", clock).error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace coda::assistant
