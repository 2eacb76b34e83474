#include "audio/polyphase.h"

#include <cmath>
#include <numbers>
#include <numeric>

#include <fmt/format.h>

namespace coda::audio {
namespace {

constexpr size_t kTaps = 64;  // per phase, at equal rates; more when the rate falls
constexpr size_t kMaxCoefficients = size_t{4} << 20;
constexpr double kBeta = 7.0;     // Kaiser window: side lobes at -70 dB
constexpr double kCutoff = 0.47;  // of the lower rate; the transition is centred there

// Modified Bessel function of the first kind, order 0, by its power series.
double bessel_i0(double x) {
    double sum = 1, term = 1;
    for (int k = 1; term > sum * 1e-12; ++k) {
        term *= (x / (2 * k)) * (x / (2 * k));
        sum += term;
    }
    return sum;
}

double kaiser(double position) {  // in [-1, 1]
    const double inside = 1 - position * position;
    return inside <= 0 ? 0 : bessel_i0(kBeta * std::sqrt(inside)) / bessel_i0(kBeta);
}

double sinc(double x) {
    return x == 0 ? 1 : std::sin(std::numbers::pi * x) / (std::numbers::pi * x);
}

}  // namespace

Result<PolyphaseResampler> PolyphaseResampler::create(int from_rate, int to_rate) {
    if (from_rate <= 0 || to_rate <= 0)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("cannot resample {} Hz to {} Hz", from_rate, to_rate));
    const int common = std::gcd(from_rate, to_rate);
    const auto up = static_cast<size_t>(to_rate / common), down = static_cast<size_t>(from_rate / common);
    const size_t taps = down > up ? (kTaps * down + up - 1) / up : kTaps;
    if (taps > kMaxCoefficients / up)
        return fail(ErrorCode::unsupported,
                    fmt::format("resampling {} Hz to {} Hz would take too large a table", from_rate, to_rate),
                    {}, "set the device to a usual rate, as 48000 Hz");
    return PolyphaseResampler(up, down, taps);
}

PolyphaseResampler::PolyphaseResampler(size_t up, size_t down, size_t taps)
    : up_(up), down_(down), taps_(taps), coefficients_(up * taps), history_(2 * taps), phase_(up) {
    // Cycles per input sample; the sinc's zeros lie half a period apart.
    const double cutoff = kCutoff * std::min(1.0, static_cast<double>(up) / static_cast<double>(down));
    const double half = static_cast<double>(taps) / 2;
    for (size_t phase = 0; phase < up_; ++phase) {
        float* row = coefficients_.data() + phase * taps_;
        double sum = 0;
        for (size_t tap = 0; tap < taps_; ++tap) {
            const double at =
                static_cast<double>(tap) + static_cast<double>(phase) / static_cast<double>(up) - half;
            row[tap] = static_cast<float>(sinc(2 * cutoff * at) * kaiser(at / half));
            sum += row[tap];
        }
        // Each phase passes a constant unchanged, or the phases would modulate it.
        for (size_t tap = 0; tap < taps_; ++tap) row[tap] = static_cast<float>(row[tap] / sum);
    }
}

size_t PolyphaseResampler::needed(size_t outputs) const {
    return outputs == 0 ? 0 : (phase_ + (outputs - 1) * down_) / up_;
}

size_t PolyphaseResampler::yield(size_t inputs) const {
    // The largest count of outputs whose last has its phase within the inputs.
    const size_t reach = (inputs + 1) * up_;
    return phase_ >= reach ? 0 : (reach - 1 - phase_) / down_ + 1;
}

double PolyphaseResampler::delay() const {
    return static_cast<double>(taps_) / 2 * static_cast<double>(up_) / static_cast<double>(down_);
}

void PolyphaseResampler::process(std::span<const float> in, std::span<float> out) {
    CODA_ASSERT(in.size() == needed(out.size()));
    size_t next = 0;
    for (float& sample : out) {
        for (; phase_ >= up_; phase_ -= up_) {
            newest_ = newest_ == 0 ? taps_ - 1 : newest_ - 1;
            history_[newest_] = history_[newest_ + taps_] = in[next++];
        }
        const float* row = coefficients_.data() + phase_ * taps_;
        const float* past = history_.data() + newest_;
        float sum = 0;
        for (size_t tap = 0; tap < taps_; ++tap) sum += row[tap] * past[tap];
        sample = sum;
        phase_ += down_;
    }
}

}  // namespace coda::audio
