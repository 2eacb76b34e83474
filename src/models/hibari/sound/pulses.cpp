#include "models/hibari/sound/pulses.h"

#include "models/hibari/sound/lanes.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace coda::models::hibari {

namespace {

constexpr float kLowestVoiced = 40.0f;  // Hz
constexpr float kHighest = 11000.0f;    // Hz
constexpr double kSampleRate = 24000.0;
constexpr float kNearPulse = 2e-3f;  // where the quotient is 0/0 and its limit is taken

static_assert(Pulses::kHop % kLanes == 0);

}  // namespace

Pulses::Pulses(std::span<const float> pitch) : pitch_(pitch) {
    samples_.reserve(total_samples());
}

std::span<const float> Pulses::until_frame(size_t frames) {
    frames = std::min(frames, pitch_.size());
    for (size_t frame = samples_.size() / kHop; frame < frames; ++frame) render_frame(frame);
    return samples_;
}

void Pulses::render_frame(size_t frame) {
    const float here = pitch_[frame];
    const float before = pitch_[frame > 0 ? frame - 1 : 0];
    const float after = pitch_[std::min(frame + 1, pitch_.size() - 1)];
    std::array<float, kHop> frequency, phase;
    // A frame's value holds at its middle; a sample lies between two of them.
    for (size_t j = 0; j < kHop / 2; ++j) {
        const float u = (static_cast<float>(j) + 0.5f) / kHop;
        frequency[j] = before * (0.5f - u) + here * (u + 0.5f);
        frequency[j + kHop / 2] = here * (1.0f - u) + after * u;
    }
    constexpr double kStep = 1.0 / kSampleRate;
    for (size_t j = 0; j < kHop; ++j) {
        cycles_ += std::max(frequency[j], kLowestVoiced);
        const double turns = cycles_ * kStep;
        phase[j] = static_cast<float>((turns - std::floor(turns)) * (2 * std::numbers::pi));
    }
    const bool voiced = std::max({before, here, after}) > kLowestVoiced;
    samples_.resize(samples_.size() + kHop, 0.0f);
    if (!voiced) return;
    float* out = samples_.data() + samples_.size() - kHop;
    for (size_t j = 0; j < kHop; j += kLanes) {
        const Lanes f = load(&frequency[j]), t = load(&phase[j]);
        const Lanes count = kHighest / max(f, splat(kLowestVoiced));
        const Lanes nearest = round(count).value;
        const Lanes harmonics = select(nearest > count, nearest - 1.0f, nearest) + 0.5f;
        const Lanes below = sin(t * 0.5f) * 2.0f;
        const IntLanes at_pulse = max(below, -below) <= kNearPulse;
        const Lanes pulse =
            select(at_pulse, harmonics, sin(harmonics * t) / select(at_pulse, splat(1.0f), below));
        store(out + j, select(f > kLowestVoiced, pulse - 0.5f, Lanes{}));
    }
}

}  // namespace coda::models::hibari
