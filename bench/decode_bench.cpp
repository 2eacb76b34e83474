// Decoding at batch 1 and prefill of networks of real shape with random weights, on the CPU or the GPU:
//   decode_bench [cpu|cuda] [1b|8b] [DTYPE...]     e.g. decode_bench cuda 8b bf16 q8_0
// 1b and 8b have the shapes of Llama 3.2 1B (tied embeddings) and Llama 3.1 8B. Types are measured in turn,
// round by round; printed are the median and the spread over the rounds, and GB/s of weights as the file
// holds them against what the device was measured to read.
#include "runtime/backend.h"
#include "runtime/cuda/cuda_backend.h"
#include "runtime/rope.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace coda;
using namespace coda::runtime;

struct NetworkShape {
    const char* name;
    int layers, width, hidden, heads, kv_heads, head_dim, vocabulary;
    bool tied;
};
constexpr NetworkShape kShapes[] = {{"1b", 16, 2048, 8192, 32, 8, 64, 128256, true},
                                    {"8b", 32, 4096, 14336, 32, 8, 128, 128256, false}};
constexpr int kRounds = 7, kTokens = 48, kPrompt = 128, kContext = 2048;

// One stretch of random blocks that all matrices are cut from, each at its own place: making as many numbers
// as a model of 16 GB has would take minutes, and a device cannot tell.
class Pool {
  public:
    explicit Pool(DType dtype) : dtype_(dtype), block_(block_size(dtype)) {
        std::mt19937 random(11);
        std::normal_distribution<float> normal(0, 0.02f);
        std::vector<float> values(size_t{1} << 20);
        for (float& value : values) value = normal(random);
        const std::vector<std::byte> once = quantize(dtype, values);
        const size_t most =
            size_t{128256} * 4096 / static_cast<size_t>(block_.elements) * static_cast<size_t>(block_.bytes) +
            (size_t{1} << 20);
        bytes_.resize(most);
        for (size_t at = 0; at < most; at += once.size())
            std::memcpy(bytes_.data() + at, once.data(), std::min(once.size(), most - at));
    }
    TensorView make(int rows, int columns) {
        const size_t bytes = static_cast<size_t>(rows) * static_cast<size_t>(columns) /
                             static_cast<size_t>(block_.elements) * static_cast<size_t>(block_.bytes);
        const size_t first = static_cast<size_t>(++made_) * static_cast<size_t>(block_.bytes);
        total_ += bytes;
        return {"random", dtype_, {rows, columns}, std::span(bytes_).subspan(first, bytes)};
    }
    size_t total() const { return total_; }

  private:
    DType dtype_;
    BlockSize block_;
    std::vector<std::byte> bytes_;
    int made_ = 0;
    size_t total_ = 0;
};

struct Network {
    std::string dtype;
    std::unique_ptr<Pool> pool;
    std::vector<std::byte> ones;
    std::shared_ptr<Program> program = std::make_shared<Program>("synthetic", nullptr);
    const Step* step = nullptr;
    std::shared_ptr<const Executable> executable;
    std::unique_ptr<State> state;
    double bytes_per_token = 0;
    std::vector<double> decode_seconds, prefill_seconds;

    Network(const NetworkShape& s, DType type) : dtype(to_string(type)), pool(std::make_unique<Pool>(type)) {
        ones = quantize(DType::f32, std::vector<float>(static_cast<size_t>(s.width), 1));
        const TensorView norm{"ones", DType::f32, {s.width}, ones};
        Step& st = program->add_step("step", kPrompt);
        const TensorView table = pool->make(s.vocabulary, s.width);
        const size_t table_bytes = pool->total();
        const Rope rope{Rope::Order::interleaved, rope_frequencies(500000, s.head_dim), 1};
        Buffer x = st.embed(table);
        for (int layer = 0; layer < s.layers; ++layer) {
            const Cache cache =
                program->add_cache({.kv_heads = s.kv_heads, .head_dim = s.head_dim, .capacity = kContext});
            const int kv = s.kv_heads * s.head_dim, q = s.heads * s.head_dim;
            Buffer h = st.rms_norm(x, norm, 1e-5f);
            h = st.linear(
                h, {.weights = {pool->make(q, s.width), pool->make(kv, s.width), pool->make(kv, s.width)}});
            h = st.append_kv(h, s.heads, cache, rope);
            h = st.attention(h, cache, {.heads = s.heads, .kv_heads = s.kv_heads, .head_dim = s.head_dim});
            x = st.linear(h, {.weights = {pool->make(s.width, q)}, .residual = x});
            h = st.rms_norm(x, norm, 1e-5f);
            h = st.gate_up(h, pool->make(s.hidden, s.width), pool->make(s.hidden, s.width), Activation::silu);
            x = st.linear(h, {.weights = {pool->make(s.width, s.hidden)}, .residual = x});
        }
        x = st.rms_norm(st.select_rows(x), norm, 1e-5f);
        st.sample(st.linear(x, {.weights = {s.tied ? table : pool->make(s.vocabulary, s.width)}}));
        bytes_per_token = static_cast<double>(pool->total() - (s.tied ? 0 : table_bytes));
        step = &st;
    }

