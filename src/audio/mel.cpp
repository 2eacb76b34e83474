#include "audio/mel.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace coda::audio {
namespace {

constexpr int kWindow = 400;
constexpr int kHop = 160;
constexpr int kHalf = kWindow / 2;
constexpr int kBins = kHalf + 1;
constexpr double kSampleRate = 16000;

// Four frames are transformed side by side, one in each lane.
using Lanes = float __attribute__((vector_size(16)));
constexpr int kLanes = 4;

struct Complex {
    Lanes re, im;
};

Complex operator+(Complex a, Complex b) {
    return {a.re + b.re, a.im + b.im};
}
Complex operator-(Complex a, Complex b) {
    return {a.re - b.re, a.im - b.im};
}
Complex operator*(Complex a, float b) {
    return {a.re * b, a.im * b};
}
Complex times_minus_i(Complex a) {
    return {a.im, -a.re};
}

struct Twiddle {
    float re, im;
};
Complex operator*(Complex a, Twiddle w) {
    return {a.re * w.re - a.im * w.im, a.re * w.im + a.im * w.re};
}

Twiddle unit_root(int k, int n) {
    const double angle = -2 * std::numbers::pi * k / n;
    return {static_cast<float>(std::cos(angle)), static_cast<float>(std::sin(angle))};
}

// In-place transforms of 2, 4 and 5 points.
void dft(std::array<Complex, 2>& x) {
    x = {x[0] + x[1], x[0] - x[1]};
}

void dft(std::array<Complex, 4>& x) {
    const Complex even_sum = x[0] + x[2], even_difference = x[0] - x[2];
    const Complex odd_sum = x[1] + x[3], odd_difference = times_minus_i(x[1] - x[3]);
    x = {even_sum + odd_sum, even_difference + odd_difference, even_sum - odd_sum,
         even_difference - odd_difference};
}

void dft(std::array<Complex, 5>& x) {
    constexpr float kCos1 = 0.30901699437494745f, kCos2 = -0.8090169943749475f;
    constexpr float kSin1 = 0.9510565162951535f, kSin2 = 0.5877852522924731f;
    const Complex outer = x[1] + x[4], inner = x[2] + x[3];
    const Complex outer_turned = times_minus_i(x[1] - x[4]), inner_turned = times_minus_i(x[2] - x[3]);
    const Complex even1 = x[0] + outer * kCos1 + inner * kCos2,
                  odd1 = outer_turned * kSin1 + inner_turned * kSin2;
    const Complex even2 = x[0] + outer * kCos2 + inner * kCos1,
                  odd2 = outer_turned * kSin2 - inner_turned * kSin1;
    x = {x[0] + outer + inner, even1 + odd1, even2 + odd2, even2 - odd2, even1 - odd1};
}

using Spectrum = std::array<Complex, kHalf>;

struct Roots {
    std::array<Twiddle, kHalf> half;    // of the complex transform of 200 points
    std::array<Twiddle, kBins> window;  // to split it into the real one of 400
    std::array<float, kWindow> hann;

