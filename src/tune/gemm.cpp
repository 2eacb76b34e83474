#include "tune/gemm.h"

#include "base/clock.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace coda::tune {
namespace {

using namespace runtime;

constexpr double kLeastSeconds = 2e-3;  // of what is timed at once
constexpr int kMostRepeats = 1000, kSampled = 97;

std::vector<float> random_floats(size_t count, uint32_t seed) {
    std::minstd_rand random(seed);
    std::vector<float> values(count);
    for (float& v : values) v = static_cast<float>(random()) / 1073741824.0f - 1;
    return values;
}

// One linear layer, compiled.
class Layer {
  public:
    static Result<Layer> make(Backend& backend, const GemmShape& shape, const GemmKind& kind) {
        Layer layer;
        layer.shape_ = shape;
        layer.kind_ = kind;
        const auto rows = static_cast<size_t>(shape.rows), out = static_cast<size_t>(shape.out),
                   in = static_cast<size_t>(shape.in);
        layer.x_ = random_floats(rows * in, 1);
        std::vector<float> weights = random_floats(out * in, 2);
        const float scale = 1 / std::sqrt(static_cast<float>(shape.in));
        for (float& w : weights) w *= scale;
        layer.stored_ = std::make_shared<std::vector<std::byte>>(quantize(kind.weights, weights));
        layer.view_ = {"weights", kind.weights, {shape.out, shape.in}, *layer.stored_};
        layer.program_ = std::make_shared<Program>("gemm", nullptr);
        Step& step = layer.program_->add_step("gemm", shape.rows);
        step.output("y", step.linear(step.input(shape.in), {.weights = {layer.view_}}));
        layer.step_ = &step;
        CODA_TRY(layer.executable_, backend.compile(layer.program_, {.activations = kind.activations}));
        CODA_TRY(layer.state_, layer.executable_->new_state());
        return layer;
    }

    Status run(const Cancel& cancel) {
        return executable_->run(*step_, {.features = x_}, *state_, cancel, Priority::background);
    }

    double error() const {
        const OutputView y = state_->output("y");
        const auto in = static_cast<size_t>(shape_.in);
        const size_t row_bytes = stored_->size() / static_cast<size_t>(shape_.out);
        std::vector<float> weights(in);
        double off = 0, all = 0;
        for (int i = 0; i < kSampled; ++i) {
            const auto row = static_cast<size_t>(i * 7919 % shape_.rows),
                       column = static_cast<size_t>(i * 104729 % shape_.out);
            dequantize_row(kind_.weights, std::span(*stored_).subspan(column * row_bytes, row_bytes),
                           weights);
            double sum = 0;
            for (size_t k = 0; k < in; ++k) sum += static_cast<double>(weights[k]) * x_[row * in + k];
            const double difference = y.row(static_cast<int>(row))[column] - sum;
            off += difference * difference;
            all += sum * sum;
        }
        return all > 0 ? off / all : 0;
    }

  private:
    GemmShape shape_;
    GemmKind kind_{};
    std::vector<float> x_;
    std::shared_ptr<std::vector<std::byte>> stored_;
    TensorView view_;
    std::shared_ptr<Program> program_;
    const Step* step_ = nullptr;
    std::shared_ptr<const Executable> executable_;
    std::unique_ptr<State> state_;
};

}  // namespace

const std::vector<GemmKind>& cpu_gemm_kinds() {
    using Activations = CompileOptions::Activations;
    static const std::vector<GemmKind> kinds = {{"f32", DType::f32, Activations::f32},
                                                {"bf16", DType::bf16, Activations::bf16},
                                                {"q8_0", DType::q8_0, Activations::f32},
                                                {"q8_0 int8", DType::q8_0, Activations::int8}};
    return kinds;
}

Result<GemmSpeed> measure_gemm(Backend& backend, const GemmShape& shape, const GemmKind& kind, int rounds,
                               const Cancel& cancel) {
    CODA_ASSERT(shape.rows > 0 && shape.out > 0 && shape.in > 0 && rounds > 0);
    CODA_TRY(Layer layer, Layer::make(backend, shape, kind));
    CODA_CHECK(layer.run(cancel));
    Stopwatch watch;
    CODA_CHECK(layer.run(cancel));
    const double once = std::max(watch.elapsed_ms() / 1000, 1e-7);
    const int repeats =
        static_cast<int>(std::clamp(std::ceil(kLeastSeconds / once), 1.0, double{kMostRepeats}));
    std::vector<double> seconds;
    for (int round = 0; round < rounds; ++round) {
        watch.reset();
        for (int i = 0; i < repeats; ++i) CODA_CHECK(layer.run(cancel));
        seconds.push_back(watch.elapsed_ms() / 1000 / repeats);
    }
    GemmSpeed speed;
    speed.seconds = spread_of(seconds);
    speed.operations_per_second = shape.operations() / std::max(speed.seconds.median, 1e-9);
    speed.error = layer.error();
    return speed;
}

}  // namespace coda::tune
