// The vocoder against the package's dsp.py (tests/golden/hibari/make_vocoder.py), and its parts against plain
// sums.
#include "models/hibari/sound/vocoder.h"

#include "base/file_map.h"
#include "models/hibari/sound/edges.h"

#include <cmath>
#include <complex>
#include <cstring>
#include <numbers>

#include <gtest/gtest.h>

namespace coda::models::hibari {
namespace {

constexpr size_t kBins = RealFft::kBins;

float from_half(uint16_t h) {
    const int exponent = h >> 10 & 31, mantissa = h & 1023;
    const float sign = h & 0x8000 ? -1.0f : 1.0f;
    if (exponent == 0) return sign * std::ldexp(static_cast<float>(mantissa), -24);
    return sign * std::ldexp(static_cast<float>(1024 + mantissa), exponent - 25);
}

struct Golden {
    int frames = 0;
    std::vector<float> parts[5];
    std::vector<float> f0, noise, samples;

    SpectralParts spectral() const { return {frames, parts[0], parts[1], parts[2], parts[3], parts[4], f0}; }
};

class Bytes {
  public:
    explicit Bytes(const std::string& bytes) : bytes_(bytes) {}
    template <class T>
    std::vector<T> read(size_t count) {
        std::vector<T> out(count);
        if (at_ + count * sizeof(T) > bytes_.size()) throw std::runtime_error("the golden file is too short");
        std::memcpy(out.data(), bytes_.data() + at_, count * sizeof(T));
        at_ += count * sizeof(T);
        return out;
    }
    std::vector<float> halves(size_t count) {
        std::vector<float> out;
        for (const uint16_t h : read<uint16_t>(count)) out.push_back(from_half(h));
        return out;
    }

  private:
    const std::string& bytes_;
    size_t at_ = 0;
};

Golden load_golden() {
    const auto bytes = read_file(CODA_SOURCE_DIR "/tests/golden/hibari/vocoder.bin");
    if (!bytes) throw std::runtime_error(bytes.error().message());
    Bytes in(*bytes);
    Golden golden;
    golden.frames = static_cast<int>(in.read<uint32_t>(1)[0]);
    const auto frames = static_cast<size_t>(golden.frames);
    for (auto& part : golden.parts) part = in.halves(kBins * frames);
    golden.f0 = in.read<float>(frames);
    golden.noise = in.halves(kBins * frames * 2);
    golden.samples = in.read<float>(frames * Vocoder::kHop);
    return golden;
}

class GivenNoise final : public Noise {
  public:
    GivenNoise(std::span<const float> noise, int frames) : noise_(noise), frames_(frames) {}
    void fill(int frame, std::span<ComplexLanes, RealFft::kBins> bins) override {
        for (size_t bin = 0; bin < bins.size(); ++bin) {
            bins[bin] = ComplexLanes{};
            for (int lane = 0; lane < kLanes && frame + lane < frames_; ++lane) {
                const size_t at =
                    (bin * static_cast<size_t>(frames_) + static_cast<size_t>(frame + lane)) * 2;
                bins[bin].re[lane] = noise_[at];
                bins[bin].im[lane] = noise_[at + 1];
            }
        }
    }

