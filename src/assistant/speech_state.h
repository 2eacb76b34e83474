// How this conversation is spoken: volume and pace as the person asked for them. Thread safety: every member
// may be called from any thread; a clause that is being made keeps what it began with.
#pragma once

#include "models/hibari/hibari.h"
#include "tools/speech_control.h"

#include <atomic>
#include <span>

namespace coda::assistant {

class SpeechState final : public tools::SpeechControl {
  public:
    int volume() const override { return volume_; }
    void set_volume(int percent) override { volume_ = percent; }
    double pace() const override { return pace_; }
    void set_pace(double pace) override { pace_ = pace; }

    // For the reply that is being made alone: "say that again, slowly".
    void begin_reply() { once_ = 1; }
    void slow_reply() { once_ = 0.8; }

    // `configured` at this pace.
    models::SpeakOptions options(const models::SpeakOptions& configured) const;
    // What each sample is multiplied by: 1 at the usual volume, 0 when muted.
    float gain() const;
    // In place, kept within what a sink takes.
    static void amplify(std::span<float> samples, float gain);

  private:
    std::atomic<int> volume_{kUsualVolume};
    std::atomic<double> pace_{1}, once_{1};
};

}  // namespace coda::assistant
