// What is still to be played, between the thread that speaks and the audio callback, with a clear() that
// fades. Thread safety: write and request_clear belong to one thread, render to the callback (it neither
// allocates, locks nor waits); the counters may be read from any.
#pragma once

#include "base/spsc_ring.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace coda::audio {

class PlaybackQueue {
  public:
    struct Limits {
        size_t capacity;   // samples
        size_t fade;       // samples over which a clear fades out
        size_t short_gap;  // a dry spell of at most so many samples, filled again, counts as a gap
    };
    explicit PlaybackQueue(const Limits& limits) : limits_(limits), ring_(limits.capacity) {}

    size_t write(std::span<const float> samples) {
        const size_t count = ring_.write(samples);
        written_ += count;
        return count;
    }
    size_t room() const { return ring_.capacity() - ring_.size(); }
    size_t queued() const { return ring_.size(); }

    // What was written up to now is faded out and dropped by the next render; what is written later is kept.
    void request_clear() { clear_until_.store(written_, std::memory_order_release); }
    bool cleared() const {
        return cleared_until_.load(std::memory_order_acquire) == clear_until_.load(std::memory_order_relaxed);
    }

    // Fills all of `out`: what is queued, then silence.
    void render(std::span<float> out) noexcept;

    // Samples that were rendered; those that a clear dropped do not count.
    uint64_t played() const { return played_.load(std::memory_order_acquire); }
    uint64_t gaps() const { return gaps_.load(std::memory_order_relaxed); }

  private:
    size_t take(std::span<float> out) noexcept;
    size_t fade_and_drop(std::span<float> out) noexcept;
    void count_gap(size_t wanted, size_t got) noexcept;

    const Limits limits_;
    SpscRing<float> ring_;
    uint64_t written_ = 0;  // the writer's

    std::atomic<uint64_t> clear_until_{0};    // set by the writer
    std::atomic<uint64_t> cleared_until_{0};  // the same value, once the callback has done it
    std::atomic<uint64_t> played_{0}, gaps_{0};

    // The callback's own.
    uint64_t consumed_ = 0;  // played or dropped
    size_t fade_left_ = 0;   // samples of the fade under way
    size_t fade_length_ = 0;
    size_t dry_ = 0;  // samples of silence since the queue ran dry
    bool has_played_ = false;
};

}  // namespace coda::audio
