// Microphone and speaker as a conversation's source and sink.
// Thread safety: a source belongs to the thread that reads it, a sink to the conversation's.
#pragma once

#include "assistant/session.h"
#include "audio/microphone.h"
#include "audio/speaker.h"

#include <memory>
#include <span>
#include <utility>

namespace coda::assistant {

class MicrophoneSource final : public AudioSource {
  public:
    explicit MicrophoneSource(std::unique_ptr<audio::Microphone> microphone)
        : microphone_(std::move(microphone)) {}

    // Never ends; fails with unavailable when the device is gone.
    Result<bool> read(std::span<float> frame) override {
        CODA_CHECK(microphone_->read(frame));
        return true;
    }
    uint64_t late_blocks() const override { return microphone_->late_blocks(); }

  private:
    std::unique_ptr<audio::Microphone> microphone_;
};

class SpeakerSink final : public AudioSink {
  public:
    explicit SpeakerSink(std::unique_ptr<audio::Speaker> speaker) : speaker_(std::move(speaker)) {}

    Result<size_t> write(std::span<const float> samples) override { return speaker_->write(samples); }
    void clear() override { speaker_->clear(); }
    size_t played() const override { return speaker_->played(); }
    double output_latency_ms() const override { return speaker_->output_latency_ms(); }
    uint64_t late_blocks() const override { return speaker_->late_blocks(); }
    uint64_t gaps() const override { return speaker_->gaps(); }

  private:
    std::unique_ptr<audio::Speaker> speaker_;
};

}  // namespace coda::assistant
