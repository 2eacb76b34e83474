#include "models/silero/silero.h"

#include "models/onnx/session.h"

#include <algorithm>
#include <utility>

namespace coda::models {
namespace {

constexpr int64_t kSampleRate = 16000;

bool has_input(const onnx::Session& session, const char* name, size_t rank) {
    return std::ranges::any_of(session.inputs(), [&](const onnx::TensorInfo& info) {
        return info.name == name && info.shape.size() == rank;
    });
}

}  // namespace

struct Silero::Impl {
    std::unique_ptr<onnx::Session> session;
};

Silero::Silero(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Silero::~Silero() = default;

Result<std::shared_ptr<Silero>> Silero::open(const std::filesystem::path& onnx_file) {
    auto impl = std::make_unique<Impl>();
    CODA_TRY(impl->session, onnx::Session::open(onnx_file, {.threads = 1}));
    const onnx::Session& session = *impl->session;
    if (!has_input(session, "input", 2) || !has_input(session, "state", 3) || !has_input(session, "sr", 0))
        return fail(ErrorCode::unsupported,
                    "not Silero VAD v5 or v6: inputs input, state and sr are expected", onnx_file.string(),
                    "run script/bootstrap to fetch the file again");
    return std::shared_ptr<Silero>(new Silero(std::move(impl)));
}

Result<float> Silero::probability(std::span<const float, kFrameSamples> frame, State& state) const {
    std::array<float, kContextSamples + kFrameSamples> input;
    std::ranges::copy(state.context, input.begin());
    std::ranges::copy(frame, input.begin() + kContextSamples);
    CODA_TRY(const onnx::Outputs outputs,
             impl_->session->run({onnx::Input("input", input, {1, kContextSamples + kFrameSamples}),
                                  onnx::Input("state", state.recurrent, {2, 1, 128}),
                                  onnx::Input("sr", std::span(&kSampleRate, 1), {})},
                                 {"output", "stateN"}));
    const std::span<const float> recurrent = outputs.floats(1);
    if (outputs.floats(0).empty() || recurrent.size() != state.recurrent.size())
        return fail(ErrorCode::unsupported, "Silero VAD gave outputs of another shape");
    std::ranges::copy(recurrent, state.recurrent.begin());
    std::ranges::copy(frame.last<kContextSamples>(), state.context.begin());
    return outputs.floats(0)[0];
}

Result<float> VadStream::probability(std::span<const float, Silero::kFrameSamples> frame, bool in_speech) {
    CODA_TRY(const float probability, silero_->probability(frame, state_));
    ++frames_since_reset_;
    quiet_frames_ = probability < kQuietProbability ? quiet_frames_ + 1 : 0;
    if (!in_speech && frames_since_reset_ >= kFramesBetweenResets && quiet_frames_ >= kQuietFrames) reset();
    return probability;
}

void VadStream::reset() {
    state_ = {};
    frames_since_reset_ = 0;
    quiet_frames_ = 0;
}

}  // namespace coda::models