    Roots() {
        for (int k = 0; k < kHalf; ++k) half[k] = unit_root(k, kHalf);
        for (int k = 0; k < kBins; ++k) window[k] = unit_root(k, kWindow);
        for (int i = 0; i < kWindow; ++i)
            hann[i] = static_cast<float>(0.5 - 0.5 * std::cos(2 * std::numbers::pi * i / kWindow));
    }
};

const Roots& roots() {
    static const Roots table;
    return table;
}

// One pass of Stockham's self-sorting transform: `length` points remain, `stride` interleaved transforms.
template <size_t Radix>
void pass(const Spectrum& in, Spectrum& out, int length, int stride, const Roots& table) {
    const int radix = static_cast<int>(Radix), step = length / radix, root = kHalf / length;
    for (int p = 0; p < step; ++p) {
        for (int q = 0; q < stride; ++q) {
            std::array<Complex, Radix> x;
            for (int j = 0; j < radix; ++j) x[j] = in[q + stride * (p + step * j)];
            dft(x);
            Complex* to = &out[q + stride * radix * p];
            to[0] = x[0];
            for (int k = 1; k < radix; ++k) to[stride * k] = x[k] * table.half[root * p * k];
        }
    }
}

// x: the windowed frame, even samples in re and odd ones in im. Gives |X[k]|^2 of its 400-point transform.
void power_spectrum(Spectrum& x, std::array<Lanes, kBins>& power) {
    const Roots& table = roots();
    Spectrum y;
    pass<4>(x, y, 200, 1, table);
    pass<5>(y, x, 50, 4, table);
    pass<5>(x, y, 10, 20, table);
    pass<2>(y, x, 2, 100, table);
    for (int k = 0; k < kBins; ++k) {
        const Complex a = x[k % kHalf];
        Complex b = x[(kHalf - k) % kHalf];
        b.im = -b.im;
        const Complex bin = (a + b) * 0.5f + times_minus_i(a - b) * table.window[k] * 0.5f;
        power[k] = bin.re * bin.re + bin.im * bin.im;
    }
}

// Slaney's mel scale: linear below 1 kHz, logarithmic above; every triangle has unit area.
double mel_to_hz(double mel) {
    constexpr double kHzPerMel = 200.0 / 3, kBreakHz = 1000, kBreakMel = kBreakHz / kHzPerMel;
    if (mel < kBreakMel) return mel * kHzPerMel;
    return kBreakHz * std::exp(std::log(6.4) / 27 * (mel - kBreakMel));
}

struct Triangle {
    int first_bin = 0;
    std::vector<float> weights;
};

std::vector<Triangle> slaney_filters(int bands) {
    constexpr double kMelOf8kHz = 45.245640471924965;
    std::vector<Triangle> filters(bands);
    for (int band = 0; band < bands; ++band) {
        const double low = mel_to_hz(kMelOf8kHz * band / (bands + 1));
        const double centre = mel_to_hz(kMelOf8kHz * (band + 1) / (bands + 1));
        const double high = mel_to_hz(kMelOf8kHz * (band + 2) / (bands + 1));
        for (int bin = 0; bin < kBins; ++bin) {
            const double hz = bin * kSampleRate / kWindow;
            const double height = std::min((hz - low) / (centre - low), (high - hz) / (high - centre));
            if (height <= 0) continue;
            if (filters[band].weights.empty()) filters[band].first_bin = bin;
            filters[band].weights.push_back(static_cast<float>(height * 2 / (high - low)));
        }
    }
    return filters;
}

// The signal with 200 samples mirrored about its first and last sample (again and again where it is shorter).
std::vector<float> reflect_padded(std::span<const float> samples) {
    const auto n = static_cast<int64_t>(samples.size());
    const int64_t period = std::max<int64_t>(2 * (n - 1), 1);
    const auto mirrored = [&](int64_t i) {
        const int64_t at = ((i % period) + period) % period;
        return samples[std::min(at, period - at) % n];
    };
    std::vector<float> padded(n + kWindow);
    for (int64_t i = 0; i < kHalf; ++i) {
        padded[i] = mirrored(i - kHalf);
        padded[kHalf + n + i] = mirrored(n + i);
    }
    std::copy(samples.begin(), samples.end(), padded.begin() + kHalf);
    return padded;
}

// The next kLanes frames from `frame` on; past the end the last frame is repeated.
void load_frames(const std::vector<float>& padded, int frame, int frames, Spectrum& x) {
    const Roots& table = roots();
    for (int lane = 0; lane < kLanes; ++lane) {
        const float* from = &padded[static_cast<size_t>(std::min(frame + lane, frames - 1)) * kHop];
        for (int i = 0; i < kHalf; ++i) {
            x[i].re[lane] = from[2 * i] * table.hann[2 * i];
            x[i].im[lane] = from[2 * i + 1] * table.hann[2 * i + 1];
        }
    }
}

void store_band(const Triangle& filter, const std::array<Lanes, kBins>& power, float* out, int count) {
    Lanes sum{};
    for (size_t i = 0; i < filter.weights.size(); ++i) sum += power[filter.first_bin + i] * filter.weights[i];
    for (int lane = 0; lane < count; ++lane) out[lane] = sum[lane];
}

// In place: log10 clamped below, at most 8 under the loudest, then scaled.
void compress(std::vector<float>& values) {
    constexpr float kLog10Of2 = 0.30102999566398120f;
    float loudest = -10;
    for (float& value : values) {
        value = std::log2(std::max(value, 1e-10f)) * kLog10Of2;
        loudest = std::max(loudest, value);
    }
    for (float& value : values) value = (std::max(value, loudest - 8) + 4) / 4;
}

}  // namespace

MelSpectrogram log_mel(std::span<const float> samples_16k, int bands) {
    MelSpectrogram mel;
    mel.bands = bands;
    mel.frames = static_cast<int>(samples_16k.size() / kHop);
    if (mel.frames == 0) return mel;

    const std::vector<Triangle> filters = slaney_filters(bands);
    const std::vector<float> padded = reflect_padded(samples_16k);
    mel.values.resize(static_cast<size_t>(bands) * mel.frames);
    Spectrum frames;
    std::array<Lanes, kBins> power;
    for (int frame = 0; frame < mel.frames; frame += kLanes) {
        load_frames(padded, frame, mel.frames, frames);
        power_spectrum(frames, power);
        for (int band = 0; band < bands; ++band)
            store_band(filters[band], power, &mel.values[static_cast<size_t>(band) * mel.frames + frame],
                       std::min(kLanes, mel.frames - frame));
    }
    compress(mel.values);
    return mel;
}

}  // namespace coda::audio
