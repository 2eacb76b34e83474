#include "models/whisper/windows.h"

#include "audio/mel.h"
#include "base/result.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace coda::models::whisper {
namespace {

constexpr size_t kBlock = kSampleRate / 50;  // 20 ms, in which levels are measured
constexpr size_t kQuietest = 5;              // blocks over which the quietest place is sought
constexpr size_t kCutFrom = size_t{20} * kSampleRate, kCutUntil = size_t{29} * kSampleRate;
constexpr float kPauseRatio = 10;  // in power: 10 dB

std::vector<float> block_powers(std::span<const float> samples) {
    std::vector<float> powers(samples.size() / kBlock);
    for (size_t i = 0; i < powers.size(); ++i) {
        const auto block = samples.subspan(i * kBlock, kBlock);
        powers[i] = std::inner_product(block.begin(), block.end(), block.begin(), 0.0f) / kBlock;
    }
    return powers;
}

// Mean of the kQuietest blocks around each one.
std::vector<float> smoothed(const std::vector<float>& powers) {
    std::vector<float> out(powers.size());
    for (size_t i = 0; i < powers.size(); ++i) {
        const size_t from = i < kQuietest / 2 ? 0 : i - kQuietest / 2;
        const size_t until = std::min(from + kQuietest, powers.size());
        out[i] = std::accumulate(powers.begin() + static_cast<ptrdiff_t>(from),
                                 powers.begin() + static_cast<ptrdiff_t>(until), 0.0f) /
                 static_cast<float>(until - from);
    }
    return out;
}

// The sample in the middle of the longest run of blocks that are nearly as quiet as the quietest.
size_t longest_pause(std::span<const float> samples) {
    const std::vector<float> powers = smoothed(block_powers(samples));
    const float limit = *std::min_element(powers.begin(), powers.end()) * kPauseRatio;
    size_t best_start = 0, best_length = 0, start = 0;
    for (size_t i = 0; i <= powers.size(); ++i) {
        if (i < powers.size() && powers[i] <= limit) continue;
        if (i - start > best_length) {
            best_start = start;
            best_length = i - start;
        }
        start = i + 1;
    }
    return (2 * best_start + best_length) * kBlock / 2;
}

}  // namespace

int context_frames(size_t samples, int limit) {
    const size_t spoken = (samples + kSamplesPerFrame - 1) / kSamplesPerFrame;
    const size_t wanted = (std::max<size_t>(224, spoken + 192) + 31) / 32 * 32;
    return static_cast<int>(std::min(wanted, static_cast<size_t>(limit)));
}

std::vector<Window> split_windows(std::span<const float> samples) {
    std::vector<Window> windows;
    size_t first = 0;
    while (samples.size() - first > kWindowSamples) {
        const size_t cut = kCutFrom + longest_pause(samples.subspan(first + kCutFrom, kCutUntil - kCutFrom));
        windows.push_back({first, cut});
        first += cut;
    }
    windows.push_back({first, samples.size() - first});
    return windows;
}

std::vector<float> encoder_features(std::span<const float> samples, int frames, int bands) {
    const size_t rows = 2 * static_cast<size_t>(frames), hop = kSamplesPerFrame / 2;
    CODA_ASSERT(samples.size() <= rows * hop);
    // Two hops of silence let the last window of the transform run out; after that every row is the floor.
    const size_t computed = std::min(rows, (samples.size() + hop - 1) / hop + 2);
    std::vector<float> padded(computed * hop);
    std::copy(samples.begin(), samples.end(), padded.begin());
    const audio::MelSpectrogram mel = audio::log_mel(padded, bands);

    constexpr float kSilence = (-10.0f + 4) / 4, kRange = 8.0f / 4;
    const float floor = std::max(kSilence, *std::max_element(mel.values.begin(), mel.values.end()) - kRange);
    std::vector<float> features(rows * static_cast<size_t>(bands), floor);
    for (size_t band = 0; band < static_cast<size_t>(bands); ++band)
        for (size_t row = 0; row < computed; ++row)
            features[row * static_cast<size_t>(bands) + band] = mel.values[band * computed + row];
    return features;
}

}  // namespace coda::models::whisper
