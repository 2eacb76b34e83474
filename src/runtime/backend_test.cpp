// Every operation of the CPU backend, for every instruction set this machine has, and of the CUDA backend,
// where there is a GPU, against the reference.
#include "runtime/backend.h"

#include "runtime/cuda/cuda_backend.h"
#include "runtime/rope.h"
#include "runtime/test_tensors.h"

#include <cmath>
#include <functional>
#include <random>
#include <thread>

#include <gtest/gtest.h>

namespace coda::runtime {
namespace {

constexpr double kBound = 5e-11;  // normalised error of float sums (on AMX of split halves) against double
// The same where activations are rounded to 16 bits with a scale per 32 columns: half a unit of 2^-15 of the
// largest, up to some ten times larger than the rest, and more where a sum cancels.
constexpr double kPlanesBound = 2e-8;
constexpr double kHalfBound = 1e-6;  // where keys and values are kept in half precision

// The CPU's instruction sets by name, and "cuda"; those the machine lacks are not in the list.
std::vector<std::string> devices() {
    std::vector<std::string> there;
    for (const char* isa :
         {"baseline", "avx2", "avxvnni", "avx512vl", "avx512", "avx512vnni", "avx512bf16", "amx"})
        if (create_cpu_backend({.threads = 1, .isa = isa})) there.emplace_back(isa);
    if (cuda::create_cuda_backend()) there.emplace_back("cuda");
    return there;
}

Result<std::unique_ptr<Backend>> create_backend(const std::string& device, int threads) {
    if (device == "reference") return create_reference_backend();
    if (device != "cuda")
        return create_cpu_backend({.threads = threads, .isa = device == "cpu" ? "" : device});
    CODA_TRY(auto gpu, cuda::create_cuda_backend());
    return std::unique_ptr<Backend>(std::move(gpu));
}

class DeviceBackend : public testing::TestWithParam<std::string> {
  protected:
    void SetUp() override {
        auto backend = create_backend(GetParam(), 3);
        ASSERT_TRUE(backend) << backend.error().message();
        device_ = std::move(*backend);
    }

    std::shared_ptr<Program> program() const { return std::make_shared<Program>("test", nullptr); }

    // Runs `step` of the program on both backends and compares its output "out".
    void compare(const std::shared_ptr<Program>& program, const std::vector<StepInput>& inputs,
                 double bound = kBound) {
        Running reference = start(*reference_, program), device = start(*device_, program);
        const Step& step = program->steps().front();
        for (const StepInput& input : inputs) {
            ASSERT_TRUE(reference.executable->run(step, input, *reference.state, {}, Priority::stt));
            const Status status = device.executable->run(step, input, *device.state, {}, Priority::stt);
            ASSERT_TRUE(status) << status.error().message();
            const OutputView expected = reference.state->output("out"), got = device.state->output("out");
            ASSERT_EQ(got.rows, expected.rows);
            ASSERT_EQ(got.width, expected.width);
            EXPECT_LE(normalized_error(got.values, expected.values), bound);
            EXPECT_EQ(device.state->length(), reference.state->length());
        }
    }

    // One operation on rows of features.
    void compare_operation(int rows, int width, const std::function<Buffer(Step&, Buffer)>& record,
                           double bound = kBound) {
        auto recorded = program();
        Step& step = recorded->add_step("step", rows);
        step.output("out", record(step, step.input(width)));
        const std::vector<float> features = tensors_.floats(static_cast<size_t>(rows * width));
        compare(recorded, {{.features = features, .rows = {Rows::Kind::all}}}, bound);
    }

    // What a product with quantized weights is within of the reference.
    double coded_bound() const {
        if (GetParam() == "baseline" || GetParam() == "cuda") return kBound;
        return kPlanesBound;
    }

