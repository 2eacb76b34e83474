// Whisper's log-mel spectrogram (Radford et al. 2022; OpenAI whisper/audio.py): 16 kHz, Hann window of 400,
// hop 160, reflect padding of 200 at both ends, power spectrum, 80 (or 128) Slaney mel bands up to 8 kHz,
// log10 clamped at 1e-10, floored at max - 8, then (x + 4) / 4.
#pragma once

#include "base/result.h"

#include <span>
#include <vector>

namespace coda::audio {

struct MelSpectrogram {
    int bands = 0;
    int frames = 0;
    std::vector<float> values;  // [bands, frames], row-major
};

// One frame per 160 samples of the (already padded) signal: frames = samples / 160, the STFT's last frame
// dropped, as in Whisper. Reflect padding happens inside.
MelSpectrogram log_mel(std::span<const float> samples_16k, int bands);

}  // namespace coda::audio
