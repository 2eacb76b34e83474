// Complex Gaussian noise for the vocoder, unit variance per component. Thread safety: implementations say.
#pragma once

#include "models/hibari/sound/fft.h"

#include <cstdint>
#include <span>

namespace coda::models::hibari {

class Noise {
  public:
    virtual ~Noise() = default;
    // The noise of frames frame .. frame + kLanes - 1, one frame per lane.
    virtual void fill(int frame, std::span<ComplexLanes, RealFft::kBins> bins) = 0;
};

// Drawn by hashing (seed, frame, bin), so that any frame can be asked for in any order. Immutable.
class SeededNoise final : public Noise {
  public:
    explicit SeededNoise(uint64_t seed) : seed_(seed) {}
    void fill(int frame, std::span<ComplexLanes, RealFft::kBins> bins) override;

  private:
    uint64_t seed_;
};

}  // namespace coda::models::hibari
