#include "models/whisper/settings.h"

namespace coda::models {

void declare(Settings& settings, WhisperSettings& to) {
    settings.declare(
        "stt.model", &to.model,
        "Speech to text: a folder in CTranslate2's format or a whisper.cpp file. Empty: the packaged one.");
    settings.declare("stt.language", &to.language,
                     "What is spoken, for multilingual models: two letters, or \"auto\".");
}

TranscribeOptions WhisperSettings::options() const {
    TranscribeOptions options;
    options.language = language;
    return options;
}

}  // namespace coda::models
