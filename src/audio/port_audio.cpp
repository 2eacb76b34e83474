#include "audio/port_audio.h"

#include "base/log.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <set>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace coda::audio {
namespace {

constexpr double kSuggestedLatency =
    0.030;  // seconds; a sound server's least is often too little to keep up with
constexpr int64_t kSilentAfterUs = 2'000'000;

// PortAudio's functions other than its callbacks are not thread-safe.
std::mutex& port_audio_mutex() {
    static std::mutex mutex;
    return mutex;
}

// ALSA and JACK print what they do not find. Drops stderr of the whole process meanwhile.
class StderrSilence {
  public:
    StderrSilence() {
        if (spdlog::should_log(spdlog::level::debug)) return;
        std::fflush(stderr);
        const int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
        if (null < 0) return;
        saved_ = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
        if (saved_ >= 0) ::dup2(null, STDERR_FILENO);
        ::close(null);
    }
    ~StderrSilence() {
        if (saved_ < 0) return;
        ::dup2(saved_, STDERR_FILENO);
        ::close(saved_);
    }
    StderrSilence(const StderrSilence&) = delete;
    StderrSilence& operator=(const StderrSilence&) = delete;

  private:
    int saved_ = -1;
};

int64_t now_us() {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

const char* noun(Direction direction) {
    return direction == Direction::input ? "microphone" : "speaker";
}

}  // namespace

Result<PortAudio> PortAudio::start() {
    std::lock_guard lock(port_audio_mutex());
    const StderrSilence silence;
    const PaError error = Pa_Initialize();
    if (error != paNoError)
        return fail(ErrorCode::unavailable,
                    fmt::format("the sound system does not start: {}", Pa_GetErrorText(error)), {},
                    "CODA_LOG=debug coda devices shows what it says");
    return PortAudio();
}

PortAudio::~PortAudio() {
    if (!running_) return;
    std::lock_guard lock(port_audio_mutex());
    const StderrSilence silence;
    Pa_Terminate();
}

std::vector<Device> PortAudio::devices() const {
    std::lock_guard lock(port_audio_mutex());
    std::vector<Device> devices;
    std::set<std::string> taken;
    for (int index = 0; index < Pa_GetDeviceCount(); ++index) {
        const PaDeviceInfo* info = Pa_GetDeviceInfo(index);
        Device device;
        device.index = index;
        device.name = info->name;
        device.id = device.name;
        for (int copy = 2; !taken.insert(device.id).second; ++copy)
            device.id = fmt::format("{} #{}", device.name, copy);
        device.api = Pa_GetHostApiInfo(info->hostApi)->name;
        device.input_channels = info->maxInputChannels;
        device.output_channels = info->maxOutputChannels;
        device.default_rate = static_cast<int>(info->defaultSampleRate);
        device.default_input = index == Pa_GetDefaultInputDevice();
        device.default_output = index == Pa_GetDefaultOutputDevice();
        devices.push_back(std::move(device));
    }
    return devices;
}

Result<std::unique_ptr<DeviceStream>> DeviceStream::open(const std::string& wanted, Direction direction,
                                                         int wanted_rate, int forced_rate) {
    CODA_TRY(PortAudio library, PortAudio::start());
    const auto devices = library.devices();
    CODA_TRY(Device device, find_device(devices, direction, wanted));
    std::unique_ptr<DeviceStream> stream(new DeviceStream(std::move(library), std::move(device), direction));

    const int most_channels = stream->device_.channels(direction);
    PaError error = paNoError;
    for (const int rate :
         {forced_rate ? forced_rate : wanted_rate, forced_rate ? 0 : stream->device_.default_rate}) {
        for (const int channels : {1, 2, most_channels}) {
            if (rate <= 0 || channels > most_channels) continue;
            error = stream->try_open(rate, channels);
            if (error == paNoError) return stream;
        }
    }
    return fail(ErrorCode::unavailable,
                fmt::format("the {} does not open: {}", noun(direction), Pa_GetErrorText(error)),
                stream->device_.name,
                "see whether another program holds it, or choose one of `coda devices`");
}

PaError DeviceStream::try_open(int rate, int channels) {
    std::lock_guard lock(port_audio_mutex());
    const StderrSilence silence;
    const bool input = direction_ == Direction::input;
    const PaDeviceInfo* info = Pa_GetDeviceInfo(device_.index);
    const PaStreamParameters parameters{
        device_.index, channels, paFloat32,
        std::max(kSuggestedLatency, input ? info->defaultLowInputLatency : info->defaultLowOutputLatency),
        nullptr};
    const auto block = static_cast<size_t>(rate / 100);  // 10 ms
    const PaError error =
        Pa_OpenStream(&stream_, input ? &parameters : nullptr, input ? nullptr : &parameters, rate, block,
                      paNoFlag, &DeviceStream::callback, this);
    if (error != paNoError) {
        stream_ = nullptr;
        return error;
    }
    const PaStreamInfo* opened = Pa_GetStreamInfo(stream_);
    latency_ms_ = 1000 * (input ? opened->inputLatency : opened->outputLatency);
    rate_ = rate;
    channels_ = channels;
    block_frames_ = block;
    return paNoError;
}

Status DeviceStream::start(BlockHandler& handler) {
    std::lock_guard lock(port_audio_mutex());
    const StderrSilence silence;
    handler_ = &handler;
    last_block_us_.store(now_us(), std::memory_order_relaxed);
    const PaError error = Pa_StartStream(stream_);
    if (error != paNoError)
        return fail(ErrorCode::unavailable,
                    fmt::format("the {} does not start: {}", noun(direction_), Pa_GetErrorText(error)),
                    device_.name, "choose another of `coda devices`");
    return {};
}

DeviceStream::~DeviceStream() {
    if (!stream_) return;
    std::lock_guard lock(port_audio_mutex());
    const StderrSilence silence;
    Pa_AbortStream(stream_);
    Pa_CloseStream(stream_);
}

Status DeviceStream::check() const {
    const bool silent = now_us() - last_block_us_.load(std::memory_order_relaxed) > kSilentAfterUs;
    if (!silent && Pa_IsStreamActive(stream_) == 1) return {};
    return fail(ErrorCode::unavailable, fmt::format("the {} has stopped", noun(direction_)), device_.name,
                "see that it is plugged in and its sound server runs, then start again");
}

int DeviceStream::callback(const void* input, void* output, unsigned long frames,
                           const PaStreamCallbackTimeInfo*, PaStreamCallbackFlags flags, void* self) {
    auto& stream = *static_cast<DeviceStream*>(self);
    stream.last_block_us_.store(now_us(), std::memory_order_relaxed);
    const bool late = (flags & (paInputOverflow | paOutputUnderflow)) != 0;
    // The library hands input over as const; the handler of an input stream only reads it.
    float* samples = static_cast<float*>(output ? output : const_cast<void*>(input));
    if (samples) stream.handler_->on_block(samples, frames, stream.channels_, late);
    return paContinue;
}

}  // namespace coda::audio
