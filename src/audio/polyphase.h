// Sample-rate conversion for the audio callback: nothing allocates, locks or waits after construction, and
// only about 2 ms are held back, which libsoxr (resample.h) cannot do. A Kaiser-windowed sinc, one row of
// coefficients per phase (Smith, "Digital Audio Resampling", CCRMA); rejection about 70 dB, pass band to 0.43
// of the lower rate. Thread safety: one thread at a time.
#pragma once

#include "base/result.h"

#include <cstddef>
#include <span>
#include <vector>

namespace coda::audio {

class PolyphaseResampler {
  public:
    // Fails with unsupported where the ratio of the rates would need a table of more than 16 MB.
    static Result<PolyphaseResampler> create(int from_rate, int to_rate);

    // How many input samples the next `outputs` samples need.
    size_t needed(size_t outputs) const;
    // How many output samples the next `inputs` samples give.
    size_t yield(size_t inputs) const;
    // Converts exactly: in.size() == needed(out.size()).
    void process(std::span<const float> in, std::span<float> out);

    // By how many output samples the result is late.
    double delay() const;

  private:
    PolyphaseResampler(size_t up, size_t down, size_t taps);

    size_t up_, down_;                 // to / from = up_ / down_, in lowest terms
    size_t taps_;                      // per phase
    std::vector<float> coefficients_;  // [up_, taps_]: the newest sample's first
    std::vector<float>
        history_;        // [2 * taps_]: the last taps_ inputs twice, so that they always lie in a row
    size_t newest_ = 0;  // where in the first half of history_ the newest input lies
    size_t phase_ = 0;   // of the next output, in 1 / up_ of an input sample; up_ and more: inputs first
};

}  // namespace coda::audio
