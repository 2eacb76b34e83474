// The runtime's kernels and two whole networks of real shape with random weights, on every core this process
// may use:
//   runtime_bench [--benchmark_filter=...]      CODA_CPU=avx2 picks the instruction set,
// CODA_BENCH_THREADS=1 the threads (then the CPU time is right even on a busy machine).
// GB/s counts the weights that are read (a decode step reads each once), GFLOP/s two operations per
// multiplication.
#include "runtime/backend.h"
#include "runtime/rope.h"

#include <cmath>
#include <cstdlib>
#include <deque>
#include <memory>
#include <random>

#include <benchmark/benchmark.h>

namespace {

using namespace coda;
using namespace coda::runtime;

// Random weights of the size that keeps rows as large as they came.
class RandomWeights {
  public:
    TensorView make(DType dtype, int rows, int columns) {
        std::vector<float> values(static_cast<size_t>(rows) * static_cast<size_t>(columns));
        const float size = 1.7f / std::sqrt(static_cast<float>(columns));
        for (float& value : values) value = size * uniform();
        return keep(quantize(dtype, values), dtype, {rows, columns});
    }
    TensorView convolution(int out, int in, int kernel) {
        TensorView matrix = make(DType::f16, out, in * kernel);
        matrix.shape = {out, in, kernel};
        return matrix;
    }
    TensorView ones(int width) {
        return keep(quantize(DType::f32, std::vector<float>(static_cast<size_t>(width), 1)), DType::f32,
                    {width});
    }

  private:
    float uniform() {  // xorshift: a library's generator would take longer than the benchmark
        state_ ^= state_ << 13;
        state_ ^= state_ >> 17;
        state_ ^= state_ << 5;
        return static_cast<float>(state_) * 0x1p-31f - 1;
    }
    TensorView keep(std::vector<std::byte> bytes, DType dtype, const Shape& shape) {
        storage_.push_back(std::move(bytes));
        return {"random", dtype, shape, storage_.back()};
    }
    std::deque<std::vector<std::byte>> storage_;
    uint32_t state_ = 1;
};

struct Machine {
    std::unique_ptr<Backend> backend;
    std::shared_ptr<const Executable> executable;
    std::unique_ptr<State> state;

    explicit Machine(const std::shared_ptr<Program>& program, CompileOptions::Activations activations = {}) {
        const char* threads = std::getenv("CODA_BENCH_THREADS");
        backend = std::move(create_cpu_backend({.threads = threads ? std::atoi(threads) : 0}).value());
        executable = backend->compile(program, {activations}).value();
        state = executable->new_state().value();
    }
    void run(const Step& step, const StepInput& input) {
        if (!executable->run(step, input, *state, {}, Priority::background)) std::abort();
    }
};

// rows x K times K x N: arguments dtype, N, K, rows.
void linear(benchmark::State& bench) {
    const auto dtype = static_cast<DType>(bench.range(0));
    const int out = static_cast<int>(bench.range(1)), in = static_cast<int>(bench.range(2)),
              rows = static_cast<int>(bench.range(3));
    RandomWeights weights;
    auto program = std::make_shared<Program>("linear", nullptr);
    Step& step = program->add_step("step", rows);
    // Eight of them in turn, so that small ones come from memory or the last cache as they do in a network.
    Buffer x = step.input(in);
    constexpr int kLayers = 8;
    for (int i = 0; i < kLayers; ++i) step.linear(x, {.weights = {weights.make(dtype, out, in)}});
    Machine machine(program, static_cast<CompileOptions::Activations>(bench.range(4)));
    const std::vector<float> features(static_cast<size_t>(rows) * static_cast<size_t>(in), 0.5f);
    for (auto _ : bench) machine.run(step, {.features = features});
    const double runs = static_cast<double>(bench.iterations()) * kLayers;
    bench.counters["GB/s"] = benchmark::Counter(
        runs * static_cast<double>(*byte_size(dtype, {out, in})) * 1e-9, benchmark::Counter::kIsRate);
    bench.counters["GFLOP/s"] =
        benchmark::Counter(runs * 2e-9 * out * in * rows, benchmark::Counter::kIsRate);
    bench.SetLabel(machine.backend->description() + ", " + to_string(dtype));
}
BENCHMARK(linear)
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond)
    ->ArgsProduct({{int(DType::f32), int(DType::f16), int(DType::q8_0), int(DType::q4_0), int(DType::q4_1)},
                   {1536},
                   {576},
                   {1, 4, 128},
                   {0}})
    ->ArgsProduct({{int(DType::f16), int(DType::q8_0), int(DType::q4_1)}, {1536}, {576}, {128}, {1}})
    ->Args({int(DType::q8_0), 8192, 2048, 1, 0})
    ->Args({int(DType::q4_0), 8192, 2048, 1, 0});

