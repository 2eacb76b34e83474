#include "audio/resample.h"

#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

namespace coda::audio {
namespace {

std::vector<float> sine(double hz, int rate, double seconds) {
    std::vector<float> samples(static_cast<size_t>(std::llround(rate * seconds)));
    for (size_t i = 0; i < samples.size(); ++i)
        samples[i] =
            static_cast<float>(0.5 * std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / rate));
    return samples;
}

// Signal to error in dB, without `margin` samples at both ends, where the signal starts and stops abruptly.
double snr_db(std::span<const float> got, std::span<const float> wanted, size_t margin) {
    double signal = 0, error = 0;
    for (size_t i = margin; i + margin < std::min(got.size(), wanted.size()); ++i) {
        signal += std::pow(wanted[i], 2);
        error += std::pow(double{got[i]} - wanted[i], 2);
    }
    return 10 * std::log10(signal / (error + 1e-30));
}

class ResampleRates : public testing::TestWithParam<std::pair<int, int>> {};

TEST_P(ResampleRates, KeepsATone) {
    const auto [from, to] = GetParam();
    const auto got = resample(sine(1000, from, 0.5), from, to);
    ASSERT_TRUE(got);
    const auto wanted = sine(1000, to, 0.5);
    EXPECT_NEAR(static_cast<double>(got->size()), static_cast<double>(wanted.size()), 1);
    EXPECT_GT(snr_db(*got, wanted, static_cast<size_t>(to / 20)), 90);
}

TEST_P(ResampleRates, StreamedInOddBlocksIsTheSame) {
    const auto [from, to] = GetParam();
    const auto input = sine(440, from, 0.5);
    auto stream = StreamResampler::create(from, to);
    ASSERT_TRUE(stream);
    std::vector<float> streamed;
    size_t block = 1;
    for (size_t at = 0; at < input.size(); at += block, block = block * 7 % 997 + 1) {
        block = std::min(block, input.size() - at);
        ASSERT_TRUE(stream->push(std::span(input).subspan(at, block), streamed));
    }
    const size_t held_back =
        static_cast<size_t>(to / 2) - std::min(streamed.size(), static_cast<size_t>(to / 2));
    EXPECT_LE(held_back, static_cast<size_t>(to) * 60 / 1000) << "more than 60 ms are held back";
    ASSERT_TRUE(stream->flush(streamed));
    const auto whole = resample(input, from, to);
    EXPECT_NEAR(static_cast<double>(streamed.size()), static_cast<double>(whole->size()), 1);
    EXPECT_GT(snr_db(streamed, *whole, static_cast<size_t>(to / 20)), 90);
}

INSTANTIATE_TEST_SUITE_P(Rates, ResampleRates,
                         testing::Values(std::pair(48000, 16000), std::pair(44100, 16000),
                                         std::pair(16000, 16000), std::pair(8000, 16000),
                                         std::pair(24000, 48000), std::pair(24000, 44100),
                                         std::pair(192000, 16000), std::pair(22051, 16000)));

TEST(Resample, RemovesWhatTheLowerRateCannotHold) {
    const auto got = resample(sine(11000, 48000, 0.5), 48000, 16000);
    ASSERT_TRUE(got);
    for (size_t i = 800; i + 800 < got->size(); ++i) ASSERT_LT(std::abs((*got)[i]), 1e-4F);
}

TEST(Resample, LengthIsRounded) {
    EXPECT_EQ(resample(std::vector<float>(3, 0.1F), 48000, 16000)->size(), 1u);
    EXPECT_EQ(resample(std::vector<float>(1, 0.1F), 48000, 16000)->size(), 0u);
    EXPECT_EQ(resample(std::vector<float>(2, 0.1F), 44100, 16000)->size(), 1u);
    EXPECT_EQ(resample({}, 44100, 16000)->size(), 0u);
}

TEST(Resample, SurvivesTheWidestRatios) {
    EXPECT_EQ(resample(std::vector<float>(50, 0.1F), 100, 16000)->size(), 8000u);
    EXPECT_EQ(resample(std::vector<float>(100000, 0.1F), 1'000'000, 16000)->size(), 1600u);
}

TEST(Resample, RefusesRatesThatAreNone) {
    EXPECT_EQ(resample({}, 0, 16000).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(StreamResampler::create(16000, -1).error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace coda::audio
