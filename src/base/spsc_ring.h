// A lock-free ring between exactly one writing and one reading thread, for the audio callback: nothing here
// allocates, locks or waits after construction.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <span>
#include <vector>

namespace coda {

template <class T>
class SpscRing {
  public:
    // Holds at least `capacity` items (rounded up to a power of two).
    explicit SpscRing(size_t capacity) : data_(std::bit_ceil(capacity)), mask_(data_.size() - 1) {}

    // Writes as many items as fit and returns how many; the caller decides what a short write means.
    size_t write(std::span<const T> items) {
        const size_t head = head_.load(std::memory_order_relaxed);
        const size_t room = data_.size() - (head - tail_.load(std::memory_order_acquire));
        const size_t count = std::min(room, items.size());
        for (size_t i = 0; i < count; ++i) data_[(head + i) & mask_] = items[i];
        head_.store(head + count, std::memory_order_release);
        return count;
    }

    size_t read(std::span<T> out) {
        const size_t tail = tail_.load(std::memory_order_relaxed);
        const size_t count = std::min(out.size(), head_.load(std::memory_order_acquire) - tail);
        for (size_t i = 0; i < count; ++i) out[i] = data_[(tail + i) & mask_];
        tail_.store(tail + count, std::memory_order_release);
        return count;
    }

    // Drops up to `count` items as if they had been read, and returns how many; for the reader.
    size_t skip(size_t count) {
        const size_t tail = tail_.load(std::memory_order_relaxed);
        const size_t dropped = std::min(count, head_.load(std::memory_order_acquire) - tail);
        tail_.store(tail + dropped, std::memory_order_release);
        return dropped;
    }

    // Items that can be read now; from any thread an estimate.
    size_t size() const {
        return head_.load(std::memory_order_acquire) - tail_.load(std::memory_order_acquire);
    }
    size_t capacity() const { return data_.size(); }

  private:
    std::vector<T> data_;
    size_t mask_;
    alignas(64) std::atomic<size_t> head_{0};
    alignas(64) std::atomic<size_t> tail_{0};
};

}  // namespace coda
