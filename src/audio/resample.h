// Sample-rate conversion of mono signals through libsoxr (LGPL, linked dynamically), at its "high quality".
#pragma once

#include "base/result.h"

#include <memory>
#include <span>
#include <vector>

namespace coda::audio {

// Whole-signal conversion; the output has round(n * to / from) samples and no delay.
Result<std::vector<float>> resample(std::span<const float> samples, int from_rate, int to_rate);

// Block by block, for live streams: the last 15 to 50 ms (the lower the rate, the more) are held back until
// what follows them is known. Belongs to one thread.
class StreamResampler {
  public:
    static Result<StreamResampler> create(int from_rate, int to_rate);
    StreamResampler(StreamResampler&&) noexcept;
    StreamResampler& operator=(StreamResampler&&) noexcept;
    ~StreamResampler();
    // Appends what is ready to `out`.
    Status push(std::span<const float> samples, std::vector<float>& out);
    // Appends what was held back; a new signal may follow.
    Status flush(std::vector<float>& out);

  private:
    struct Impl;
    explicit StreamResampler(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace coda::audio