    Tensors tensors_;
    std::unique_ptr<Backend> reference_ = create_reference_backend();
    std::unique_ptr<Backend> device_;
};

bool is_quantized(DType dtype) {
    return block_size(dtype).elements > 1;
}

const DType kWeightTypes[] = {DType::f32,  DType::f16,    DType::bf16,   DType::q8_0,
                              DType::q4_0, DType::q4_1,   DType::q5_0,   DType::q5_1,
                              DType::q2_k, DType::q3_k,   DType::q4_k,   DType::q5_k,
                              DType::q6_k, DType::iq4_nl, DType::iq4_xs, DType::mxfp4};

TEST_P(DeviceBackend, LinearOfEveryTypeAndShape) {
    for (const DType dtype : kWeightTypes)
        for (const int rows : {1, 2, 3, 4, 5, 13, 150})
            for (const auto& [out, in] :
                 {std::pair{16, 32}, {48, 64}, {50, 96}, {1, 288}, {200, 576}, {40, 512}}) {
                if (in % block_size(dtype).elements != 0) continue;
                SCOPED_TRACE(testing::Message()
                             << to_string(dtype) << " " << rows << " rows, " << out << " x " << in);
                const TensorView weight = tensors_.make(dtype, {out, in});
                // One output of a row may be next to nothing beside what it is the sum of, and then shows how
                // exact the factors are: floats, 16 bits, on the GPU 16 bits of mantissa.
                const double bound = is_quantized(dtype) ? coded_bound() : kBound;
                compare_operation(
                    rows, in, [&](Step& s, Buffer x) { return s.linear(x, {.weights = {weight}}); },
                    out > 1                ? bound
                    : GetParam() == "cuda" ? 1e-7
                                           : 100 * bound);
            }
}

// Few rows go by q8_0 as the file has it; the first run of many packs it, and then all go by panels.
TEST_P(DeviceBackend, LinearFromTheFilesRowsAndThenFromPanels) {
    for (const auto& [out, in] : {std::pair{50, 96}, {16, 32}, {200, 576}, {3, 2048}}) {
        SCOPED_TRACE(testing::Message() << out << " x " << in);
        const TensorView a = tensors_.make(DType::q8_0, {out, in}), b = tensors_.make(DType::q8_0, {out, in});
        const std::vector<float> features = tensors_.floats(static_cast<size_t>(150 * in));
        std::vector<StepInput> inputs;
        for (const int rows : {1, 2, 7, 32, 3, 33, 1, 16, 150, 2}) {
            StepInput input;
            input.features = std::span(features).first(static_cast<size_t>(rows * in));
            input.rows.kind = Rows::Kind::all;
            inputs.push_back(input);
        }
        auto both = program();
        Step& step = both->add_step("step", 150);
        const Buffer x = step.input(in);
        step.output("out", step.linear(x, {.weights = {a, b}}));
        compare(both, inputs, coded_bound());
        auto gated = program();
        Step& gate_step = gated->add_step("step", 150);
        const Buffer gate_x = gate_step.input(in);
        gate_step.output("out", gate_step.gate_up(gate_x, a, b, Activation::silu));
        compare(gated, inputs, 10 * coded_bound());
    }
}

// The same input gives the same output to the last bit, whatever has been packed.
TEST_P(DeviceBackend, ResultsDoNotTellWhatWasPacked) {
    for (const auto& [out, columns] : {std::pair{50, 96}, {200, 576}, {16, 4096}}) {
        const int in = columns;  // clang 14 captures no structured bindings
        auto recorded = program();
        Step& step = recorded->add_step("step", 64);
        step.output("out", step.linear(step.input(in), {.weights = {tensors_.make(DType::q8_0, {out, in})}}));
        Running device = start(*device_, recorded);
        const std::vector<float> features = tensors_.floats(static_cast<size_t>(64 * in));
        const auto result = [&](int rows) {
            StepInput input;
            input.features = std::span(features).first(static_cast<size_t>(rows * in));
            input.rows.kind = Rows::Kind::all;
            EXPECT_TRUE(device.executable->run(step, input, *device.state, {}, Priority::stt));
            const auto values = device.state->output("out").values;
            return std::vector<float>(values.begin(), values.end());
        };
        std::vector<std::vector<float>> before;
        for (int rows = 1; rows <= 9; ++rows) before.push_back(result(rows));
        result(64);
        for (int rows = 1; rows <= 9; ++rows)
            EXPECT_EQ(result(rows), before[static_cast<size_t>(rows - 1)]) << rows;
    }
}

// A long answer to a short prompt packs it, too.
TEST_P(DeviceBackend, LinearFromTheFilesRowsUntilItHasBeenOften) {
    const TensorView a = tensors_.make(DType::q8_0, {48, 64}), b = tensors_.make(DType::q8_0, {48, 64});
    const std::vector<float> features = tensors_.floats(64);
    StepInput input;
    input.features = features;
    input.rows.kind = Rows::Kind::all;
    auto recorded = program();
    Step& step = recorded->add_step("step", 8);
    const Buffer x = step.input(64);
    step.output("out", step.gate_up(step.linear(x, {.weights = {tensors_.make(DType::q8_0, {64, 64})}}), a, b,
                                    Activation::silu));
    compare(recorded, std::vector<StepInput>(40, input), 10 * coded_bound());
}

// A scale per 32 columns and 8 bits: off by up to 2^-8 of the largest of them.
TEST_P(DeviceBackend, LinearInInt8IsAsGoodAsItsRounding) {
    for (const DType dtype : kWeightTypes)
        for (const int rows : {1, 3, 12, 29}) {
            auto recorded = program();
            Step& step = recorded->add_step("step", rows);
            step.output("out", step.linear(step.input(256), {.weights = {tensors_.make(dtype, {50, 256})}}));
            const std::vector<float> features = tensors_.floats(static_cast<size_t>(rows * 256));
            Running reference = start(*reference_, recorded);
            Running device = start(*device_, recorded, {CompileOptions::Activations::int8});
            for (const Running* r : {&reference, &device})
                ASSERT_TRUE(r->executable->run(step, {.features = features}, *r->state, {}, Priority::stt));
            const auto expected = reference.state->output("out").values;
            EXPECT_LE(normalized_error(device.state->output("out").values, expected), 2e-4);
        }
}

// Rounded to 8 bits of mantissa, both factors are off by up to 2^-9.
TEST_P(DeviceBackend, LinearInBf16IsAsGoodAsItsRounding) {
    for (const DType dtype : {DType::f32, DType::q4_1})
        for (const int rows : {1, 16, 33, 200}) {
            auto recorded = program();
            Step& step = recorded->add_step("step", rows);
            step.output("out", step.linear(step.input(96), {.weights = {tensors_.make(dtype, {50, 96})}}));
            const std::vector<float> features = tensors_.floats(static_cast<size_t>(rows * 96));
            Running reference = start(*reference_, recorded);
            Running device = start(*device_, recorded, {CompileOptions::Activations::bf16});
            for (const Running* r : {&reference, &device})
                ASSERT_TRUE(r->executable->run(step, {.features = features}, *r->state, {}, Priority::stt));
            const auto expected = reference.state->output("out").values;
            EXPECT_LE(normalized_error(device.state->output("out").values, expected), 1e-5);
        }
}

TEST_P(DeviceBackend, LinearOfOddWidths) {
    for (const DType dtype : {DType::f32, DType::f16, DType::bf16})
        for (const int rows : {1, 4, 9})
            for (const int in : {1, 7, 33, 77}) {
                const TensorView weight = tensors_.make(dtype, {19, in});
                compare_operation(rows, in,
                                  [&](Step& s, Buffer x) { return s.linear(x, {.weights = {weight}}); });
            }
}

TEST_P(DeviceBackend, LinearOfSeveralWeightsWithBiasesActivationAndResidual) {
    for (const Activation activation :
         {Activation::none, Activation::relu, Activation::silu, Activation::gelu, Activation::gelu_tanh})
        for (const int rows : {1, 3, 40}) {
            SCOPED_TRACE(testing::Message() << static_cast<int>(activation) << ", " << rows << " rows");
            const TensorView q = tensors_.make(DType::q4_1, {40, 64}),
                             k = tensors_.make(DType::q8_0, {16, 64}), v = tensors_.make(DType::f16, {8, 64}),
                             bias = tensors_.make(DType::f32, {40}), v_bias = tensors_.make(DType::f16, {8});
            compare_operation(
                rows, 64,
                [&](Step& s, Buffer x) {
                    return s.linear(x, {.weights = {q, k, v},
                                        .biases = {bias, {}, v_bias},
                                        .activation = activation,
                                        .residual = x});
                },
                coded_bound() + 1e-10);
        }
}

TEST_P(DeviceBackend, LinearScaledAndCapped) {
    const TensorView weight = tensors_.make(DType::q8_0, {5000, 64}),
                     bias = tensors_.make(DType::f32, {5000}), back = tensors_.layer(DType::f32, 64, 5000);
    for (const int rows : {1, 5})
        for (const float scale : {1.0f, 0.22f})
            for (const float soft_cap : {0.0f, 3.0f, 30.0f}) {
                SCOPED_TRACE(testing::Message() << rows << " rows, " << scale << ", cap " << soft_cap);
                const Linear out{.weights = {weight}, .biases = {bias}, .scale = scale, .soft_cap = soft_cap};
                compare_operation(
                    rows, 64, [&](Step& s, Buffer x) { return s.linear(x, out); }, coded_bound() + kBound);
                compare_operation(
                    rows, 64,
                    [&](Step& s, Buffer x) {
                        const Buffer wide = s.linear(x, {.weights = {weight}});
                        return s.linear(
                            wide, {.weights = {back}, .residual = x, .scale = scale, .soft_cap = soft_cap});
                    },
                    coded_bound() + 1e-10);
            }
}

TEST_P(DeviceBackend, Experts) {
    if (GetParam() == "cuda") GTEST_SKIP() << "skipped: the GPU refuses experts, the CPU takes over";
    for (const auto& [type, down_type] : {std::pair{DType::q4_1, DType::q8_0}, {DType::f32, DType::f16}})
        for (const int rows : {1, 3, 40})
            for (const bool normalized : {true, false})
                for (const auto& [count, used] : {std::pair{8, 3}, {4, 4}, {5, 1}}) {
                    SCOPED_TRACE(testing::Message()
                                 << to_string(type) << ", " << rows << " rows, " << used << " of " << count);
                    Experts spec{.gate = tensors_.make(type, {count, 96, 64}, 0, 0.1f),
                                 .up = tensors_.make(type, {count, 96, 64}, 0, 0.1f),
                                 .down = tensors_.make(down_type, {count, 64, 96}, 0, 0.1f),
                                 .used = used,
                                 .normalized = normalized};
                    const TensorView router = tensors_.make(DType::f32, {count, 64}, 0, 0.2f);
                    compare_operation(
                        rows, 64,
                        [&, residual = rows == 3](Step& s, Buffer x) {
                            if (residual) spec.residual = x;
                            return s.experts(x, s.linear(x, {.weights = {router}}), spec);
                        },
                        coded_bound() + 1e-10);
                }
}

TEST(Recording, ExpertsThatDoNotFitAreRefused) {
    Tensors tensors;
    const auto error = [&](const Experts& spec) {
        auto program = std::make_shared<Program>("model", nullptr);
        Step& step = program->add_step("step", 4);
        const Buffer x = step.input(64);
        step.experts(x, step.linear(x, {.weights = {tensors.make(DType::f32, {4, 64})}}), spec);
        return program->status() ? std::string() : program->status().error().message();
    };
    const Experts fine{.gate = tensors.make(DType::f32, {4, 32, 64}),
                       .up = tensors.make(DType::f32, {4, 32, 64}),
                       .down = tensors.make(DType::f32, {4, 64, 32}),
                       .used = 2};
    EXPECT_EQ(error(fine), "");
    Experts spec = fine;
    spec.used = 5;
    EXPECT_NE(error(spec).find("5 of 4 are used"), std::string::npos) << error(spec);
    spec = fine;
    spec.down = tensors.make(DType::f32, {3, 64, 32});
    EXPECT_NE(error(spec).find("is [3, 64, 32], expected [4, 64, 32]"), std::string::npos) << error(spec);
    spec = fine;
    spec.gate = tensors.make(DType::f32, {128, 64});
    EXPECT_NE(error(spec).find("is [128, 64], expected [4, any, 64]"), std::string::npos) << error(spec);
}

TEST_P(DeviceBackend, GateUp) {
    for (const auto& [gate_type, up_type] :
         {std::pair{DType::q4_1, DType::q4_1}, {DType::q5_0, DType::q5_0}, {DType::q4_0, DType::q8_0}})
        for (const int rows : {1, 4, 30})
            for (const int out : {16, 40, 1536}) {
                const TensorView gate = tensors_.make(gate_type, {out, 64}),
                                 up = tensors_.make(up_type, {out, 64});
                compare_operation(
                    rows, 64, [&](Step& s, Buffer x) { return s.gate_up(x, gate, up, Activation::silu); },
                    coded_bound() + 1e-10);
            }
}

TEST_P(DeviceBackend, Norms) {
    for (const int width : {5, 16, 100, 576}) {
        const TensorView weight = tensors_.make(DType::f32, {width}),
                         bias = tensors_.make(DType::f32, {width});
        compare_operation(70, width, [&](Step& s, Buffer x) { return s.rms_norm(x, weight, 1e-5f); });
        compare_operation(3, width, [&](Step& s, Buffer x) { return s.rms_norm(x, weight, 1e-5f, x); });
        compare_operation(3, width, [&](Step& s, Buffer x) { return s.layer_norm(x, weight, bias, 1e-5f); });
        compare_operation(3, width, [&](Step& s, Buffer x) { return s.normalize(x); });
        compare_operation(9, width, [&](Step& s, Buffer x) { return s.mean_pool(x); });
    }
}

TEST_P(DeviceBackend, ConvolutionsAndPositions) {
    for (const int stride : {1, 2})
        for (const int rows : {1, 2, 7, 64}) {
            const TensorView weight = tensors_.make(DType::f16, {24, 20, 3}),
                             bias = tensors_.make(DType::f32, {24}),
                             positions = tensors_.make(DType::f16, {64, 24});
            compare_operation(
                rows, 20,
                [&](Step& s, Buffer x) {
                    return s.add_positions(s.conv1d(x, weight, bias, stride, Activation::gelu), positions);
                },
                1e-10);
        }
}

TEST_P(DeviceBackend, SelfAttention) {
    for (const int rows : {1, 15, 16, 17, 100})
        for (const auto& [heads, kv_heads, head_dim] : {std::tuple{6, 6, 64}, {4, 2, 32}, {2, 1, 20}}) {
            SCOPED_TRACE(testing::Message() << rows << " rows, head_dim " << head_dim);
            const AttentionSpec spec{.heads = heads, .kv_heads = kv_heads, .head_dim = head_dim};
            compare_operation(rows, (heads + 2 * kv_heads) * head_dim,
                              [&](Step& s, Buffer x) { return s.self_attention(x, spec); });
        }
}

// A growing cache filled by several runs of different lengths.
TEST_P(DeviceBackend, CausalAttentionOverACache) {
    const auto frequencies = rope_frequencies(10000, 32);
    for (const Rope::Order order : {Rope::Order::none, Rope::Order::interleaved, Rope::Order::halves})
        for (const auto& [window, soft_cap] : {std::pair{0, 0.0f}, {5, 0.0f}, {0, 4.0f}, {20, 50.0f}}) {
            SCOPED_TRACE(testing::Message() << "order " << static_cast<int>(order) << ", window " << window
                                            << ", cap " << soft_cap);
            auto recorded = program();
            const Cache cache = recorded->add_cache({.kv_heads = 2, .head_dim = 32, .capacity = 100});
            Step& step = recorded->add_step("step", 64);
            const Buffer x = step.embed(tensors_.make(DType::q8_0, {50, (6 + 4) * 32}));
            const TensorView q_norm = tensors_.make(DType::f32, {32}, 1),
                             k_norm = tensors_.make(DType::f32, {32}, 1);
            const Buffer q = step.append_kv(x, 6, cache, {order, frequencies, 1.1f}, {q_norm, k_norm, 1e-6f});
            step.output(
                "out",
                step.attention(
                    q, cache,
                    {.heads = 6, .kv_heads = 2, .head_dim = 32, .window = window, .soft_cap = soft_cap}));
            std::vector<int32_t> tokens(64);
            for (size_t i = 0; i < tokens.size(); ++i) tokens[i] = static_cast<int32_t>(i * 7 % 50);
            const std::span<const int32_t> all(tokens);
            compare(recorded,
                    {{.tokens = all.first(7)},
                     {.tokens = all.first(1)},
                     {.tokens = all.first(64)},
                     {.tokens = all.first(3)},
                     {.tokens = all.first(1)}},
                    kHalfBound);
        }
}

TEST_P(DeviceBackend, CrossAttentionOverAStoredCache) {
    auto recorded = program();
    const Cache cache =
        recorded->add_cache({.kind = CacheSpec::Kind::stored, .kv_heads = 2, .head_dim = 32, .capacity = 70});
    Step& encode = recorded->add_step("encode", 70);
    encode.store_kv(encode.input(128), cache);
    Step& decode = recorded->add_step("decode", 9);
    decode.output("out", decode.attention(decode.input(64), cache,
                                          {.heads = 2, .kv_heads = 2, .head_dim = 32, .scale = 0.3f}));
    Running reference = start(*reference_, recorded), device = start(*device_, recorded);
    for (const int frames : {70, 33, 1}) {
        const std::vector<float> kv = tensors_.floats(static_cast<size_t>(frames * 128));
        const std::vector<float> q = tensors_.floats(9 * 64);
        for (const Running* r : {&reference, &device}) {
            ASSERT_TRUE(r->executable->run(encode, {.features = kv}, *r->state, {}, Priority::stt));
            ASSERT_TRUE(r->executable->run(decode, {.features = q}, *r->state, {}, Priority::stt));
        }
        EXPECT_LE(normalized_error(device.state->output("out").values, reference.state->output("out").values),
                  kHalfBound);
    }
}

// --- a small model: everything together ---

struct SmallModel {
    static constexpr int kWidth = 64, kHeads = 4, kKvHeads = 2, kHeadDim = 16, kVocabulary = 96,
                         kCapacity = 80;
    Tensors tensors;
    std::shared_ptr<Program> program = std::make_shared<Program>("small", nullptr);

