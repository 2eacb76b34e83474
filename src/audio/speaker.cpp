#include "audio/speaker.h"

#include "audio/playback_queue.h"
#include "audio/polyphase.h"
#include "audio/port_audio.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <thread>

namespace coda::audio {
namespace {

constexpr auto kClearTimeout = std::chrono::milliseconds(100);

}  // namespace

struct Speaker::Impl final : BlockHandler {
    Impl(std::unique_ptr<DeviceStream> opened, PolyphaseResampler converter)
        : resampler(std::move(converter)),
          queue({static_cast<size_t>(kSampleRate) * kBufferSeconds, kSampleRate * kFadeMs / 1000,
                 kSampleRate / 4}),
          source(resampler.needed(kChunk) + 1),
          stream(std::move(opened)) {}

    void on_block(float* samples, size_t frames, int channels, bool late) noexcept override {
        if (late) late_blocks.fetch_add(1, std::memory_order_relaxed);
        std::array<float, kChunk> mono;
        while (frames > 0) {
            const auto out = std::span(mono).first(std::min(kChunk, frames));
            const auto in = std::span(source).first(resampler.needed(out.size()));
            queue.render(in);
            resampler.process(in, out);
            for (const float sample : out) samples = std::fill_n(samples, channels, sample);
            frames -= out.size();
        }
    }

    static constexpr size_t kChunk = 256;

    PolyphaseResampler resampler;
    PlaybackQueue queue;
    std::vector<float> source;  // of the callback: what one chunk needs
    std::atomic<uint64_t> late_blocks{0};
    uint64_t played_at_clear = 0;
    std::unique_ptr<DeviceStream> stream;  // last: stopped before the queue goes
};

Speaker::Speaker(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Speaker::~Speaker() = default;

Result<std::unique_ptr<Speaker>> Speaker::open(const Options& options) {
    CODA_TRY(auto stream,
             DeviceStream::open(options.device, Direction::output, kSampleRate, options.device_rate));
    CODA_TRY(auto resampler, PolyphaseResampler::create(kSampleRate, stream->rate()));
    std::unique_ptr<Speaker> speaker(
        new Speaker(std::make_unique<Impl>(std::move(stream), std::move(resampler))));
    CODA_CHECK(speaker->impl_->stream->start(*speaker->impl_));
    return speaker;
}

Result<size_t> Speaker::write(std::span<const float> samples) {
    CODA_CHECK(impl_->stream->check());
    return impl_->queue.write(samples);
}

size_t Speaker::clear() {
    impl_->queue.request_clear();
    const auto deadline = std::chrono::steady_clock::now() + kClearTimeout;
    while (!impl_->queue.cleared() && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const uint64_t now = impl_->queue.played();
    return static_cast<size_t>(now - std::exchange(impl_->played_at_clear, now));
}

size_t Speaker::room() const {
    return impl_->queue.room();
}
size_t Speaker::queued() const {
    return impl_->queue.queued();
}
uint64_t Speaker::played() const {
    return impl_->queue.played();
}
uint64_t Speaker::gaps() const {
    return impl_->queue.gaps();
}
uint64_t Speaker::late_blocks() const {
    return impl_->late_blocks.load(std::memory_order_relaxed);
}
double Speaker::output_latency_ms() const {
    return impl_->stream->latency_ms() + 1000 * impl_->resampler.delay() / impl_->stream->rate();
}
const std::string& Speaker::device_name() const {
    return impl_->stream->device().name;
}
int Speaker::device_rate() const {
    return impl_->stream->rate();
}

}  // namespace coda::audio
