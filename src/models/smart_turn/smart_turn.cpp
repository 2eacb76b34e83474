#include "models/smart_turn/smart_turn.h"

#include "audio/mel.h"
#include "models/onnx/session.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace coda::models {
namespace {

constexpr size_t kWindowSamples = 8 * 16000;
constexpr int kMelBands = 80;
constexpr int kMelFrames = 800;
constexpr double kVarianceFloor = 1e-7;
constexpr const char* kInput = "input_features";
constexpr const char* kOutput = "logits";  // a probability in spite of its name

// The last 8 s, silence in front of anything shorter, at zero mean and unit variance over all of it.
std::vector<float> normalised_window(std::span<const float> samples) {
    const std::span<const float> heard = samples.last(std::min(samples.size(), kWindowSamples));
    std::vector<float> window(kWindowSamples, 0.0f);
    std::ranges::copy(heard, window.end() - static_cast<std::ptrdiff_t>(heard.size()));
    double sum = 0, squares = 0;
    for (const float sample : heard) sum += sample;
    const double mean = sum / kWindowSamples;
    for (const float sample : window) squares += (sample - mean) * (sample - mean);
    const double scale = 1 / std::sqrt(squares / kWindowSamples + kVarianceFloor);
    for (float& sample : window) sample = static_cast<float>((sample - mean) * scale);
    return window;
}

}  // namespace

struct SmartTurn::Impl {
    std::unique_ptr<onnx::Session> session;
};

SmartTurn::SmartTurn(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SmartTurn::~SmartTurn() = default;

Result<std::shared_ptr<SmartTurn>> SmartTurn::open(const std::filesystem::path& onnx_file, int threads) {
    auto impl = std::make_unique<Impl>();
    CODA_TRY(impl->session, onnx::Session::open(onnx_file, {.threads = threads, .exact_bytes = true}));
    const auto& inputs = impl->session->inputs();
    const auto& outputs = impl->session->outputs();
    const bool known = inputs.size() == 1 && inputs[0].name == kInput && inputs[0].shape.size() == 3 &&
                       inputs[0].shape[1] == kMelBands && inputs[0].shape[2] == kMelFrames &&
                       outputs.size() == 1 && outputs[0].name == kOutput;
    if (!known)
        return fail(ErrorCode::unsupported,
                    "not smart-turn v3: input_features [1, 80, 800] and logits are expected",
                    onnx_file.string(), "run script/bootstrap to fetch the file again");
    return std::shared_ptr<SmartTurn>(new SmartTurn(std::move(impl)));
}

Result<float> SmartTurn::probability(std::span<const float> samples_16k, const Cancel& cancel) const {
    const audio::MelSpectrogram mel = audio::log_mel(normalised_window(samples_16k), kMelBands);
    CODA_ASSERT(mel.frames == kMelFrames);
    CODA_TRY(const onnx::Outputs outputs,
             impl_->session->run({onnx::Input(kInput, mel.values, {1, kMelBands, kMelFrames})}, {kOutput},
                                 cancel));
    if (outputs.floats(0).size() != 1)
        return fail(ErrorCode::unsupported, "smart-turn gave an output of another shape");
    return outputs.floats(0)[0];
}

}  // namespace coda::models
