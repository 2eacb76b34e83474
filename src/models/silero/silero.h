// Silero VAD v5/v6 (MIT) through ONNX Runtime: the probability that a frame of 32 ms holds speech.
// A Silero holds the network and is shared; a VadStream holds one conversation's state.
// Thread safety: Silero is immutable after open; a VadStream belongs to one thread.
#pragma once

#include "base/result.h"

#include <array>
#include <filesystem>
#include <memory>
#include <span>

namespace coda::models {

class Silero {
  public:
    static constexpr int kFrameSamples = 512;  // 32 ms at 16 kHz
    static constexpr int kContextSamples = 64;

    // Fails as onnx::Session::open does, and with unsupported for a network with other inputs.
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

// A Silero along one stream of frames. Music and long silence move the recurrent state so that speech after
// them scores too low; the state is therefore set back every 2 s, but only in clear quiet: the caller hears
// no speech and five frames in a row scored below 0.1.
class VadStream {
  public:
    explicit VadStream(std::shared_ptr<const Silero> silero) : silero_(std::move(silero)) {}

    // `in_speech`: the caller takes this moment to be inside an utterance; the state is then left alone.
    Result<float> probability(std::span<const float, Silero::kFrameSamples> frame, bool in_speech);
    void reset();

  private:
    static constexpr int kFramesBetweenResets = 62;  // 2 s
    static constexpr int kQuietFrames = 5;
    static constexpr float kQuietProbability = 0.1f;

    std::shared_ptr<const Silero> silero_;
    Silero::State state_;
    int frames_since_reset_ = 0;
    int quiet_frames_ = 0;
};

}  // namespace coda::models
