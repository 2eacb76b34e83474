#include "models/hibari/sound/vocoder.h"

#include "base/result.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace coda::models::hibari {

namespace {

constexpr int kBins = RealFft::kBins;
constexpr float kLoudest = 7.0f;

Lanes magnitude(Lanes log_magnitude) {
    return exp(min(log_magnitude, splat(kLoudest)));
}

// Where a sample outside the signal is mirrored to; the ends themselves are not repeated.
size_t mirrored(long i, long size) {
    if (i < 0) i = -i;
    if (i >= size) i = 2 * (size - 1) - i;
    return static_cast<size_t>(std::clamp(i, 0L, size - 1));
}

}  // namespace

Vocoder::Vocoder(const RealFft& fft, const SpectralParts& parts, Noise& noise)
    : fft_(fft),
      parts_(parts),
      noise_(noise),
      pulses_(parts.f0),
      frame_samples_(kWindow),
      source_(kBins),
      spectrum_(kBins),
      sum_(static_cast<size_t>((kLanes + kOverlap - 1) * kHop)) {
    CODA_ASSERT(parts.f0.size() == static_cast<size_t>(parts.frames));
    for (const auto& values : {parts.lh, parts.theta, parts.ln, parts.lr, parts.phi}) {
        CODA_ASSERT(values.size() == static_cast<size_t>(parts.frames) * kBins);
    }
    for (size_t n = 0; n < window_.size(); ++n) {
        const double angle = 2.0 * std::numbers::pi * static_cast<double>(n) / kWindow;
        window_[n] = static_cast<float>(0.5 - 0.5 * std::cos(angle));
    }
}

// Four frames of one part at one bin; lanes beyond the last frame are zero.
Lanes Vocoder::part(std::span<const float> values, int bin, int frame) const {
    const float* at = values.data() + static_cast<size_t>(bin) * static_cast<size_t>(parts_.frames) + frame;
    if (frame + kLanes <= parts_.frames) return load(at);
    Lanes out{};
    for (int lane = 0; frame + lane < parts_.frames; ++lane) out[lane] = at[lane];
    return out;
}

// The windowed stretch of the pulse train that a frame sees.
std::span<const float> Vocoder::frame_pulses(std::span<const float> pulses, int frame,
                                             std::span<float> mirror) const {
    const long total = static_cast<long>(pulses_.total_samples());
    const long start = static_cast<long>(frame) * kHop - kWindow / 2;
    if (start >= 0 && start + kWindow <= total) return pulses.subspan(static_cast<size_t>(start), kWindow);
    for (long n = 0; n < kWindow; ++n) {
        const bool there = frame < parts_.frames;
        mirror[static_cast<size_t>(n)] = there ? pulses[mirrored(start + n, total)] : 0.0f;
    }
    return mirror;
}

void Vocoder::source_spectrum(int frame) {
    constexpr float kScale = 1.0f / kHop;  // a unit cosine then peaks at one
    const std::span<const float> pulses = pulses_.until_frame(static_cast<size_t>(frame + kLanes + 2));
    std::array<std::array<float, kWindow>, kLanes> mirrors;
    std::array<const float*, kLanes> rows;
    voiced_ = false;
    for (size_t lane = 0; lane < kLanes; ++lane) {
        const auto row = frame_pulses(pulses, frame + static_cast<int>(lane), mirrors[lane]);
        voiced_ = voiced_ || std::any_of(row.begin(), row.end(), [](float s) { return s != 0; });
        rows[lane] = row.data();
    }
    if (!voiced_) return;
    for (size_t n = 0; n < kWindow; n += kLanes) {
        const Lanes window = load(&window_[n]) * kScale;
        Lanes a = load(rows[0] + n) * window, b = load(rows[1] + n) * window;
        Lanes c = load(rows[2] + n) * window, d = load(rows[3] + n) * window;
        transpose(a, b, c, d);
        frame_samples_[n] = a;
        frame_samples_[n + 1] = b;
        frame_samples_[n + 2] = c;
        frame_samples_[n + 3] = d;
    }
    fft_.forward(frame_samples_, source_, work_);
}

void Vocoder::mix_spectrum(int frame) {
    noise_.fill(frame, std::span<ComplexLanes, kBins>(spectrum_.data(), kBins));
    for (int bin = 0; bin < kBins; ++bin) {
        ComplexLanes& s = spectrum_[static_cast<size_t>(bin)];
        const Lanes noise = magnitude(part(parts_.ln, bin, frame));
        const Lanes free = magnitude(part(parts_.lr, bin, frame));
        const SinCos turn = sincos(part(parts_.phi, bin, frame));
        s = {s.re * noise + turn.cos * free, s.im * noise + turn.sin * free};
        if (!voiced_) continue;
        const ComplexLanes e = source_[static_cast<size_t>(bin)];
        const Lanes harmonic = magnitude(part(parts_.lh, bin, frame));
        const SinCos rotation = sincos(tanh(part(parts_.theta, bin, frame)) * std::numbers::pi_v<float>);
        s.re += harmonic * (e.re * rotation.cos - e.im * rotation.sin);
        s.im += harmonic * (e.re * rotation.sin + e.im * rotation.cos);
    }
}

void Vocoder::overlap_add(int frame, int count) {
    mix_spectrum(frame);
    fft_.inverse(spectrum_, frame_samples_, work_);
    for (size_t n = 0; n < kWindow; n += kLanes) {
        std::array<Lanes, kLanes> rows = {frame_samples_[n], frame_samples_[n + 1], frame_samples_[n + 2],
                                          frame_samples_[n + 3]};
        transpose(rows[0], rows[1], rows[2], rows[3]);
        const Lanes window = load(&window_[n]);
        for (size_t lane = 0; lane < static_cast<size_t>(count); ++lane) {
            float* sum = sum_.data() + lane * kHop + n;
            store(sum, load(sum) + rows[lane] * window);
        }
    }
}

// Divides a hop by the squares of the windows that overlap in it. `block`: hops since the start of frame 0's
// window, which begins half a window before the signal.
void Vocoder::normalise(std::span<float> hop, int block) const {
    std::array<float, kHop> weight{};
    for (int k = 0; k < kOverlap; ++k) {
        if (block - k < 0 || block - k >= parts_.frames) continue;
        const float* w = window_.data() + static_cast<size_t>(k) * kHop;
        for (size_t i = 0; i < kHop; ++i) weight[i] += w[i] * w[i];
    }
    for (size_t i = 0; i < kHop; ++i) hop[i] /= std::max(weight[i], 1e-11f);
}

std::span<const float> Vocoder::next() {
    constexpr int kLead = kWindow / 2 / kHop;  // hops before the signal starts
    out_.clear();
    const int blocks = parts_.frames + kLead;  // up to the end of the signal
    while (out_.empty() && frame_ < blocks) {
        const int count = std::clamp(parts_.frames - frame_, 0, kLanes);
        if (count > 0) {
            source_spectrum(frame_);
            overlap_add(frame_, count);
        }
        const int done = std::min(count > 0 ? count : kLanes, blocks - frame_);
        const int skip = std::clamp(kLead - frame_, 0, done);
        out_.assign(sum_.begin() + skip * kHop, sum_.begin() + done * kHop);
        for (int i = skip; i < done; ++i) {
            normalise(std::span(out_).subspan(static_cast<size_t>((i - skip) * kHop), kHop), frame_ + i);
        }
        std::move(sum_.begin() + done * kHop, sum_.end(), sum_.begin());
        std::fill(sum_.end() - done * kHop, sum_.end(), 0.0f);
        frame_ += done;
    }
    return out_;
}

}  // namespace coda::models::hibari