  private:
    std::span<const float> noise_;
    int frames_;
};

std::vector<float> render(const SpectralParts& parts, Noise& noise) {
    const RealFft fft;
    Vocoder vocoder(fft, parts, noise);
    std::vector<float> out;
    for (auto samples = vocoder.next(); !samples.empty(); samples = vocoder.next()) {
        out.insert(out.end(), samples.begin(), samples.end());
    }
    return out;
}

double snr_db(std::span<const float> truth, std::span<const float> got) {
    double signal = 0, error = 0;
    for (size_t i = 0; i < truth.size(); ++i) {
        signal += static_cast<double>(truth[i]) * truth[i];
        error += std::pow(static_cast<double>(truth[i]) - got[i], 2);
    }
    return 10 * std::log10(signal / std::max(error, 1e-30));
}

TEST(Vocoder, MatchesThePackage) {
    const Golden golden = load_golden();
    GivenNoise noise(golden.noise, golden.frames);
    const auto samples = render(golden.spectral(), noise);
    ASSERT_EQ(samples.size(), golden.samples.size());
    const double snr = snr_db(golden.samples, samples);
    RecordProperty("snr_db", std::to_string(snr));
    EXPECT_GE(snr, 60.0);
}

TEST(Vocoder, GoldenHasVoiceAndNoise) {
    const Golden golden = load_golden();
    const auto voiced = std::count_if(golden.f0.begin(), golden.f0.end(), [](float f) { return f > 40; });
    EXPECT_GT(voiced, 10);
    EXPECT_LT(voiced, golden.frames - 5);
}

TEST(Vocoder, AnyNumberOfFramesGivesItsSamples) {
    for (int frames = 0; frames <= 13; ++frames) {
        const auto n = static_cast<size_t>(frames);
        const std::vector<float> low(kBins * n, -20.0f), zero(kBins * n, 0.0f), pitch(n, 120.0f);
        SeededNoise noise(1);
        const auto samples = render({frames, zero, zero, low, low, zero, pitch}, noise);
        EXPECT_EQ(samples.size(), n * Vocoder::kHop);
        for (const float s : samples) ASSERT_TRUE(std::isfinite(s));
    }
}

TEST(Vocoder, SurvivesExtremeValues) {
    const size_t n = 8;
    const std::vector<float> huge(kBins * n, 1e30f), tiny(kBins * n, -1e30f), turned(kBins * n, -9000.0f),
        pitch = {0, 1e-9f, 39, 41, 8000, 1e5f, 50, 0};
    SeededNoise noise(1);
    for (const float s : render({n, huge, huge, tiny, tiny, turned, pitch}, noise))
        ASSERT_TRUE(std::isfinite(s));
}

TEST(RealFft, MatchesThePlainSum) {
    const RealFft fft;
    auto work = std::make_unique<RealFft::Workspace>();
    std::vector<Lanes> samples(RealFft::kSize), back(RealFft::kSize);
    std::vector<ComplexLanes> bins(kBins);
    uint32_t state = 1;
    for (auto& lanes : samples) {
        for (int lane = 0; lane < kLanes; ++lane) {
            state = state * 1664525u + 1013904223u;
            lanes[lane] = static_cast<float>(state >> 8) / (1 << 23) - 1.0f;
        }
    }
    fft.forward(samples, bins, *work);
    for (const size_t bin : {0, 1, 7, 299, 300, 599, 600}) {
        for (int lane = 0; lane < kLanes; ++lane) {
            std::complex<double> sum;
            for (size_t n = 0; n < samples.size(); ++n) {
                sum += static_cast<double>(samples[n][lane]) *
                       std::polar(1.0, -2 * std::numbers::pi * static_cast<double>(bin * n) / RealFft::kSize);
            }
            EXPECT_NEAR(bins[bin].re[lane], sum.real(), 2e-4);
            EXPECT_NEAR(bins[bin].im[lane], sum.imag(), 2e-4);
        }
    }
    fft.inverse(bins, back, *work);
    for (size_t n = 0; n < samples.size(); ++n) {
        for (int lane = 0; lane < kLanes; ++lane) ASSERT_NEAR(back[n][lane], samples[n][lane], 2e-6);
    }
}

TEST(Lanes, ElementaryFunctionsAreClose) {
    for (int i = -8000; i <= 8000; ++i) {
        const float x = static_cast<float>(i) * 0.01f;
        EXPECT_NEAR(exp(splat(x))[0] / std::exp(static_cast<double>(x)), 1.0, 3e-7) << x;
        EXPECT_NEAR(tanh(splat(x))[1], std::tanh(static_cast<double>(x)), 3e-7) << x;
        for (const float far : {x, x * 25}) {
            EXPECT_NEAR(sincos(splat(far)).sin[2], std::sin(static_cast<double>(far)), 4e-7) << far;
            EXPECT_NEAR(sincos(splat(far)).cos[3], std::cos(static_cast<double>(far)), 4e-7) << far;
        }
        if (i > 0) {
            const double truth = std::log(static_cast<double>(x));
            EXPECT_NEAR(log(splat(x))[0], truth, 4e-7 * std::max(1.0, truth)) << x;
        }
    }
}

TEST(SeededNoise, IsGaussianAndRepeatable) {
    std::vector<ComplexLanes> bins(kBins), again(kBins), shifted(kBins);
    double sum = 0, squares = 0, fourths = 0, cross = 0;
    size_t count = 0;
    for (int frame = 0; frame < 400; frame += kLanes) {
        SeededNoise(42).fill(frame, std::span<ComplexLanes, kBins>(bins.data(), kBins));
        SeededNoise(42).fill(frame, std::span<ComplexLanes, kBins>(again.data(), kBins));
        for (size_t bin = 0; bin < kBins; ++bin) {
            for (int lane = 0; lane < kLanes; ++lane) {
                ASSERT_EQ(bins[bin].re[lane], again[bin].re[lane]);
                for (const double x : {bins[bin].re[lane], bins[bin].im[lane]}) {
                    sum += x;
                    squares += x * x;
                    fourths += x * x * x * x;
                    ++count;
                }
                cross += static_cast<double>(bins[bin].re[lane]) * bins[bin].im[lane];
            }
        }
    }
    const auto n = static_cast<double>(count);
    EXPECT_NEAR(sum / n, 0.0, 0.01);
    EXPECT_NEAR(squares / n, 1.0, 0.01);
    EXPECT_NEAR(fourths / n, 3.0, 0.06);
    EXPECT_NEAR(cross / n, 0.0, 0.01);
    // A frame's noise does not depend on where the block around it begins.
    SeededNoise(42).fill(0, std::span<ComplexLanes, kBins>(bins.data(), kBins));
    SeededNoise(42).fill(1, std::span<ComplexLanes, kBins>(shifted.data(), kBins));
    EXPECT_EQ(bins[100].re[1], shifted[100].re[0]);
    SeededNoise(43).fill(0, std::span<ComplexLanes, kBins>(again.data(), kBins));
    EXPECT_NE(bins[100].re[1], again[100].re[1]);
}

// Silence, a tone, silence, in blocks of `block` samples.
std::vector<float> trimmed(size_t silence, size_t tone, size_t after, size_t tail, size_t block) {
    std::vector<float> in(silence + tone + after, 1e-5f);
    for (size_t i = 0; i < tone; ++i) in[silence + i] = i % 2 ? 0.3f : -0.3f;
    std::vector<float> out;
    const EdgeTrimmer::Emit emit = [&](std::span<const float> s) {
        out.insert(out.end(), s.begin(), s.end());
        return true;
    };
    EdgeTrimmer edges(tail, emit);
    for (size_t at = 0; at < in.size(); at += block) {
        EXPECT_TRUE(edges.push(std::span(in).subspan(at, std::min(block, in.size() - at))));
    }
    EXPECT_TRUE(edges.finish());
    return out;
}

TEST(EdgeTrimmer, LeavesAShortLeadAndTheTail) {
    for (const size_t block : {100u, 1200u, 100000u}) {
        for (const size_t after : {0u, 1000u, 12000u}) {
            const auto out = trimmed(6000, 50000, after, 6000, block);
            EXPECT_EQ(out.size(), 192u + 50000u + 6000u) << block << " " << after;
            EXPECT_EQ(std::abs(out[192]), 0.3f);
            EXPECT_LT(std::abs(out[191]), 0.003f);
            EXPECT_EQ(out.back(), 0.0f);
        }
    }
}

TEST(EdgeTrimmer, ShortSoundsAndSilence) {
    EXPECT_EQ(trimmed(50, 10, 50, 100, 7).size(), 50u + 10u + 100u);
    EXPECT_TRUE(trimmed(5000, 0, 5000, 100, 1200).empty());
}

TEST(EdgeTrimmer, StopsWhenAsked) {
    const EdgeTrimmer::Emit no = [](std::span<const float>) { return false; };
    EdgeTrimmer edges(100, no);
    const std::vector<float> loud(40000, 0.5f);
    EXPECT_FALSE(edges.push(loud));
}

}  // namespace
}  // namespace coda::models::hibari
