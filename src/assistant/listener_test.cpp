#include "assistant/listener.h"

#include <vector>

#include <gtest/gtest.h>

namespace coda::assistant {
namespace {

using Event = Listener::Event;

// Feeds frames whose samples are all `level`, and returns the last event.
Event feed(Listener& listener, int frames, float probability, float level = 0) {
    Event last = Event::none;
    for (int i = 0; i < frames; ++i)
        last = listener.push(std::vector<float>(Listener::kFrameSamples, level), probability);
    return last;
}

TEST(Listener, SpeechIsConfirmedByTwoFramesAndKeepsWhatWasBeforeIt) {
    Listener listener;
    feed(listener, 50, 0.0f, 1);
    EXPECT_EQ(feed(listener, 1, 0.9f, 2), Event::none);
    EXPECT_EQ(feed(listener, 1, 0.9f, 2), Event::started);
    ASSERT_EQ(listener.audio().size(), 8000u + 2 * 512u);
    EXPECT_EQ(listener.audio()[7999], 1);
    EXPECT_EQ(listener.audio()[8000], 2);
}

TEST(Listener, AClickIsNoSpeech) {
    Listener listener;
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(feed(listener, 1, 0.95f), Event::none);
        EXPECT_EQ(feed(listener, 2, 0.1f), Event::none);
    }
    EXPECT_FALSE(listener.in_turn());
}

TEST(Listener, PauseResumeAndSilenceAreCounted) {
    Listener listener;
    feed(listener, 10, 0.9f);
    EXPECT_EQ(feed(listener, 2, 0.1f), Event::none);
    EXPECT_EQ(feed(listener, 1, 0.1f), Event::paused);
    EXPECT_TRUE(listener.quiet_now());
    EXPECT_EQ(listener.vad_silence_ms(), 96);
    // One loud frame neither ends the pause nor its count, but is no moment to decide.
    EXPECT_EQ(feed(listener, 1, 0.9f), Event::none);
    EXPECT_FALSE(listener.quiet_now());
    feed(listener, 1, 0.1f);
    EXPECT_TRUE(listener.quiet_now());
    EXPECT_EQ(listener.vad_silence_ms(), 160);
    EXPECT_EQ(feed(listener, 2, 0.9f), Event::resumed);
    EXPECT_EQ(feed(listener, 3, 0.1f), Event::paused);
    EXPECT_EQ(listener.vad_silence_ms(), 96);
}

TEST(Listener, SpeechAfterAFinishedTurnBelongsToItUntilForgotten) {
    Listener listener;
    feed(listener, 10, 0.9f, 1);
    feed(listener, 3, 0.1f, 2);
    listener.finish();
    EXPECT_FALSE(listener.in_turn());
    feed(listener, 4, 0.1f, 3);
    EXPECT_EQ(feed(listener, 2, 0.9f, 4), Event::resumed);
    ASSERT_EQ(listener.audio().size(), (10 + 3 + 4 + 2) * 512u);
    EXPECT_EQ(listener.audio()[0], 1);

    feed(listener, 3, 0.1f);
    listener.finish();
    listener.forget();
    feed(listener, 30, 0.1f, 5);
    EXPECT_EQ(feed(listener, 2, 0.9f, 6), Event::started);
    EXPECT_EQ(listener.audio()[0], 5);
}

TEST(Listener, ATurnHasALongestLength) {
    Listener listener;
    feed(listener, 10, 0.9f);
    EXPECT_FALSE(listener.overlong());
    feed(listener, static_cast<int>(Listener::kMaxTurnMs / Listener::kFrameMs), 0.9f);
    EXPECT_TRUE(listener.overlong());
}

}  // namespace
}  // namespace coda::assistant
