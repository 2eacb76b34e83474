#include "assistant/speech_state.h"

#include <algorithm>
#include <cmath>

namespace coda::assistant {

models::SpeakOptions SpeechState::options(const models::SpeakOptions& configured) const {
    models::SpeakOptions out = configured;
    out.speed = std::clamp(configured.speed * static_cast<float>(pace_ * once_), static_cast<float>(kSlowest),
                           static_cast<float>(kFastest));
    return out;
}

// Loudness grows slower than amplitude: 35 % is about 9 dB down, 100 % about 5 dB up.
float SpeechState::gain() const {
    constexpr float kExponent = 1.5f;
    return std::pow(static_cast<float>(volume_) / kUsualVolume, kExponent);
}

void SpeechState::amplify(std::span<float> samples, float gain) {
    if (gain == 1) return;
    for (float& sample : samples) sample = std::clamp(sample * gain, -1.0f, 1.0f);
}

}  // namespace coda::assistant
