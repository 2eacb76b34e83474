#include "models/hibari/settings.h"

namespace coda::models {

void declare(Settings& settings, HibariSettings& to) {
    settings.declare("tts.model", &to.model, "Text to speech: a hibari folder. Empty: the packaged one.");
    settings.declare("tts.voice", &to.voice, "Empty: the model's own default.");
    settings.declare("tts.speed", &to.speed, "Pace of speech.", SettingRules::between(0.5, 2));
}

SpeakOptions HibariSettings::options() const {
    SpeakOptions options;
    options.voice = voice;
    options.speed = static_cast<float>(speed);
    return options;
}

}  // namespace coda::models