    SmallModel() {
        Step& step = program->add_step("step", 32);
        const TensorView table = tensors.make(DType::q8_0, {kVocabulary, kWidth}, 0, 0.25f);
        Buffer x = step.embed(table);
        const Rope rope{Rope::Order::interleaved, rope_frequencies(10000, kHeadDim), 1};
        for (int layer = 0; layer < 2; ++layer) {
            const Cache cache =
                program->add_cache({.kv_heads = kKvHeads, .head_dim = kHeadDim, .capacity = kCapacity});
            const Buffer normed = step.rms_norm(x, tensors.make(DType::f32, {kWidth}, 1, 0.1f), 1e-5f);
            const Buffer qkv =
                step.linear(normed, {.weights = {tensors.layer(DType::q4_1, kWidth, kWidth),
                                                 tensors.layer(DType::q4_1, kKvHeads * kHeadDim, kWidth),
                                                 tensors.layer(DType::q4_1, kKvHeads * kHeadDim, kWidth)}});
            const Buffer q = step.append_kv(qkv, kHeads, cache, rope);
            const Buffer seen =
                step.attention(q, cache, {.heads = kHeads, .kv_heads = kKvHeads, .head_dim = kHeadDim});
            x = step.linear(seen, {.weights = {tensors.layer(DType::q4_1, kWidth, kWidth)}, .residual = x});
            const Buffer hidden =
                step.gate_up(step.rms_norm(x, tensors.make(DType::f32, {kWidth}, 1, 0.1f), 1e-5f),
                             tensors.layer(DType::q4_0, 96, kWidth), tensors.layer(DType::q4_0, 96, kWidth),
                             Activation::silu);
            x = step.linear(hidden, {.weights = {tensors.layer(DType::f16, kWidth, 96)}, .residual = x});
        }
        const Buffer last =
            step.rms_norm(step.select_rows(x), tensors.make(DType::f32, {kWidth}, 1, 0.1f), 1e-5f);
        const Buffer logits = step.linear(last, {.weights = {table}});
        step.sample(logits);
        step.output("out", logits);
    }
    const Step& step() const { return program->steps().front(); }
};

std::vector<int32_t> some_tokens(int count) {
    std::vector<int32_t> tokens;
    for (int i = 0; i < count; ++i) tokens.push_back(i * 31 % SmallModel::kVocabulary);
    return tokens;
}

TEST_P(DeviceBackend, AWholeModel) {
    const SmallModel model;
    const auto tokens = some_tokens(30);
    const std::vector<int32_t> listed = {0, 3, 4};
    compare(model.program,
            {{.tokens = tokens, .rows = {Rows::Kind::all}},
             {.tokens = std::span(tokens).first(1)},
             {.tokens = std::span(tokens).first(5), .rows = {Rows::Kind::listed, listed}},
             {.tokens = std::span(tokens).first(2), .rows = {Rows::Kind::none}},
             {.tokens = std::span(tokens).first(1)}},
            kHalfBound);
}

std::vector<float> logits_after(const Running& running, const Step& step, std::span<const int32_t> tokens) {
    EXPECT_TRUE(running.executable->run(step, {.tokens = tokens}, *running.state, {}, Priority::llm_first));
    const auto values = running.state->output("out").values;
    return {values.begin(), values.end()};
}

TEST_P(DeviceBackend, TruncatingAndForkingLeaveNoTrace) {
    const SmallModel model;
    const auto tokens = some_tokens(20);
    const std::span<const int32_t> all(tokens);
    Running straight = start(*device_, model.program), detour = start(*device_, model.program);
    logits_after(straight, model.step(), all.first(12));
    logits_after(detour, model.step(), all.first(12));
    logits_after(detour, model.step(), all.last(5));  // thrown away
    detour.state->truncate(12);
    auto fork = detour.state->fork();
    ASSERT_TRUE(fork);
    const auto expected = logits_after(straight, model.step(), all.subspan(12, 4));
    EXPECT_EQ(logits_after(detour, model.step(), all.subspan(12, 4)), expected);
    EXPECT_EQ((*fork)->length(), 12);
    EXPECT_EQ(logits_after({detour.executable, std::move(*fork)}, model.step(), all.subspan(12, 4)),
              expected);
}

TEST_P(DeviceBackend, ThreadsWithTheirOwnStatesGetTheSameAnswers) {
    const SmallModel model;
    const auto tokens = some_tokens(24);
    Running first = start(*device_, model.program);
    const auto expected = logits_after(first, model.step(), tokens);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
            for (int round = 0; round < 20; ++round) {
                auto state = first.executable->new_state();
                ASSERT_TRUE(state);
                const auto priority = static_cast<Priority>(t % 3);
                ASSERT_TRUE(first.executable->run(model.step(), {.tokens = tokens}, **state, {}, priority));
                const auto got = (*state)->output("out").values;
                ASSERT_EQ(std::vector<float>(got.begin(), got.end()), expected);
            }
        });
    for (std::thread& thread : threads) thread.join();
}

