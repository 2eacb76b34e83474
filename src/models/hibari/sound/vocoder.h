// The network's spectral parts to samples. Per frame of 12.5 ms and per bin the spectrum is
//   S = e^lh e^(i pi tanh theta) E + e^ln Z + e^lr e^(i phi)
// where E is the short-time spectrum of the pulse train (divided by 300) and Z is noise; lh, ln and lr count
// at most
// 7. The samples are its inverse STFT: Hann window of 1200, hop 300, centred, 24 kHz.
// Frames are rendered a few at a time, so that the first samples leave while later frames wait.
// Thread safety: a Vocoder belongs to one thread; the FFT's tables may be shared.
#pragma once

#include "models/hibari/sound/fft.h"
#include "models/hibari/sound/noise.h"
#include "models/hibari/sound/pulses.h"

#include <array>
#include <span>
#include <vector>

namespace coda::models::hibari {

// What the network says of one clause. Each of the five parts is [601, frames], row-major; f0 is [frames] in
// Hz.
struct SpectralParts {
    int frames = 0;
    std::span<const float> lh, theta, ln, lr, phi, f0;
};

class Vocoder {
  public:
    static constexpr int kSampleRate = 24000;
    static constexpr int kHop = Pulses::kHop;
    static constexpr int kWindow = RealFft::kSize;

    // Everything given must outlive the vocoder.
    Vocoder(const RealFft& fft, const SpectralParts& parts, Noise& noise);

    // The next samples, frames * kHop of them over all calls; an empty span at the end. Valid until the next
    // call.
    std::span<const float> next();

  private:
    static constexpr int kOverlap = kWindow / kHop;

    std::span<const float> frame_pulses(std::span<const float> pulses, int frame,
                                        std::span<float> mirror) const;
    void source_spectrum(int frame);
    void mix_spectrum(int frame);
    Lanes part(std::span<const float> values, int bin, int frame) const;
    void overlap_add(int frame, int count);
    void normalise(std::span<float> hop, int block) const;

    const RealFft& fft_;
    SpectralParts parts_;
    Noise& noise_;
    Pulses pulses_;
    std::array<float, kWindow> window_;
    RealFft::Workspace work_;
    std::vector<Lanes> frame_samples_;             // [kWindow]
    std::vector<ComplexLanes> source_, spectrum_;  // [kBins]
    bool voiced_ = false;                          // source_ is not zero
    std::vector<float> sum_;  // overlap-added samples that are not complete yet, and room
    std::vector<float> out_;
    int frame_ = 0;  // the next one to render
};

}  // namespace coda::models::hibari
