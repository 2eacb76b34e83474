#include "models/hibari/sound/edges.h"

#include <algorithm>
#include <cmath>

namespace coda::models::hibari {

namespace {

// In samples at 24 kHz.
constexpr size_t kLookahead = 36000;
constexpr size_t kLead = 192;
constexpr size_t kFadeOut = 960;

constexpr float kAudible = 0.01f;     // of the peak: -40 dB
constexpr float kSilentPeak = 1e-3f;  // a clause that never gets louder says nothing

}  // namespace

bool EdgeTrimmer::push(std::span<const float> samples) {
    for (const float sample : samples) peak_ = std::max(peak_, std::abs(sample));
    held_.insert(held_.end(), samples.begin(), samples.end());
    if (started_) return emit_audible();
    return held_.size() < kLookahead || start();
}

bool EdgeTrimmer::start() {
    if (peak_ < kSilentPeak) return true;
    started_ = true;
    const float threshold = peak_ * kAudible;
    const auto first =
        std::find_if(held_.begin(), held_.end(), [&](float s) { return std::abs(s) >= threshold; });
    const auto lead = std::min(first - held_.begin(), static_cast<std::ptrdiff_t>(kLead));
    held_.erase(held_.begin(), first - lead);
    for (std::ptrdiff_t i = 0; i < lead; ++i) {
        held_[static_cast<size_t>(i)] *= static_cast<float>(i) / static_cast<float>(lead);
    }
    return emit_audible();
}

// Emits up to the last audible sample.
bool EdgeTrimmer::emit_audible() {
    const float threshold = peak_ * kAudible;
    const auto last =
        std::find_if(held_.rbegin(), held_.rend(), [&](float s) { return std::abs(s) >= threshold; });
    const auto certain = static_cast<size_t>(held_.rend() - last);
    if (certain == 0) return true;
    const bool more = emit_(std::span(held_).first(certain));
    held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(certain));
    return more;
}

bool EdgeTrimmer::finish() {
    if (!started_ && !start()) return false;
    if (!started_ || tail_ == 0) return true;
    const size_t sounding = std::min(held_.size(), tail_);
    const size_t fade = std::min(kFadeOut, sounding);
    held_.resize(tail_, 0.0f);
    for (size_t i = 0; i < fade; ++i) {
        held_[sounding - fade + i] *= static_cast<float>(fade - 1 - i) / static_cast<float>(fade);
    }
    return emit_(held_);
}

}  // namespace coda::models::hibari
