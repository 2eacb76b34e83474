// Recordings for the tests of conversations, at 16 kHz. Thread safety: free functions.
#pragma once

#include "audio/resample.h"
#include "audio/wav.h"

#include <initializer_list>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace coda::assistant {

// One of tests/data/audio, by its name there.
inline std::vector<float> clip(const std::string& name) {
    auto sound = audio::read_wav(CODA_SOURCE_DIR "/tests/data/audio/" + name);
    EXPECT_TRUE(sound) << sound.error().message();
    if (!sound) return {};
    if (sound->sample_rate == 16000) return sound->samples;
    return audio::resample(sound->samples, sound->sample_rate, 16000).value();
}

inline std::vector<float> silence(double seconds) {
    return std::vector<float>(static_cast<size_t>(seconds * 16000));
}

inline std::vector<float> join(std::initializer_list<std::vector<float>> parts) {
    std::vector<float> all;
    for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
    return all;
}

}  // namespace coda::assistant
