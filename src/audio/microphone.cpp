#include "audio/microphone.h"

#include "audio/polyphase.h"
#include "audio/port_audio.h"
#include "base/spsc_ring.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace coda::audio {
namespace {

// The callback may only touch the ring, so the reader looks by itself.
constexpr auto kPollInterval = std::chrono::milliseconds(2);

}  // namespace

struct Microphone::Impl final : BlockHandler {
    Impl(std::unique_ptr<DeviceStream> opened, PolyphaseResampler converter)
        : resampler(std::move(converter)),
          ring(static_cast<size_t>(opened->rate()) * kBufferSeconds),
          stream(std::move(opened)) {}

    void on_block(float* samples, size_t frames, int channels, bool late) noexcept override {
        if (late) late_blocks.fetch_add(1, std::memory_order_relaxed);
        std::array<float, 256> mono;
        for (size_t at = 0; at < frames;) {
            const size_t count = std::min(mono.size(), frames - at);
            mix_down(samples + at * static_cast<size_t>(channels), channels, std::span(mono).first(count));
            const size_t written = ring.write(std::span(mono).first(count));
            if (written < count) lost_samples.fetch_add(count - written, std::memory_order_relaxed);
            at += count;
        }
    }

    static void mix_down(const float* samples, int channels, std::span<float> mono) noexcept {
        const float scale = 1.0F / static_cast<float>(channels);
        for (float& out : mono) {
            float sum = 0;
            for (int channel = 0; channel < channels; ++channel) sum += *samples++;
            out = sum * scale;
        }
    }

    PolyphaseResampler resampler;
    SpscRing<float> ring;  // mono, at the device's rate
    std::vector<float> block;
    std::atomic<uint64_t> late_blocks{0}, lost_samples{0};
    std::unique_ptr<DeviceStream> stream;  // last: stopped before the ring goes
};

Microphone::Microphone(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Microphone::~Microphone() = default;

Result<std::unique_ptr<Microphone>> Microphone::open(const Options& options) {
    CODA_TRY(auto stream,
             DeviceStream::open(options.device, Direction::input, kSampleRate, options.device_rate));
    CODA_TRY(auto resampler, PolyphaseResampler::create(stream->rate(), kSampleRate));
    std::unique_ptr<Microphone> microphone(
        new Microphone(std::make_unique<Impl>(std::move(stream), std::move(resampler))));
    CODA_CHECK(microphone->impl_->stream->start(*microphone->impl_));
    return microphone;
}

Status Microphone::read(std::span<float> frame) {
    impl_->block.resize(impl_->resampler.needed(frame.size()));
    std::span<float> missing(impl_->block);
    while (true) {
        missing = missing.subspan(impl_->ring.read(missing));
        if (missing.empty()) break;
        CODA_CHECK(impl_->stream->check());
        std::this_thread::sleep_for(kPollInterval);
    }
    impl_->resampler.process(impl_->block, frame);
    return {};
}

void Microphone::discard() {
    impl_->ring.skip(impl_->ring.size());
}

const std::string& Microphone::device_name() const {
    return impl_->stream->device().name;
}
int Microphone::device_rate() const {
    return impl_->stream->rate();
}
double Microphone::latency_ms() const {
    return impl_->stream->latency_ms();
}
uint64_t Microphone::late_blocks() const {
    return impl_->late_blocks.load(std::memory_order_relaxed);
}
uint64_t Microphone::lost_samples() const {
    return impl_->lost_samples.load(std::memory_order_relaxed);
}

}  // namespace coda::audio
