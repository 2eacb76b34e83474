// smart-turn v3 (BSD-2): from the prosody of the last 8 s, has the person finished speaking?
// Thread safety: immutable after open; probability may be called from several threads.
#pragma once

#include "base/cancel.h"
#include "base/result.h"

#include <filesystem>
#include <memory>
#include <span>

namespace coda::models {

class SmartTurn {
  public:
    static Result<std::shared_ptr<SmartTurn>> open(const std::filesystem::path& onnx_file, int threads);
    ~SmartTurn();

    // Probability in [0, 1] that the turn is complete. `samples_16k`: the user's turn so far, 16 kHz mono;
    // only the last 8 s are used, shorter is zero-padded in front.
    Result<float> probability(std::span<const float> samples_16k, const Cancel& cancel) const;

  private:
    struct Impl;
    explicit SmartTurn(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace coda::models
