// WAV files: 8/16/24/32-bit integer and 32/64-bit float PCM, any rate and channel count, WAVE_FORMAT_EXTENSIBLE.
// Thread safety: free functions without state; a WavWriter belongs to one thread.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"

namespace coda::audio {

// Mono samples in [-1, 1] with their rate in Hz.
struct Sound {
    std::vector<float> samples;
    int sample_rate = 0;
    double seconds() const { return sample_rate ? static_cast<double>(samples.size()) / sample_rate : 0; }
};

// Channels are averaged to mono. A data chunk cut short by the end of the file is an error that says how much
// is missing. Refuses more than `max_seconds` of audio.
Result<Sound> read_wav(const std::filesystem::path& path, double max_seconds = 4 * 3600);
// The same from bytes; `name` stands for the file in errors.
Result<Sound> parse_wav(std::span<const std::byte> bytes, const std::string& name, double max_seconds = 4 * 3600);

// 16-bit mono PCM, written whole or not at all (temporary file, sync, rename).
Status write_wav(const std::filesystem::path& path, std::span<const float> samples, int sample_rate);

}  // namespace coda::audio
