// hibari text-to-speech (Apache-2.0): text -> phonemes -> network (ONNX Runtime) -> vocoder -> 24 kHz
// samples. Thread safety: Hibari is immutable after open; synthesize may be called from several threads.
#pragma once

#include "base/cancel.h"
#include "base/result.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace coda::models {

struct SpeakOptions {
    std::string voice = {};  // empty: the package's default
    float speed = 1.0f;      // 0.5 .. 2
    uint32_t seed = 0;       // of the vocoder's noise
};

class Hibari {
  public:
    static constexpr int kSampleRate = 24000;

    // `assets`: the folder with hibari.onnx, the lexicons and tables.
    static Result<std::shared_ptr<Hibari>> open(const std::filesystem::path& assets);
    ~Hibari();

    // Speaks one clause or sentence, or a longer text sentence by sentence: leading silence trimmed to <= 10
    // ms, the tail by its last mark (. ! ? 250 ms, any other or none 120 ms), with a fade. `emit` gets
    // consecutive blocks as they are ready; returning false stops. Markdown and symbols are made speakable
    // first; text with nothing to say emits nothing and succeeds. Fails with not_found (voice),
    // invalid_argument (speed) or cancelled.
    using Emit = std::function<bool(std::span<const float>)>;
    Status synthesize(std::string_view text, const SpeakOptions& options, const Cancel& cancel,
                      const Emit& emit) const;

    // The phonemes of `text`, sentence by sentence, as the package's own front end writes them (markdown is
    // not taken off first). Any voice of the registry will do, installed or not.
    Result<std::string> phonemes(std::string_view text, const std::string& voice = {}) const;
    // The names of the voices that are installed, the default first.
    std::vector<std::string> voices() const;

  private:
    struct Impl;
    explicit Hibari(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace coda::models
