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

    // Speaks one clause or sentence: leading silence trimmed to <= 10 ms, the tail by its punctuation (comma
    // 120 ms, end 250 ms), with a fade. `emit` gets consecutive blocks as they are ready; returning false
    // stops. Text without anything to say (only symbols) emits nothing and succeeds.
    using Emit = std::function<bool(std::span<const float>)>;
    Status synthesize(std::string_view text, const SpeakOptions& options, const Cancel& cancel,
                      const Emit& emit) const;

    // The phoneme string that `text` is spoken as, as the package's own front end writes it.
    Result<std::string> phonemes(std::string_view text, const std::string& voice = {}) const;
    std::vector<std::string> voices() const;

  private:
    struct Impl;
    explicit Hibari(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace coda::models
