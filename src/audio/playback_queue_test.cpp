#include "audio/playback_queue.h"

#include <cmath>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace coda::audio {
namespace {

constexpr PlaybackQueue::Limits kLimits{1024, 10, 50};

std::vector<float> render(PlaybackQueue& queue, size_t count) {
    std::vector<float> out(count, 9);
    queue.render(out);
    return out;
}

TEST(PlaybackQueue, PlaysWhatWasWrittenThenSilence) {
    PlaybackQueue queue(kLimits);
    EXPECT_EQ(queue.write(std::vector<float>{1, 2, 3}), 3u);
    EXPECT_EQ(queue.queued(), 3u);
    EXPECT_EQ(render(queue, 5), (std::vector<float>{1, 2, 3, 0, 0}));
    EXPECT_EQ(queue.played(), 3u);
    EXPECT_EQ(queue.queued(), 0u);
}

TEST(PlaybackQueue, TakesWhatFits) {
    PlaybackQueue queue(kLimits);
    EXPECT_EQ(queue.write(std::vector<float>(2000, 1)), 1024u);
    EXPECT_EQ(queue.room(), 0u);
    EXPECT_EQ(queue.write(std::vector<float>(1, 1)), 0u);
    render(queue, 24);
    EXPECT_EQ(queue.room(), 24u);
}

TEST(PlaybackQueue, ClearFadesWithinItsSamplesAndKeepsWhatComesAfter) {
    PlaybackQueue queue(kLimits);
    queue.write(std::vector<float>(100, 1));
    render(queue, 20);
    queue.request_clear();
    EXPECT_FALSE(queue.cleared());
    queue.write(std::vector<float>(5, 0.5F));
    const auto out = render(queue, 20);
    EXPECT_TRUE(queue.cleared());
    for (size_t i = 1; i < 10; ++i) EXPECT_NEAR(out[i - 1] - out[i], 1.0F / 11, 1e-6);
    EXPECT_NEAR(out[9], 1.0F / 11, 1e-6);
    EXPECT_EQ(std::vector<float>(out.begin() + 10, out.end()),
              (std::vector<float>{0.5F, 0.5F, 0.5F, 0.5F, 0.5F, 0, 0, 0, 0, 0}));
    EXPECT_EQ(queue.played(), 35u);
    EXPECT_EQ(queue.queued(), 0u);
}

TEST(PlaybackQueue, AFadeGoesOnOverSmallBlocksAndASecondClearJoinsIt) {
    PlaybackQueue queue(kLimits);
    queue.write(std::vector<float>(100, 1));
    queue.request_clear();
    auto out = render(queue, 4);
    EXPECT_FALSE(queue.cleared());
    queue.write(std::vector<float>(100, 1));
    queue.request_clear();
    for (int block = 0; block < 3; ++block)
        for (const float sample : render(queue, 4)) out.push_back(sample);
    EXPECT_TRUE(queue.cleared());
    for (size_t i = 0; i < 10; ++i) EXPECT_NEAR(out[i], 1 - static_cast<float>(i + 1) / 11, 1e-6);
    EXPECT_EQ(out[10], 0);
    EXPECT_EQ(out[11], 0);
    EXPECT_EQ(queue.played(), 10u);
    EXPECT_EQ(queue.queued(), 0u);
}

TEST(PlaybackQueue, ClearingNothingIsDoneAtOnce) {
    PlaybackQueue queue(kLimits);
    queue.request_clear();
    EXPECT_TRUE(queue.cleared());
    queue.write(std::vector<float>(5, 1));
    render(queue, 10);
    queue.request_clear();
    render(queue, 10);
    EXPECT_TRUE(queue.cleared());
    EXPECT_EQ(queue.played(), 5u);
}

TEST(PlaybackQueue, CountsShortDrySpellsButNotTheEndOfAReply) {
    PlaybackQueue queue(kLimits);
    queue.write(std::vector<float>(15, 1));
    render(queue, 10);
    render(queue, 10);  // 5 samples of silence
    render(queue, 10);
    queue.write(std::vector<float>(5, 1));
    render(queue, 10);
    EXPECT_EQ(queue.gaps(), 1u);
    for (int i = 0; i < 10; ++i) render(queue, 10);
    queue.write(std::vector<float>(5, 1));  // the next reply
    render(queue, 10);
    EXPECT_EQ(queue.gaps(), 1u);
    queue.write(std::vector<float>(50, 1));
    queue.request_clear();
    render(queue, 20);
    queue.write(std::vector<float>(5, 1));
    render(queue, 10);
    EXPECT_EQ(queue.gaps(), 2u) << "only the gap before the clear counts";
}

TEST(PlaybackQueue, LosesNothingBetweenTwoThreads) {
    PlaybackQueue queue(kLimits);
    constexpr size_t kCount = 20000;
    std::thread callback([&] {
        float last = 0;
        while (last < kCount) {
            for (const float sample : render(queue, 7)) {
                if (sample == 0) continue;
                ASSERT_EQ(sample, last + 1);
                last = sample;
            }
        }
    });
    for (size_t i = 1; i <= kCount;) {
        const auto sample = static_cast<float>(i);
        i += queue.write(std::span<const float>(&sample, 1));
    }
    callback.join();
    EXPECT_EQ(queue.played(), kCount);
}

}  // namespace
}  // namespace coda::audio
