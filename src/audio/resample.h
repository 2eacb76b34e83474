// Sample-rate conversion through libsoxr (LGPL, linked dynamically).
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/result.h"

namespace coda::audio {

// Whole-signal conversion at soxr's "high quality"; output length is round(n * to / from).
Result<std::vector<float>> resample(std::span<const float> samples, int from_rate, int to_rate);

// Block by block, for live streams. Belongs to one thread.
class StreamResampler {
  public:
    static Result<StreamResampler> create(int from_rate, int to_rate);
    StreamResampler(StreamResampler&&) noexcept;
    StreamResampler& operator=(StreamResampler&&) noexcept;
    ~StreamResampler();
    // Appends what is ready to `out`; soxr holds back its filter's delay.
    Status push(std::span<const float> samples, std::vector<float>& out);
    Status flush(std::vector<float>& out);

  private:
    struct Impl;
    explicit StreamResampler(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace coda::audio
