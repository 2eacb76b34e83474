// How audio is laid out for the encoder: how many frames an utterance needs, and where longer audio is cut.
// Thread safety: pure functions.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace coda::models::whisper {

constexpr int kSampleRate = 16000;
constexpr int kSamplesPerFrame = 320;  // of the encoder: two hops of the log-mel
constexpr size_t kWindowSamples = size_t{30} * kSampleRate;

// max(224, ceil(50 x seconds) + 192) rounded up to 32, at most `limit`. With less silence after the words the
// decoder repeats them: on 152 utterances cut close to their words, 15 loops at + 128 and 3 at + 192
// (tiny.en).
int context_frames(size_t samples, int limit);

struct Window {
    size_t first = 0, count = 0;
};

// Parts of at most 30 s that together are the whole signal, none overlapping. What is longer is cut in the
// middle of its longest pause between 20 and 29 s, a pause being where the level stays within 10 dB of the
// quietest there; failing any, at the quietest 100 ms: so no word is cut that has silence beside it.
std::vector<Window> split_windows(std::span<const float> samples);

// [2 x frames, bands] log-mel rows of the window, as of the signal followed by silence. `frames` must cover
// it.
std::vector<float> encoder_features(std::span<const float> samples, int frames, int bands);

}  // namespace coda::models::whisper
