// Time for the conversation. RealClock follows the machine's monotonic clock; VirtualClock only moves when
// told, so that a whole conversation can be replayed with exact event times. Thread safety: both may be read
// and waited on from any thread; VirtualClock is moved by one.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

namespace coda {

using Microseconds = std::chrono::microseconds;

class Clock {
  public:
    virtual ~Clock() = default;
    // Time since an arbitrary start; never goes back.
    virtual Microseconds now() const = 0;
    // The real clock sleeps until `time`; the virtual one moves there. A time that has passed returns at
    // once.
    virtual void wait_until(Microseconds time) = 0;
    virtual bool is_virtual() const = 0;
};

class RealClock final : public Clock {
  public:
    Microseconds now() const override {
        return std::chrono::duration_cast<Microseconds>(std::chrono::steady_clock::now().time_since_epoch());
    }
    void wait_until(Microseconds time) override {
        std::this_thread::sleep_until(std::chrono::steady_clock::time_point(time));
    }
    bool is_virtual() const override { return false; }
};

class VirtualClock final : public Clock {
  public:
    Microseconds now() const override { return Microseconds(now_us_.load(std::memory_order_acquire)); }
    void wait_until(Microseconds time) override { advance_to(time); }
    bool is_virtual() const override { return true; }
    void advance(Microseconds by) { now_us_.fetch_add(by.count(), std::memory_order_acq_rel); }
    // Never moves back: a time before now() leaves the clock alone.
    void advance_to(Microseconds time) {
        if (time > now()) now_us_.store(time.count(), std::memory_order_release);
    }

  private:
    std::atomic<int64_t> now_us_{0};
};

// Milliseconds between construction (or reset) and elapsed_ms(), on the real clock.
class Stopwatch {
  public:
    Stopwatch() { reset(); }
    void reset() { start_ = std::chrono::steady_clock::now(); }
    double elapsed_ms() const {
        return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start_).count();
    }

  private:
    std::chrono::steady_clock::time_point start_;
};

}  // namespace coda
