// The voice's source: a band-limited pulse train that follows the pitch curve, every harmonic below 11 kHz at
// unit amplitude. With H harmonics at phase t their sum is sin((H + 1/2) t) / (2 sin(t / 2)) - 1/2; unvoiced
// stretches are zero. Thread safety: belongs to one thread.
#pragma once

#include <span>
#include <vector>

namespace coda::models::hibari {

class Pulses {
  public:
    static constexpr int kHop = 300;  // samples per frame at 24 kHz

    // `pitch`: Hz per frame, 0 where unvoiced; must outlive this object.
    explicit Pulses(std::span<const float> pitch);

    // The samples of the first `frames` frames at least; computed on demand, at most all of them.
    std::span<const float> until_frame(size_t frames);
    size_t total_samples() const { return pitch_.size() * kHop; }

  private:
    void render_frame(size_t frame);

    std::span<const float> pitch_;
    std::vector<float> samples_;
    double cycles_ = 0;  // sum of the pitch so far, in Hz times samples
};

}  // namespace coda::models::hibari
