// Silero VAD v5/v6 (MIT) through ONNX Runtime: the probability that a frame of 32 ms holds speech.
// A Silero holds the network and is shared; a VadStream holds one conversation's state.
// Thread safety: Silero is immutable after open; a VadStream belongs to one thread.
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <span>

#include "base/result.h"

namespace coda::models {

class Silero {
  public:
    static constexpr int kFrameSamples = 512;  // 32 ms at 16 kHz
    static constexpr int kContextSamples = 64;

    static Result<std::shared_ptr<Silero>> open(const std::filesystem::path& onnx_file);
    ~Silero();

    // Recurrent state and the last 64 samples: copyable, so that a stream can be rewound.
    struct State {
        std::array<float, 2 * 128> recurrent{};
        std::array<float, kContextSamples> context{};
    };
    // Probability in [0, 1] for 512 new samples at 16 kHz; updates `state`.
    Result<float> probability(std::span<const float, kFrameSamples> frame, State& state) const;

  private:
    struct Impl;
    explicit Silero(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace coda::models
