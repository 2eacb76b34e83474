#include "audio/playback_queue.h"

#include <algorithm>

namespace coda::audio {

void PlaybackQueue::render(std::span<float> out) noexcept {
    const size_t faded = fade_and_drop(out);
    const auto rest = out.subspan(faded);
    const size_t got = take(rest);
    std::fill(rest.begin() + static_cast<std::ptrdiff_t>(got), rest.end(), 0.0F);
    count_gap(out.size(), faded + got);
}

size_t PlaybackQueue::take(std::span<float> out) noexcept {
    const size_t got = ring_.read(out);
    consumed_ += got;
    played_.fetch_add(got, std::memory_order_release);
    return got;
}

size_t PlaybackQueue::fade_and_drop(std::span<float> out) noexcept {
    const uint64_t until = clear_until_.load(std::memory_order_acquire);
    if (until == cleared_until_.load(std::memory_order_relaxed)) return 0;
    if (fade_left_ == 0)
        fade_left_ = fade_length_ = static_cast<size_t>(std::min<uint64_t>(limits_.fade, until - consumed_));

    const size_t count = take(out.first(std::min(fade_left_, out.size())));
    for (size_t i = 0; i < count; ++i)
        out[i] *= static_cast<float>(fade_left_ - i) / static_cast<float>(fade_length_ + 1);
    fade_left_ -= count;
    if (fade_left_ > 0) return count;

    consumed_ += ring_.skip(static_cast<size_t>(until - consumed_));
    has_played_ = false;  // the silence that follows is meant
    cleared_until_.store(until, std::memory_order_release);
    return count;
}

void PlaybackQueue::count_gap(size_t wanted, size_t got) noexcept {
    if (got > 0) {
        if (has_played_ && dry_ > 0 && dry_ <= limits_.short_gap)
            gaps_.fetch_add(1, std::memory_order_relaxed);
        dry_ = 0;
        has_played_ = true;
    }
    dry_ += wanted - got;
}

}  // namespace coda::audio
