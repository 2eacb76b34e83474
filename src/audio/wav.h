// WAV files: 8/16/24/32-bit integer and 32/64-bit float PCM, any rate and channel count,
// WAVE_FORMAT_EXTENSIBLE, RF64. Facts from Microsoft's "Multimedia Programming Interface 1.0" and EBU Tech
// 3306. Thread safety: free functions without state.
#pragma once

#include "base/result.h"

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace coda::audio {

// Mono samples in [-1, 1] with their rate in Hz.
struct Sound {
    std::vector<float> samples;
    int sample_rate = 0;
    double seconds() const { return sample_rate ? static_cast<double>(samples.size()) / sample_rate : 0; }
};

// Channels are averaged to mono; NaN becomes 0 and what lies outside [-1, 1] is clipped. A data chunk cut
// short by the end of the file is an error that says how much is missing; but where its size is one of those
// that streaming writers leave (0, or from 0x7FFFF000 up), all that is there is taken. Refuses more than
// `max_seconds` of audio. `path` may be a pipe; "-" is standard input (up to 1 GiB).
Result<Sound> read_wav(const std::filesystem::path& path, double max_seconds = 4 * 3600);
// The same from bytes; `name` stands for the file in errors.
Result<Sound> parse_wav(std::span<const std::byte> bytes, const std::string& name,
                        double max_seconds = 4 * 3600);

// 16-bit mono PCM. A regular file is written whole or not at all (temporary file, sync, rename; through a
// symbolic link to what it points at). "-" is standard output; pipes and devices are written to directly.
Status write_wav(const std::filesystem::path& path, std::span<const float> samples, int sample_rate);

}  // namespace coda::audio
