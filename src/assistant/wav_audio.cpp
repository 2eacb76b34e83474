#include "assistant/wav_audio.h"

#include "audio/resample.h"
#include "audio/wav.h"

#include <algorithm>

namespace coda::assistant {
namespace {

constexpr int kInputRate = 16000;
constexpr size_t kFadeSamples = static_cast<size_t>(WavSink::kFadeMs * WavSink::kSampleRate / 1000);
constexpr size_t kBufferedSamples = static_cast<size_t>(WavSink::kBufferedMs * WavSink::kSampleRate / 1000);

}  // namespace

Result<std::unique_ptr<WavSource>> WavSource::open(const std::filesystem::path& path, Clock& clock) {
    CODA_TRY(audio::Sound sound, audio::read_wav(path));
    if (sound.sample_rate != kInputRate) {
        CODA_TRY(sound.samples, audio::resample(sound.samples, sound.sample_rate, kInputRate));
    }
    return std::make_unique<WavSource>(std::move(sound.samples), clock);
}

Result<bool> WavSource::read(std::span<float> frame) {
    if (position_ >= samples_.size()) return false;
    if (position_ == 0) start_ = clock_.now();
    const size_t count = std::min(frame.size(), samples_.size() - position_);
    std::copy_n(samples_.begin() + static_cast<std::ptrdiff_t>(position_), count, frame.begin());
    std::fill(frame.begin() + static_cast<std::ptrdiff_t>(count), frame.end(), 0.0f);
    position_ += frame.size();
    if (clock_.is_virtual()) return true;
    const auto due = start_ + Microseconds(static_cast<int64_t>(position_) * 1'000'000 / kInputRate);
    clock_.wait_until(due);
    const Microseconds length(static_cast<int64_t>(frame.size()) * 1'000'000 / kInputRate);
    if (clock_.now() > due + length) late_blocks_.fetch_add(1, std::memory_order_relaxed);
    return true;
}

size_t WavSink::position_now() const {
    return static_cast<size_t>((clock_.now() - start_).count() * kSampleRate / 1'000'000);
}

size_t WavSink::played() const {
    return before_run_ + std::min(timeline_.size(), std::max(position_now(), run_begin_)) - run_begin_;
}

Result<size_t> WavSink::write(std::span<const float> samples) {
    const size_t now = position_now();
    if (now >= timeline_.size()) {
        constexpr auto kGap = static_cast<size_t>(kGapMs * kSampleRate / 1000);
        if (!cleared_ && !timeline_.empty() && now > timeline_.size() && now - timeline_.size() < kGap)
            ++gaps_;
        before_run_ = played();
        timeline_.resize(now, 0.0f);
        run_begin_ = now;
    }
    const size_t ahead = timeline_.size() - now;
    const size_t count = std::min(samples.size(), kBufferedSamples - std::min(kBufferedSamples, ahead));
    if (count > 0) cleared_ = false;
    timeline_.insert(timeline_.end(), samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(count));
    return count;
}

void WavSink::clear() {
    const size_t now = std::max(position_now(), run_begin_);
    cleared_ = true;
    if (now >= timeline_.size()) return;
    const size_t kept = std::min(kFadeSamples, timeline_.size() - now);
    for (size_t i = 0; i < kept; ++i)
        timeline_[now + i] *= 1 - static_cast<float>(i + 1) / static_cast<float>(kept);
    timeline_.resize(now + kept);
    // What is left of it counts as played: the next write starts a run of its own.
    before_run_ += timeline_.size() - run_begin_;
    run_begin_ = timeline_.size();
}

Status WavSink::save(const std::filesystem::path& path) const {
    std::vector<float> samples = timeline_;
    samples.resize(std::max(samples.size(), position_now()), 0.0f);
    return audio::write_wav(path, samples, kSampleRate);
}

}  // namespace coda::assistant
