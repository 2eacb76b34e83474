// Sounds for tests: the recordings of tests/data/audio and altered copies of them (as
// tests/golden/whisper/sounds.py makes them, sample for sample), and sounds that are no speech. 16 kHz mono.
// Thread safety: free functions.
#pragma once

#include <string>
#include <vector>

namespace coda::test {

constexpr int kSampleRate = 16000;

using Samples = std::vector<float>;

// A recording below tests/data/audio, by file name ("spoken/plain-01.wav"); an empty vector when it cannot be
// read.
Samples recording(const std::string& file);

// `kind`: plain, quiet (-34 dB), noisy (white noise 15 dB below), fast (1.15 x), slow (0.88 x).
Samples altered(const Samples& samples, const std::string& kind);

struct NamedSound {
    std::string name;
    Samples samples;
};

// Digital silence, noises of several colours and levels, clicks, tones, chords, breath, hum, knocks and the
// like, each `seconds` long.
std::vector<NamedSound> not_speech(double seconds);

// The rows of a tab-separated file without its first line.
std::vector<std::vector<std::string>> read_tsv(const std::string& path);

}  // namespace coda::test
