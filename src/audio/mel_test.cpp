#include "audio/mel.h"

#include "base/file_map.h"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <numbers>
#include <string>

#include <gtest/gtest.h>

namespace coda::audio {
namespace {

std::string bytes_of(const std::string& path) {
    auto bytes = read_file(CODA_SOURCE_DIR + path);
    EXPECT_TRUE(bytes) << path;
    return bytes.value_or("");
}

// The committed recordings are 16 kHz mono PCM.
std::vector<float> recording(const std::string& path) {
    const std::string bytes = bytes_of(path);
    const size_t data = std::min(bytes.find("data"), bytes.size()) + 8;
    if (bytes.size() < data) return {};
    std::vector<int16_t> pcm((bytes.size() - data) / 2);
    std::memcpy(pcm.data(), bytes.data() + data, pcm.size() * 2);
    std::vector<float> samples(pcm.size());
    for (size_t i = 0; i < pcm.size(); ++i) samples[i] = pcm[i] / 32768.0f;
    return samples;
}

// Every `every`-th frame of the reference, and the greatest difference from it.
void expect_golden(const std::string& name, const std::vector<float>& samples) {
    const std::string bytes = bytes_of("/tests/golden/mel/" + name);
    ASSERT_GE(bytes.size(), 12u);
    int32_t header[3];
    std::memcpy(header, bytes.data(), 12);
    const auto [bands, frames, every] = header;
    const MelSpectrogram mel = log_mel(samples, bands);
    ASSERT_EQ(mel.bands, bands);
    ASSERT_EQ(mel.frames, frames);
    const int kept = (frames + every - 1) / every;
    ASSERT_EQ(bytes.size(), 12 + size_t(4) * kept * bands);
    std::vector<float> expected(size_t(kept) * bands);
    std::memcpy(expected.data(), bytes.data() + 12, expected.size() * 4);
    float worst = 0;
    for (int i = 0; i < kept; ++i)
        for (int band = 0; band < bands; ++band)
            worst = std::max(worst, std::abs(mel.values[size_t(band) * frames + size_t(i) * every] -
                                             expected[size_t(i) * bands + band]));
    EXPECT_LE(worst, 1e-4f) << name;
    ::testing::Test::RecordProperty(name + "_worst", std::to_string(worst));
}

TEST(Mel, MatchesFasterWhisper) {
    const auto jfk = recording("/tests/data/audio/jfk.wav");
    expect_golden("jfk-80.f32", jfk);
    expect_golden("jfk-128.f32", jfk);
    expect_golden("plain-05-80.f32", recording("/tests/data/audio/spoken/plain-05.wav"));
    expect_golden("paused-16-80.f32", recording("/tests/data/audio/spoken/paused-16.wav"));
    expect_golden("jfk-first-1000-80.f32", {jfk.begin() + 20000, jfk.begin() + 21000});
    expect_golden("silence-80.f32", std::vector<float>(1600, 0.0f));
}

// A tone lies in the band whose triangle covers it, and doubling its level adds log10(4) / 4.
TEST(Mel, ToneIsInItsBandAndScalesWithPower) {
    std::vector<float> tone(16000), louder(16000);
    for (size_t i = 0; i < tone.size(); ++i) {
        tone[i] = 0.25f * static_cast<float>(
                              std::sin(2 * std::numbers::pi * 1000.0 * static_cast<double>(i) / 16000));
        louder[i] = 2 * tone[i];
    }
    const MelSpectrogram mel = log_mel(tone, 80), twice = log_mel(louder, 80);
    int peak = 0;
    for (int band = 0; band < 80; ++band)
        if (mel.values[size_t(band) * 100 + 50] > mel.values[size_t(peak) * 100 + 50]) peak = band;
    EXPECT_NEAR(peak, 15.0 / 45.2456 * 81 - 1, 1.0);  // 1 kHz is mel 15 of 45.25
    EXPECT_NEAR(twice.values[size_t(peak) * 100 + 50] - mel.values[size_t(peak) * 100 + 50],
                std::log10(4.0f) / 4, 1e-4);
}

// Frames are independent of how many are computed beside them, up to the common floor.
TEST(Mel, FrameDoesNotDependOnItsLane) {
    const auto jfk = recording("/tests/data/audio/jfk.wav");
    const std::vector<float> whole(jfk.begin(), jfk.begin() + 160 * 40),
        shifted(jfk.begin() + 160, jfk.begin() + 160 * 40);
    const MelSpectrogram a = log_mel(whole, 80), b = log_mel(shifted, 80);
    for (int band = 0; band < 80; ++band)
        for (int frame = 5; frame < 35; ++frame)
            EXPECT_NEAR(a.values[size_t(band) * a.frames + frame],
                        b.values[size_t(band) * b.frames + frame - 1], 1e-5);
}

TEST(Mel, ShortAndEmptySignals) {
    EXPECT_EQ(log_mel({}, 80).frames, 0);
    EXPECT_EQ(log_mel(std::vector<float>(159, 0.5f), 80).frames, 0);
    const MelSpectrogram one = log_mel(std::vector<float>(160, 0.5f), 80);
    EXPECT_EQ(one.frames, 1);
    for (const float value : one.values) EXPECT_TRUE(std::isfinite(value));
}

}  // namespace
}  // namespace coda::audio
