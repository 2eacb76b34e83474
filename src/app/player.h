// Plays a reply on the speaker while it is still being made.
// Thread safety: one thread at a time.
#pragma once

#include "audio/speaker.h"
#include "base/cancel.h"
#include "base/result.h"

#include <memory>
#include <span>
#include <string>

namespace coda::app {

class Player {
  public:
    static Result<std::unique_ptr<Player>> open(const std::string& device);

    // Queues all of `samples` (24 kHz mono), waiting for room; false when cancelled or the device is gone.
    bool play(std::span<const float> samples, const Cancel& cancel);
    // Waits until all was heard. When cancelled, fades out at once.
    void finish(const Cancel& cancel);

  private:
    explicit Player(std::unique_ptr<audio::Speaker> speaker) : speaker_(std::move(speaker)) {}
    std::unique_ptr<audio::Speaker> speaker_;
};

}  // namespace coda::app
