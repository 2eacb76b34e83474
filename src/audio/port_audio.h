// What devices, microphone and speaker share of PortAudio. Internal to this room.
// Thread safety: PortAudio allows one call at a time to set up, open, close and list; all of these take its
// lock. Audio callbacks run outside it.
#pragma once

#include "audio/devices.h"
#include "base/result.h"

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <portaudio.h>

namespace coda::audio {

// Keeps PortAudio set up while it lives.
class PortAudio {
  public:
    static Result<PortAudio> start();
    PortAudio(PortAudio&& other) noexcept : running_(std::exchange(other.running_, false)) {}
    PortAudio& operator=(PortAudio&& other) noexcept {
        std::swap(running_, other.running_);
        return *this;
    }
    ~PortAudio();

    std::vector<Device> devices() const;

  private:
    PortAudio() = default;
    bool running_ = true;
};

// Called on the audio thread with one block; must not allocate, lock or wait. `samples` holds `frames` times
// `channels` interleaved values, to read or to fill. `late` is what PortAudio counts as over- or underflow.
class BlockHandler {
  public:
    virtual ~BlockHandler() = default;
    virtual void on_block(float* samples, size_t frames, int channels, bool late) noexcept = 0;
};

// A running stream in one direction.
class DeviceStream {
  public:
    // Opens `device` at `wanted_rate` where it can, else at its own, and with as few channels as it can.
    // on_open is called with the rate before the first block. `rate` > 0 forces that rate.
    static Result<std::unique_ptr<DeviceStream>> open(const std::string& device, Direction direction,
                                                      int wanted_rate, int forced_rate);
    ~DeviceStream();

    // The handler must outlive the stream.
    Status start(BlockHandler& handler);

    const Device& device() const { return device_; }
    int rate() const { return rate_; }
    size_t block_frames() const { return block_frames_; }
    double latency_ms() const { return latency_ms_; }

    // An error once the device is gone: unplugged, or its sound server stopped.
    Status check() const;

  private:
    DeviceStream(PortAudio library, Device device, Direction direction)
        : library_(std::move(library)), device_(std::move(device)), direction_(direction) {}
    PaError try_open(int rate, int channels);
    static int callback(const void* input, void* output, unsigned long frames,
                        const PaStreamCallbackTimeInfo* time, PaStreamCallbackFlags flags, void* self);

    PortAudio library_;
    Device device_;
    Direction direction_;
    PaStream* stream_ = nullptr;
    BlockHandler* handler_ = nullptr;
    int rate_ = 0;
    int channels_ = 0;
    size_t block_frames_ = 0;
    double latency_ms_ = 0;
    std::atomic<int64_t> last_block_us_{0};
};

}  // namespace coda::audio
