// The acoustic network of one voice: phoneme ids to the vocoder's spectral parts.
// Thread safety: immutable after open; run may be called from several threads.
#pragma once

#include "base/cancel.h"
#include "base/result.h"
#include "models/hibari/sound/vocoder.h"
#include "models/hibari/text/unicode.h"
#include "models/onnx/session.h"

#include <filesystem>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

namespace coda::models::hibari {

// The ids of the phoneme alphabet, from vocab.json.
class PhonemeIds {
  public:
    static Result<PhonemeIds> open(const std::filesystem::path& file);
    // One id per known phoneme, unknown ones left out, with the padding that the network wants at both ends.
    // Empty when nothing is known.
    std::vector<int64_t> operator()(TextView phonemes) const;

  private:
    std::unordered_map<char32_t, int64_t> ids_;
};

class Network {
  public:
    // Owns what `parts` views.
    struct Spectrum {
        onnx::Outputs outputs;
        SpectralParts parts;
    };

    static Result<std::unique_ptr<Network>> open(const std::filesystem::path& file, int threads);
    // `speed` divides the durations.
    Result<Spectrum> run(std::span<const int64_t> ids, float speed, const Cancel& cancel) const;

  private:
    std::unique_ptr<onnx::Session> session_;
};

}  // namespace coda::models::hibari
