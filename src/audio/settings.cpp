#include "audio/settings.h"

namespace coda::audio {

void declare(Settings& settings, AudioSettings& to) {
    settings.declare("audio.microphone", &to.microphone,
                     "A device's name, or part of it. Empty: the default.");
    settings.declare("audio.speaker", &to.speaker, "A device's name, or part of it. Empty: the default.");
    settings.declare("audio.duplex", &to.duplex, "Listen while speaking; only with headphones.");
}

}  // namespace coda::audio