    double seconds(std::span<const int32_t> tokens) const {
        const auto begin = std::chrono::steady_clock::now();
        const Status ran = executable->run(*step, {.tokens = tokens}, *state, {}, Priority::llm_first);
        if (!ran) {
            std::fprintf(stderr, "%s\n", ran.error().message().c_str());
            std::exit(1);
        }
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    }
    void round() {
        state->truncate(0);
        std::vector<int32_t> prompt(kPrompt);
        for (size_t i = 0; i < prompt.size(); ++i) prompt[i] = static_cast<int32_t>(i * 977 % 100000);
        prefill_seconds.push_back(seconds(prompt));
        double total = 0;
        for (int i = 0; i < kTokens; ++i) {
            const int32_t token = state->sampled().token;
            total += seconds({&token, 1});
        }
        decode_seconds.push_back(total / kTokens);
    }
};

struct Spread {
    double median, low, high;
};
Spread spread(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return {values[values.size() / 2], values.front(), values.back()};
}

DType dtype_named(const std::string& name) {
    for (int i = 0; i < 64; ++i)
        if (name == to_string(static_cast<DType>(i))) return static_cast<DType>(i);
    std::fprintf(stderr, "no type is called %s\n", name.c_str());
    std::exit(2);
}

}  // namespace

int main(int argc, char** argv) {
    const std::string device = argc > 1 ? argv[1] : "cpu", shape_name = argc > 2 ? argv[2] : "1b";
    std::vector<std::string> types(argv + std::min(argc, 3), argv + argc);
    if (types.empty()) types = {"bf16", "q8_0", "q4_1"};
    const auto* shape = std::find_if(std::begin(kShapes), std::end(kShapes),
                                     [&](const NetworkShape& s) { return shape_name == s.name; });
    if (shape == std::end(kShapes) || (device != "cpu" && device != "cuda")) {
        std::fprintf(stderr, "decode_bench [cpu|cuda] [1b|8b] [DTYPE...]\n");
        return 2;
    }
    std::unique_ptr<Backend> backend;
    double limit = 0;
    if (device == "cuda") {
        auto gpu = cuda::create_cuda_backend();
        if (!gpu) {
            std::fprintf(stderr, "%s\n", gpu.error().message().c_str());
            return 1;
        }
        if (const auto measured = (*gpu)->measure()) limit = measured->read_bytes_per_second;
        backend = std::move(*gpu);
    } else {
        backend = std::move(*create_cpu_backend({}));
    }
    std::printf("%s; reads %.0f GB/s; shape %s; median of %d rounds [lowest, highest]\n",
                backend->description().c_str(), limit * 1e-9, shape->name, kRounds);
    std::deque<Network> networks;
    for (const std::string& type : types) {
        Network& network = networks.emplace_back(*shape, dtype_named(type));
        const auto begin = std::chrono::steady_clock::now();
        auto executable = backend->compile(network.program, {});
        if (!executable) {
            std::fprintf(stderr, "%s\n", executable.error().message().c_str());
            return 1;
        }
        const double load = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        network.executable = std::move(*executable);
        network.state = std::move(*network.executable->new_state());
        std::printf("%-6s loaded %.2f GB in %.2f s\n", type.c_str(),
                    static_cast<double>(network.executable->weight_bytes()) * 1e-9, load);
    }
    for (int round = 0; round <= kRounds; ++round)
        for (Network& network : networks) {
            network.round();
            if (round == 0) network.decode_seconds.clear(), network.prefill_seconds.clear();  // warm now
        }
    for (const Network& network : networks) {
        const Spread decode = spread(network.decode_seconds), prefill = spread(network.prefill_seconds);
        const double rate = network.bytes_per_token / decode.median;
        std::printf("%-6s decode %7.1f tok/s [%.1f, %.1f]  %.0f GB/s", network.dtype.c_str(),
                    1 / decode.median, 1 / decode.high, 1 / decode.low, rate * 1e-9);
        if (limit > 0) std::printf(" (%.0f %% of the limit)", 100 * rate / limit);
        std::printf("  prefill of %d: %.2f ms [%.2f, %.2f]\n", kPrompt, prefill.median * 1e3,
                    prefill.low * 1e3, prefill.high * 1e3);
    }
    return 0;
}
