#include "assistant/wav_audio.h"

#include <vector>

#include <gtest/gtest.h>

namespace coda::assistant {
namespace {

// A real clock's behaviour with times that a test sets.
class SetClock final : public Clock {
  public:
    Microseconds now() const override { return now_; }
    void wait_until(Microseconds time) override { now_ = std::max(now_, time); }
    bool is_virtual() const override { return false; }
    void pass(int ms) { now_ += Microseconds(ms * 1000); }

  private:
    Microseconds now_{1'000'000};
};

TEST(WavSource, CountsFramesThatAreTakenTooLate) {
    SetClock clock;
    WavSource source(std::vector<float>(16000), clock);
    std::vector<float> frame(512);
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(*source.read(frame));
    EXPECT_EQ(source.late_blocks(), 0u);
    clock.pass(60);  // the next is due 32 ms from the last: 28 ms late is not yet a frame
    ASSERT_TRUE(*source.read(frame));
    EXPECT_EQ(source.late_blocks(), 0u);
    clock.pass(200);  // now some are, until the reader has caught up
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(*source.read(frame));
    EXPECT_EQ(source.late_blocks(), 6u);

    VirtualClock simulated;
    WavSource other(std::vector<float>(16000), simulated);
    ASSERT_TRUE(*other.read(frame));
    simulated.advance(Microseconds(1'000'000));
    ASSERT_TRUE(*other.read(frame));
    EXPECT_EQ(other.late_blocks(), 0u);
}

TEST(WavSink, CountsBreaksWithinAReply) {
    SetClock clock;
    WavSink sink(clock);
    const std::vector<float> tenth(2400, 0.5f);
    ASSERT_EQ(*sink.write(tenth), tenth.size());
    clock.pass(90);
    ASSERT_EQ(*sink.write(tenth), tenth.size());  // in time
    EXPECT_EQ(sink.gaps(), 0u);
    clock.pass(150);
    ASSERT_EQ(*sink.write(tenth), tenth.size());  // 40 ms of nothing
    EXPECT_EQ(sink.gaps(), 1u);
    clock.pass(1000);
    ASSERT_EQ(*sink.write(tenth), tenth.size());  // a new reply
    EXPECT_EQ(sink.gaps(), 1u);
    clock.pass(50);
    sink.clear();
    clock.pass(100);
    ASSERT_EQ(*sink.write(tenth), tenth.size());  // after an interruption
    EXPECT_EQ(sink.gaps(), 1u);
}

}  // namespace
}  // namespace coda::assistant
