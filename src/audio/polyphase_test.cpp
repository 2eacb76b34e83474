#include "audio/polyphase.h"

#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

namespace coda::audio {
namespace {

double wave(double hz, double seconds) {
    return 0.5 * std::sin(2 * std::numbers::pi * hz * seconds);
}

class PolyphaseRates : public testing::TestWithParam<std::pair<int, int>> {
  protected:
    // One second of a tone, converted in blocks of changing size.
    std::vector<float> convert(double hz) {
        const auto [from, to] = GetParam();
        auto resampler = PolyphaseResampler::create(from, to);
        EXPECT_TRUE(resampler);
        delay_ = resampler->delay();
        std::vector<float> result;
        size_t consumed = 0;
        for (size_t block = 1; result.size() < static_cast<size_t>(to); block = block * 7 % 997 + 1) {
            std::vector<float> in(resampler->needed(block)), out(block);
            EXPECT_GE(resampler->yield(in.size()), block);
            EXPECT_TRUE(in.empty() || resampler->yield(in.size() - 1) < block);
            for (float& sample : in)
                sample = static_cast<float>(wave(hz, static_cast<double>(consumed++) / from));
            resampler->process(in, out);
            result.insert(result.end(), out.begin(), out.end());
        }
        return result;
    }
    double delay_ = 0;
};

TEST_P(PolyphaseRates, KeepsATone) {
    const auto [from, to] = GetParam();
    const double hz = 0.3 * std::min(from, to);
    const auto got = convert(hz);
    double signal = 0, error = 0;
    for (size_t i = static_cast<size_t>(2 * delay_) + 1; i < got.size(); ++i) {
        const double wanted = wave(hz, (static_cast<double>(i) - delay_) / to);
        signal += wanted * wanted;
        error += std::pow(got[i] - wanted, 2);
    }
    EXPECT_GT(10 * std::log10(signal / error), 65);
    EXPECT_LT(delay_ / to, 0.0045) << "seconds";
}

class PolyphaseFallingRates : public PolyphaseRates {};

TEST_P(PolyphaseFallingRates, RemovesWhatTheLowerRateCannotHold) {
    const auto got = convert(0.53 * GetParam().second);
    for (size_t i = static_cast<size_t>(2 * delay_) + 1; i < got.size(); ++i)
        ASSERT_LT(std::abs(got[i]), 0.5e-3);
}

INSTANTIATE_TEST_SUITE_P(Rates, PolyphaseRates,
                         testing::Values(std::pair(24000, 48000), std::pair(24000, 44100),
                                         std::pair(24000, 24000), std::pair(24000, 16000),
                                         std::pair(48000, 16000), std::pair(44100, 16000),
                                         std::pair(8000, 16000), std::pair(192000, 16000),
                                         std::pair(22051, 16000)));

INSTANTIATE_TEST_SUITE_P(Rates, PolyphaseFallingRates,
                         testing::Values(std::pair(24000, 16000), std::pair(48000, 16000),
                                         std::pair(44100, 16000), std::pair(192000, 16000),
                                         std::pair(22051, 16000)));

TEST(Polyphase, RefusesWhatWouldNotFit) {
    EXPECT_EQ(PolyphaseResampler::create(0, 16000).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(PolyphaseResampler::create(24000, 191999).error().code, ErrorCode::unsupported);
}

}  // namespace
}  // namespace coda::audio
