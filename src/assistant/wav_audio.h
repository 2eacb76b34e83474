// WAV files in the place of microphone and speaker, in step with a clock.
// Thread safety: a source belongs to the thread that reads it, a sink to the conversation's.
#pragma once

#include "assistant/session.h"
#include "base/clock.h"
#include "base/result.h"

#include <atomic>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

namespace coda::assistant {

// Frame k of the recording becomes readable (k + 1) x 32 ms after the first read on the real clock, at once
// on the virtual one. The last frame is filled up with silence.
class WavSource final : public AudioSource {
  public:
    // Any WAV that audio::read_wav takes, converted to 16 kHz.
    static Result<std::unique_ptr<WavSource>> open(const std::filesystem::path& path, Clock& clock);
    WavSource(std::vector<float> samples_16k, Clock& clock)
        : samples_(std::move(samples_16k)), clock_(clock) {}

    Result<bool> read(std::span<float> frame) override;
    // Frames handed out more than a frame after their time: never on the virtual clock.
    uint64_t late_blocks() const override { return late_blocks_.load(std::memory_order_relaxed); }
    double seconds() const { return static_cast<double>(samples_.size()) / 16000; }

  private:
    std::vector<float> samples_;
    Clock& clock_;
    size_t position_ = 0;
    Microseconds start_{0};
    std::atomic<uint64_t> late_blocks_{0};
};

// Lays what is written onto a time line that starts when the sink is made: the file then holds each reply
// where it would have been heard. Takes at most kBufferedMs ahead of the clock, as a device would.
class WavSink final : public AudioSink {
  public:
    static constexpr int kSampleRate = 24000;
    static constexpr double kBufferedMs = 200;
    static constexpr double kFadeMs = 5;
    static constexpr double kGapMs = 250;  // a longer silence is a pause, as with a device

    explicit WavSink(Clock& clock) : clock_(clock), start_(clock.now()) {}

    Result<size_t> write(std::span<const float> samples) override;
    void clear() override;
    size_t played() const override;
    double output_latency_ms() const override { return 0; }
    uint64_t gaps() const override { return gaps_; }

    const std::vector<float>& timeline() const { return timeline_; }
    // The time line as a file, at least up to now.
    Status save(const std::filesystem::path& path) const;

  private:
    size_t position_now() const;  // on the time line

    Clock& clock_;
    Microseconds start_;
    std::vector<float> timeline_;
    size_t run_begin_ = 0;   // where on the time line the samples that play without a gap begin
    size_t before_run_ = 0;  // samples played before that
    uint64_t gaps_ = 0;
    bool cleared_ = false;  // since the last write: what comes next continues nothing
};

}  // namespace coda::assistant
