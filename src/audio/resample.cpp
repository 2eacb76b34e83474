#include "audio/resample.h"

#include <cmath>

#include <fmt/format.h>
#include <soxr.h>

namespace coda::audio {
namespace {

constexpr size_t kBlock = 4096;

Status check_rates(int from_rate, int to_rate) {
    if (from_rate <= 0 || to_rate <= 0)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("cannot resample {} Hz to {} Hz", from_rate, to_rate));
    return {};
}

struct SoxrDelete {
    void operator()(soxr_t soxr) const { soxr_delete(soxr); }
};
using Soxr = std::unique_ptr<std::remove_pointer_t<soxr_t>, SoxrDelete>;

enum class Latency { any, low };

Result<Soxr> open_soxr(int from_rate, int to_rate, Latency latency) {
    soxr_error_t error = nullptr;
    const soxr_io_spec_t io = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_I);
    soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
    soxr_runtime_spec_t runtime = soxr_runtime_spec(1);
    // The smallest transform holds back the fewest samples: 15 ms instead of 37 from 48 to 16 kHz.
    if (latency == Latency::low) runtime.log2_min_dft_size = runtime.log2_large_dft_size = 8;
    Soxr soxr(soxr_create(from_rate, to_rate, 1, &error, &io, &quality, &runtime));
    if (error)
        return fail(ErrorCode::unsupported, fmt::format("cannot resample {} Hz to {} Hz: {}", from_rate,
                                                        to_rate, soxr_strerror(error)));
    return soxr;
}

// Feeds `samples` (or, where data() is null, the end of the signal) and appends what comes out.
Status process(soxr_t soxr, std::span<const float> samples, bool end, std::vector<float>& out) {
    while (end || !samples.empty()) {
        const size_t before = out.size();
        out.resize(before + kBlock);
        size_t consumed = 0, produced = 0;
        const soxr_error_t error = soxr_process(soxr, end ? nullptr : samples.data(), samples.size(),
                                                &consumed, out.data() + before, kBlock, &produced);
        out.resize(before + produced);
        if (error)
            return fail(ErrorCode::internal, fmt::format("resampling failed: {}", soxr_strerror(error)));
        samples = samples.subspan(consumed);
        if (end && produced == 0) break;
    }
    return {};
}

}  // namespace

struct StreamResampler::Impl {
    Soxr soxr;  // null where the rates are equal
};

StreamResampler::StreamResampler(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
StreamResampler::StreamResampler(StreamResampler&&) noexcept = default;
StreamResampler& StreamResampler::operator=(StreamResampler&&) noexcept = default;
StreamResampler::~StreamResampler() = default;

Result<StreamResampler> StreamResampler::create(int from_rate, int to_rate) {
    CODA_CHECK(check_rates(from_rate, to_rate));
    auto impl = std::make_unique<Impl>();
    if (from_rate != to_rate) {
        CODA_TRY(impl->soxr, open_soxr(from_rate, to_rate, Latency::low));
    }
    return StreamResampler(std::move(impl));
}

Status StreamResampler::push(std::span<const float> samples, std::vector<float>& out) {
    if (impl_->soxr) return process(impl_->soxr.get(), samples, false, out);
    out.insert(out.end(), samples.begin(), samples.end());
    return {};
}

Status StreamResampler::flush(std::vector<float>& out) {
    if (!impl_->soxr) return {};
    CODA_CHECK(process(impl_->soxr.get(), {}, true, out));
    soxr_clear(impl_->soxr.get());
    return {};
}

Result<std::vector<float>> resample(std::span<const float> samples, int from_rate, int to_rate) {
    CODA_CHECK(check_rates(from_rate, to_rate));
    if (from_rate == to_rate) return std::vector<float>(samples.begin(), samples.end());
    CODA_TRY(const Soxr soxr, open_soxr(from_rate, to_rate, Latency::any));
    const auto wanted =
        static_cast<size_t>(std::llround(static_cast<double>(samples.size()) * to_rate / from_rate));
    std::vector<float> out;
    out.reserve(wanted + kBlock);
    CODA_CHECK(process(soxr.get(), samples, false, out));
    CODA_CHECK(process(soxr.get(), {}, true, out));
    out.resize(wanted);
    return out;
}

}  // namespace coda::audio
