// A live speaker: takes 24 kHz mono, whatever the device's own rate and channels.
// Thread safety: write and clear belong to one thread; the counters may be read from any. The audio callback
// is its own and touches only a ring and atomics.
#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace coda::audio {

class Speaker {
  public:
    static constexpr int kSampleRate = 24000;
    static constexpr int kFadeMs = 5;
    static constexpr int kBufferSeconds = 20;

    struct Options {
        std::string device;   // as find_device takes it; empty: the default
        int device_rate = 0;  // Hz; 0: 24 kHz where the device can, else its own
    };
    // Starts to play silence. Fails with unavailable (no speaker, taken, no sound server) or not_found.
    static Result<std::unique_ptr<Speaker>> open(const Options& options);
    ~Speaker();

    // Queues as many samples as there is room for and returns how many; never waits. Fails with unavailable
    // when the device is gone.
    Result<size_t> write(std::span<const float> samples);
    size_t room() const;    // samples that write would take now
    size_t queued() const;  // samples not yet played

    // Drops what is queued, with a fade over its first 5 ms within one block, and waits for that (at most 100
    // ms, where the device is gone). Returns how many of the samples written since the last clear were
    // played.
    size_t clear();

    uint64_t played() const;           // samples handed to the device since it was opened
    double output_latency_ms() const;  // from there to the ear, as the device reports it
    uint64_t late_blocks() const;      // blocks the device says came too late
    uint64_t gaps() const;             // times the queue ran dry and was filled again within 250 ms

    const std::string& device_name() const;
    int device_rate() const;

  private:
    struct Impl;
    explicit Speaker(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace coda::audio
