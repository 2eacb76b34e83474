// A live microphone: 16 kHz mono, whatever the device's own rate and channels.
// Thread safety: all members belong to one thread, but the counters may be read from any; the audio callback
// is its own and touches only a ring and atomics.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace coda::audio {

class Microphone {
  public:
    static constexpr int kSampleRate = 16000;

    struct Options {
        std::string device;   // as find_device takes it; empty: the default
        int device_rate = 0;  // Hz; 0: 16 kHz where the device can, else its own
    };
    // Starts to listen. Fails with unavailable (no microphone, taken, no sound server) or not_found.
    static Result<std::unique_ptr<Microphone>> open(const Options& options);
    ~Microphone();

    // Fills `frame`, waiting for real time; fails with unavailable when the device is gone.
    Status read(std::span<float> frame);
    // Drops what was heard but not read.
    void discard();

    const std::string& device_name() const;
    int device_rate() const;
    double latency_ms() const;      // as the device reports it
    uint64_t late_blocks() const;   // blocks the device says it lost
    uint64_t lost_samples() const;  // device samples dropped because nobody read for kBufferSeconds

    static constexpr int kBufferSeconds = 20;

  private:
    struct Impl;
    explicit Microphone(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace coda::audio