INSTANTIATE_TEST_SUITE_P(On, DeviceBackend, testing::ValuesIn(devices()),
                         [](const auto& isa) { return isa.param; });

// --- what must be refused, on every backend ---

class AnyBackend : public testing::TestWithParam<std::string> {
  protected:
    std::unique_ptr<Backend> backend_ = std::move(*create_backend(GetParam(), 2));
    SmallModel model_;
};

TEST_P(AnyBackend, RefusesImpossibleInput) {
    Running running = start(*backend_, model_.program);
    const auto code = [&](const StepInput& input) {
        const Status status =
            running.executable->run(model_.step(), input, *running.state, {}, Priority::stt);
        return status ? "none" : to_string(status.error().code);
    };
    const auto many = some_tokens(33);
    const std::vector<int32_t> outside = {96}, negative = {-1}, fine = {1, 2}, late = {2}, falling = {1, 0};
    const std::vector<uint32_t> nothing(3, 0), short_mask(2, 1);
    EXPECT_STREQ(code({}), "invalid_argument");
    EXPECT_STREQ(code({.tokens = many}), "invalid_argument");
    EXPECT_STREQ(code({.tokens = outside}), "invalid_argument");
    EXPECT_STREQ(code({.tokens = negative}), "invalid_argument");
    EXPECT_STREQ(code({.tokens = fine, .rows = {Rows::Kind::listed, late}}), "invalid_argument");
    EXPECT_STREQ(code({.tokens = fine, .rows = {Rows::Kind::listed, falling}}), "invalid_argument");
    EXPECT_STREQ(code({.tokens = fine, .sampling = {.allowed = nothing}}), "invalid_argument");
    EXPECT_STREQ(code({.tokens = fine, .sampling = {.allowed = short_mask}}), "invalid_argument");
    EXPECT_EQ(running.state->length(), 0);
    const auto full = some_tokens(32);
    EXPECT_STREQ(code({.tokens = full}), "none");
    EXPECT_STREQ(code({.tokens = full}), "none");
    EXPECT_STREQ(code({.tokens = full}), "exhausted");
    EXPECT_EQ(running.state->length(), 64);
}

