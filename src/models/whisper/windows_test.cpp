#include "models/whisper/windows.h"

#include "audio/mel.h"
#include "models/whisper/repetition.h"

#include <cmath>

#include <gtest/gtest.h>

namespace coda::models::whisper {
namespace {

TEST(Windows, ContextFollowsTheLength) {
    EXPECT_EQ(context_frames(0, 1500), 224);
    EXPECT_EQ(context_frames(16000, 1500), 256);          // 50 + 192, rounded up
    EXPECT_EQ(context_frames(16000 * 2, 1500), 320);      // 292
    EXPECT_EQ(context_frames(16000 * 5 + 1, 1500), 448);  // 443
    EXPECT_EQ(context_frames(16000 * 30, 1500), 1500);
    EXPECT_EQ(context_frames(16000, 64), 64);
}

std::vector<float> tone(double seconds) {
    std::vector<float> out(static_cast<size_t>(seconds * kSampleRate));
    for (size_t i = 0; i < out.size(); ++i) out[i] = 0.3f * std::sin(0.1f * static_cast<float>(i));
    return out;
}

void mute(std::vector<float>& samples, double from, double until) {
    for (auto i = static_cast<size_t>(from * kSampleRate); i < static_cast<size_t>(until * kSampleRate); ++i)
        samples[i] *= 0.001f;
}

TEST(Windows, CutInTheLongestPause) {
    std::vector<float> samples = tone(70);
    mute(samples, 17.0, 17.2);
    mute(samples, 22.0, 23.0);
    mute(samples, 28.0, 28.3);
    mute(samples, 45.0, 45.5);
    const std::vector<Window> windows = split_windows(samples);
    ASSERT_EQ(windows.size(), 3u);
    EXPECT_NEAR(static_cast<double>(windows[1].first) / kSampleRate, 22.5, 0.1);
    EXPECT_NEAR(static_cast<double>(windows[2].first) / kSampleRate, 45.25, 0.1);
}

TEST(Windows, CoverTheSignalOnceWhateverItHolds) {
    for (const double seconds : {0.0, 0.01, 29.9, 30.0, 30.01, 61.0, 200.0}) {
        for (const bool silent : {false, true}) {
            const std::vector<float> samples =
                silent ? std::vector<float>(static_cast<size_t>(seconds * kSampleRate)) : tone(seconds);
            size_t next = 0;
            for (const Window& window : split_windows(samples)) {
                EXPECT_EQ(window.first, next);
                EXPECT_LE(window.count, kWindowSamples);
                EXPECT_TRUE(window.count > 0 || samples.empty());
                next = window.first + window.count;
            }
            EXPECT_EQ(next, samples.size());
        }
    }
}

// Rows past the signal are computed without a transform; they must be those of the padded signal.
TEST(Windows, FeaturesAreThoseOfTheSignalFollowedBySilence) {
    for (const size_t length : {size_t{1}, size_t{161}, size_t{16000}, size_t{71680}}) {
        std::vector<float> samples = tone(static_cast<double>(length) / kSampleRate + 0.001);
        samples.resize(length);
        const std::vector<float> features = encoder_features(samples, 224, 80);
        std::vector<float> padded = samples;
        padded.resize(size_t{224} * kSamplesPerFrame);
        const audio::MelSpectrogram mel = audio::log_mel(padded, 80);
        ASSERT_EQ(features.size(), mel.values.size());
        float worst = 0;
        for (size_t row = 0; row < 448; ++row)
            for (size_t band = 0; band < 80; ++band)
                // The last rows of a full window see its end mirrored, not the silence after it.
                if (length < padded.size() || row < 445)
                    worst =
                        std::max(worst, std::abs(features[row * 80 + band] - mel.values[band * 448 + row]));
        EXPECT_LE(worst, 1e-5f) << length;
    }
}

TEST(Repetition, FindsLoopsAtTheEnd) {
    const std::vector<int32_t> none = {1, 2, 3, 4, 5}, twice = {9, 1, 2, 3, 4, 1, 2, 3, 4}, yes = {7, 7},
                               endless = {5, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1}, same(20, 3);
    EXPECT_EQ(trailing_repetition({}).copies, 0u);
    EXPECT_EQ(trailing_repetition(none).copies, 0u);
    EXPECT_EQ(trailing_repetition(twice).period, 4u);
    EXPECT_TRUE(is_suspicious(trailing_repetition(twice)));
    EXPECT_FALSE(is_loop(trailing_repetition(twice)));
    EXPECT_FALSE(is_suspicious(trailing_repetition(yes)));
    EXPECT_TRUE(is_loop(trailing_repetition(endless)));
    EXPECT_EQ(trailing_repetition(endless).period, 3u);
    EXPECT_EQ(trailing_repetition(endless).copies, 4u);
    EXPECT_TRUE(is_loop(trailing_repetition(same)));
}

// Python: len(text) / len(zlib.compress(text)).
TEST(Repetition, CompressionRatioIsOpenAis) {
    EXPECT_EQ(compression_ratio(""), 0);
    EXPECT_FLOAT_EQ(compression_ratio("Yes."), 4.0f / 12);
    std::string loop;
    for (int i = 0; i < 20; ++i) loop += "What is the weather in Paris? ";
    EXPECT_NEAR(compression_ratio(loop), 600.0 / 44, 0.7);
}

}  // namespace
}  // namespace coda::models::whisper
