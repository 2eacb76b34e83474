// Real Fourier transforms of length 1200 = 2^4 * 3 * 5^2, four signals side by side (one per lane).
// Thread safety: immutable after construction; every call brings its own workspace.
#pragma once

#include "models/hibari/sound/lanes.h"

#include <array>
#include <span>
#include <vector>

namespace coda::models::hibari {

struct ComplexLanes {
    Lanes re, im;
};

class RealFft {
  public:
    static constexpr int kSize = 1200;
    static constexpr int kBins = kSize / 2 + 1;

    struct Workspace {
        std::array<ComplexLanes, kSize / 2> a, b;
    };

    RealFft();

    // samples[kSize] -> bins[kBins], without scaling.
    void forward(std::span<const Lanes> samples, std::span<ComplexLanes> bins, Workspace& work) const;
    // bins[kBins] -> samples[kSize], scaled so that it undoes forward. The imaginary parts of the first and
    // the last bin do not count.
    void inverse(std::span<const ComplexLanes> bins, std::span<Lanes> samples, Workspace& work) const;

  private:
    struct Twiddle {
        float re, im;
    };
    // Transforms work.a and returns where the result lies (work.a or work.b).
    ComplexLanes* transform(Workspace& work) const;

    std::vector<Twiddle> passes_;  // per pass, per group: radix - 1 factors
    std::vector<Twiddle> halves_;  // e^(-2 pi i k / kSize), k <= kSize / 2
};

}  // namespace coda::models::hibari