TEST_P(AnyBackend, CancelledRunsLeaveTheLengthAlone) {
    Running running = start(*backend_, model_.program);
    const Cancel cancel;
    cancel.cancel();
    const auto tokens = some_tokens(4);
    const Status status =
        running.executable->run(model_.step(), {.tokens = tokens}, *running.state, cancel, Priority::stt);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::cancelled);
    EXPECT_EQ(running.state->length(), 0);
}

TEST_P(AnyBackend, SamplesGreedilyWithinTheMask) {
    Running running = start(*backend_, model_.program);
    const auto tokens = some_tokens(4);
    ASSERT_TRUE(
        running.executable->run(model_.step(), {.tokens = tokens}, *running.state, {}, Priority::stt));
    const auto logits = running.state->output("out").row(0);
    const auto best = std::max_element(logits.begin(), logits.end()) - logits.begin();
    const Sampled free = running.state->sampled();
    EXPECT_EQ(free.token, best);
    double total = 0;
    for (const float logit : logits) total += std::exp(static_cast<double>(logit));
    EXPECT_NEAR(free.logprob, logits[static_cast<size_t>(best)] - std::log(total), 1e-5);
    EXPECT_LT(free.logprob, -0.01f);
    std::vector<uint32_t> mask(3, ~0u);
    mask[static_cast<size_t>(best / 32)] &= ~(1u << (best % 32));
    running.state->truncate(0);
    ASSERT_TRUE(running.executable->run(model_.step(), {.tokens = tokens, .sampling = {.allowed = mask}},
                                        *running.state, {}, Priority::stt));
    EXPECT_NE(running.state->sampled().token, best);
}