// The shape of SmolLM2-135M: hidden 576, 30 layers, 9 heads, 3 of keys and values, 1,536, vocabulary 49,152.
std::shared_ptr<Program> small_llm(RandomWeights& weights, int max_rows) {
    constexpr int kHidden = 576, kHeads = 9, kKvHeads = 3, kHeadDim = 64, kFfn = 1536, kVocabulary = 49152;
    auto program = std::make_shared<Program>("llm", nullptr);
    Step& step = program->add_step("step", max_rows);
    const TensorView table = weights.make(DType::q8_0, kVocabulary, kHidden);
    const auto matrix = [&](int out, int in) { return weights.make(DType::q4_1, out, in); };
    const Rope rope{Rope::Order::interleaved, rope_frequencies(1e5f, kHeadDim), 1};
    Buffer x = step.embed(table);
    for (int layer = 0; layer < 30; ++layer) {
        const Cache cache =
            program->add_cache({.kv_heads = kKvHeads, .head_dim = kHeadDim, .capacity = 2048});
        const Buffer qkv =
            step.linear(step.rms_norm(x, weights.ones(kHidden), 1e-5f),
                        {.weights = {matrix(kHidden, kHidden), matrix(192, kHidden), matrix(192, kHidden)}});
        const Buffer q = step.append_kv(qkv, kHeads, cache, rope);
        const Buffer seen =
            step.attention(q, cache, {.heads = kHeads, .kv_heads = kKvHeads, .head_dim = kHeadDim});
        x = step.linear(seen, {.weights = {matrix(kHidden, kHidden)}, .residual = x});
        const Buffer hidden = step.gate_up(step.rms_norm(x, weights.ones(kHidden), 1e-5f),
                                           matrix(kFfn, kHidden), matrix(kFfn, kHidden), Activation::silu);
        x = step.linear(hidden, {.weights = {matrix(kHidden, kFfn)}, .residual = x});
    }
    const Buffer logits =
        step.linear(step.rms_norm(step.select_rows(x), weights.ones(kHidden), 1e-5f), {.weights = {table}});
    step.sample(logits);
    return program;
}

// Tokens per second: arguments rows per run (1: decode, more: prefill), activations.
void llm_135m(benchmark::State& bench) {
    const int rows = static_cast<int>(bench.range(0));
    RandomWeights weights;
    auto program = small_llm(weights, std::max(rows, 64));
    Machine machine(program, static_cast<CompileOptions::Activations>(bench.range(1)));
    const Step& step = program->steps().front();
    std::vector<int32_t> tokens(static_cast<size_t>(std::max(rows, 64)), 1);
    machine.run(step, {.tokens = std::span(tokens).first(64)});
    for (auto _ : bench) {
        machine.run(step, {.tokens = std::span(tokens).first(static_cast<size_t>(rows))});
        machine.state->truncate(64);
    }
    bench.counters["tokens/s"] =
        benchmark::Counter(static_cast<double>(bench.iterations()) * rows, benchmark::Counter::kIsRate);
    bench.counters["weights_MB"] = static_cast<double>(machine.executable->weight_bytes()) * 1e-6;
    bench.SetLabel(machine.backend->description());
}
BENCHMARK(llm_135m)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond)
    ->ArgsProduct({{1, 128}, {0}})
    ->Args({16, 0})
    ->Args({128, 1});

// The encoder of Whisper tiny: width 384, 4 layers, 6 heads, 80 mels; argument: frames after the
// convolutions.
void whisper_tiny_encoder(benchmark::State& bench) {
    constexpr int kWidth = 384, kHeads = 6, kMels = 80;
    const int frames = static_cast<int>(bench.range(0));
    RandomWeights weights;
    auto program = std::make_shared<Program>("encoder", nullptr);
    Step& step = program->add_step("encode", 2 * frames);
    const TensorView zeros{}, ones = weights.ones(kWidth);
    Buffer x =
        step.conv1d(step.input(kMels), weights.convolution(kWidth, kMels, 3), ones, 1, Activation::gelu);
    x = step.conv1d(x, weights.convolution(kWidth, kWidth, 3), ones, 2, Activation::gelu);
    x = step.add_positions(x, weights.make(DType::f16, 1500, kWidth));
    const auto matrix = [&](int out, int in) { return weights.make(DType::f16, out, in); };
    for (int layer = 0; layer < 4; ++layer) {
        const Buffer qkv =
            step.linear(step.layer_norm(x, ones, ones, 1e-5f), {.weights = {matrix(3 * kWidth, kWidth)}});
        const Buffer seen =
            step.self_attention(qkv, {.heads = kHeads, .kv_heads = kHeads, .head_dim = kWidth / kHeads});
        x = step.linear(seen, {.weights = {matrix(kWidth, kWidth)}, .biases = {ones}, .residual = x});
        const Buffer hidden =
            step.linear(step.layer_norm(x, ones, ones, 1e-5f), {.weights = {matrix(4 * kWidth, kWidth)},
                                                                .biases = {weights.ones(4 * kWidth)},
                                                                .activation = Activation::gelu});
        x = step.linear(hidden, {.weights = {matrix(kWidth, 4 * kWidth)}, .biases = {ones}, .residual = x});
    }
    step.output("out", step.layer_norm(x, ones, ones, 1e-5f));
    Machine machine(program, static_cast<CompileOptions::Activations>(bench.range(1)));
    const std::vector<float> mel(static_cast<size_t>(2 * frames * kMels), 0.3f);
    for (auto _ : bench) machine.run(step, {.features = mel});
    bench.SetLabel(machine.backend->description());
}
BENCHMARK(whisper_tiny_encoder)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond)
    ->ArgsProduct({{256, 512}, {0, 1}});

}  // namespace

BENCHMARK_MAIN();