std::vector<std::string> kinds() {
    std::vector<std::string> there = {"reference", "cpu"};
    if (cuda::create_cuda_backend()) there.emplace_back("cuda");
    return there;
}
INSTANTIATE_TEST_SUITE_P(Kinds, AnyBackend, testing::ValuesIn(kinds()),
                         [](const auto& kind) { return kind.param; });

TEST(Recording, TheFirstErrorOfTheFileIsReported) {
    Tensors tensors;
    auto program = std::make_shared<Program>("model", nullptr);
    Step& step = program->add_step("step", 4);
    const Buffer x = step.input(64);
    step.linear(x, {.weights = {tensors.make(DType::f32, {8, 32})}});
    const auto compiled = create_reference_backend()->compile(program, {});
    ASSERT_FALSE(compiled);
    EXPECT_NE(compiled.error().message().find("is [8, 32], expected [any, 64]"), std::string::npos)
        << compiled.error().message();
}

TEST(CpuOptions, UnknownInstructionSetIsRefused) {
    const auto backend = create_cpu_backend({.isa = "mmx"});
    ASSERT_FALSE(backend);
    EXPECT_EQ(backend.error().code, ErrorCode::invalid_argument);
    EXPECT_NE(backend.error().mend.find("avx2"), std::string::npos);
}

}  // namespace
}  // namespace coda::runtime
