// What the tests of every backend (backend_test.cpp) do not ask of the GPU: shapes that take its other paths,
// sampling by the CPU's rules, and what happens when memory or the context is gone.
#include "runtime/cuda/cuda_backend.h"

#include "runtime/device.h"
#include "runtime/rope.h"
#include "runtime/test_tensors.h"

#include <cstdio>
#include <functional>

#include <gtest/gtest.h>

namespace coda::runtime::cuda {
namespace {

constexpr double kBound = 5e-11, kHalfBound = 1e-6;

class Cuda : public testing::Test {
  protected:
    void SetUp() override {
        auto backend = create_cuda_backend();
        if (!backend) GTEST_SKIP() << "skipped: " << backend.error().message();
        gpu_ = std::move(*backend);
    }
    std::unique_ptr<CudaBackend> gpu_;
    std::unique_ptr<Backend> reference_ = create_reference_backend();
    Tensors tensors_;
};

// A program with one step from features.
double error_of(Backend& gpu, Backend& reference, Tensors& tensors, int rows, int width,
                const std::function<Buffer(Step&, Buffer)>& record) {
    auto program = std::make_shared<Program>("test", nullptr);
    Step& step = program->add_step("step", rows);
    step.output("out", record(step, step.input(width)));
    const std::vector<float> features =
        tensors.floats(static_cast<size_t>(rows) * static_cast<size_t>(width));
    Running a = start(reference, program), b = start(gpu, program);
    for (const Running* r : {&a, &b}) {
        const Status ran = r->executable->run(step, {.features = features, .rows = {Rows::Kind::all}},
                                              *r->state, {}, Priority::stt);
        EXPECT_TRUE(ran) << ran.error().message();
    }
    return normalized_error(b.state->output("out").values, a.state->output("out").values);
}

TEST_F(Cuda, WideAndTallProducts) {
    for (const DType dtype : {DType::f32, DType::f16, DType::bf16, DType::q8_0, DType::q4_0, DType::q4_1,
                              DType::q4_k, DType::q5_k, DType::q6_k})
        for (const int rows : {1, 2, 4, 5, 40})
            for (const auto& [out, in] : {std::pair{40, 14336}, {6000, 64}, {1000, 256}, {300, 4160}}) {
                if (in % block_size(dtype).elements != 0) continue;
                SCOPED_TRACE(testing::Message()
                             << to_string(dtype) << " " << rows << " rows, " << out << " x " << in);
                const TensorView weight = tensors_.layer(dtype, out, in);
                EXPECT_LE(error_of(*gpu_, *reference_, tensors_, rows, in,
                                   [&](Step& s, Buffer x) { return s.linear(x, {.weights = {weight}}); }),
                          kBound);
            }
}

TEST_F(Cuda, NormsFoldedIntoProducts) {
    const TensorView weight = tensors_.make(DType::f32, {320}, 1), bias = tensors_.make(DType::f32, {320}),
                     gate = tensors_.layer(DType::q8_0, 96, 320), up = tensors_.layer(DType::q8_0, 96, 320);
    for (const int rows : {1, 3, 4, 9}) {
        EXPECT_LE(error_of(*gpu_, *reference_, tensors_, rows, 320,
                           [&](Step& s, Buffer x) {
                               const Buffer normed = s.rms_norm(x, weight, 1e-5f);
                               const Buffer hidden = s.gate_up(normed, gate, up, Activation::silu);
                               return s.linear(
                                   s.layer_norm(hidden, tensors_.make(DType::f32, {96}, 1),
                                                tensors_.make(DType::f32, {96}), 1e-5f),
                                   {.weights = {tensors_.layer(DType::f16, 320, 96)}, .residual = x});
                           }),
                  10 * kBound);
        EXPECT_LE(error_of(*gpu_, *reference_, tensors_, rows, 320,
                           [&](Step& s, Buffer x) {
                               return s.linear(s.layer_norm(x, weight, bias, 1e-5f), {.weights = {gate, up}});
                           }),
                  10 * kBound);
    }
}

// Long enough that every split of the positions has work, at the head sizes of real models.
TEST_F(Cuda, AttentionOverALongCache) {
    for (const auto& [heads, kv_heads, head_dim] :
         {std::tuple{8, 2, 128}, {6, 2, 64}, {2, 1, 256}, {9, 3, 64}, {8, 1, 96}}) {
        SCOPED_TRACE(testing::Message() << heads << " over " << kv_heads << " of " << head_dim);
        auto program = std::make_shared<Program>("test", nullptr);
        const Cache cache =
            program->add_cache({.kv_heads = kv_heads, .head_dim = head_dim, .capacity = 1500});
        Step& step = program->add_step("step", 700);
        const Buffer x = step.embed(tensors_.make(DType::f16, {60, (heads + 2 * kv_heads) * head_dim}));
        const Rope rope{Rope::Order::halves, rope_frequencies(10000, head_dim), 1};
        step.output("out", step.attention(step.append_kv(x, heads, cache, rope), cache,
                                          {.heads = heads, .kv_heads = kv_heads, .head_dim = head_dim}));
        std::vector<int32_t> tokens(700);
        for (size_t i = 0; i < tokens.size(); ++i) tokens[i] = static_cast<int32_t>(i * 31 % 60);
        Running a = start(*reference_, program), b = start(*gpu_, program);
        for (const size_t count : {700, 1, 3, 600, 1, 4, 30, 1}) {
            const StepInput input{.tokens = std::span(tokens).first(count)};
            for (const Running* r : {&a, &b}) {
                const Status ran = r->executable->run(step, input, *r->state, {}, Priority::stt);
                ASSERT_TRUE(ran) << ran.error().message();
            }
            EXPECT_LE(normalized_error(b.state->output("out").values, a.state->output("out").values),
                      kHalfBound);
        }
    }
}

// A table of logits, looked up by the token: what is drawn must be what the CPU draws.
TEST_F(Cuda, DrawsWhatTheCpuDraws) {
    constexpr int kVocabulary = 5000, kTexts = 12;
    auto program = std::make_shared<Program>("test", nullptr);
    const Cache cache = program->add_cache({.kv_heads = 1, .head_dim = 2, .capacity = 512});
    Step& step = program->add_step("step", 4);
    const Buffer x = step.embed(tensors_.make(DType::f32, {kTexts, 8}, 0, 2));
    step.append_kv(step.linear(x, {.weights = {tensors_.layer(DType::f32, 6, 8)}}), 1, cache, Rope{});
    step.sample(step.linear(x, {.weights = {tensors_.layer(DType::f16, kVocabulary, 8)}}));
    std::vector<uint32_t> mask(kVocabulary / 32 + 1, 0x5af0ff0fu);
    std::vector<int32_t> recent;
    for (int i = 0; i < 300; ++i) recent.push_back(i * 37 % kVocabulary);
    std::vector<Sampling> rules(14);
    rules[1].allowed = mask;
    rules[2].repetition_penalty = 1.3f;
    for (size_t i = 3; i < rules.size(); ++i) rules[i].temperature = 0.8f, rules[i].seed = i;
    rules[4].top_k = 5;
    rules[5].top_p = 0.9f;
    rules[6].min_p = 0.05f;
    rules[7].top_k = 40, rules[7].top_p = 0.8f;
    rules[8].top_k = 1;
    rules[9].repetition_penalty = 1.2f, rules[9].top_p = 0.95f, rules[9].allowed = mask;
    rules[10].temperature = 3;
    rules[11].top_p = 0.0001f;
    rules[12].top_k = 100000, rules[12].min_p = 0.2f, rules[12].top_p = 0.7f;
    rules[13].top_k = 7, rules[13].allowed = mask, rules[13].repetition_penalty = 0.7f;
    for (Sampling& rule : rules)
        if (rule.repetition_penalty != 1) rule.recent = recent;
    Running a = start(*reference_, program), b = start(*gpu_, program);
    int same = 0, all = 0;
    for (int round = 0; round < kTexts; ++round)
        for (size_t i = 0; i < rules.size(); ++i) {
            const int32_t token = round;
            const StepInput input{.tokens = {&token, 1}, .sampling = rules[i]};
            for (const Running* r : {&a, &b}) {
                const Status ran = r->executable->run(step, input, *r->state, {}, Priority::stt);
                ASSERT_TRUE(ran) << ran.error().message();
            }
            const Sampled expected = a.state->sampled(), got = b.state->sampled();
            if (rules[i].temperature == 0) {
                EXPECT_EQ(got.token, expected.token) << "rule " << i;
            }
            ++all;
            if (got.token != expected.token) continue;
            ++same;
            EXPECT_NEAR(got.logprob, expected.logprob, 1e-4) << "rule " << i;
        }
    // A draw that falls within rounding of the border between two tokens may go either way.
    EXPECT_GE(same, all - 1) << same << " of " << all;
}

TEST_F(Cuda, FactsAndMeasurementsArePlausible) {
    EXPECT_GE(gpu_->facts().compute_major, 8);
    EXPECT_GT(gpu_->facts().multiprocessors, 0);
    const auto measured = gpu_->measure();
    ASSERT_TRUE(measured) << measured.error().message();
    RecordProperty("read_gb_per_second", static_cast<int>(measured->read_bytes_per_second * 1e-9));
    std::printf("%s: reads %.0f GB/s, copies %.0f GB/s, a kernel in a graph takes %.2f us\n",
                gpu_->facts().name, measured->read_bytes_per_second * 1e-9,
                measured->copy_bytes_per_second * 1e-9, measured->launch_seconds * 1e6);
    EXPECT_GT(measured->read_bytes_per_second, 1e10);
    EXPECT_GT(measured->copy_bytes_per_second, 1e10);
}

// --- faults ---

struct Counter {
    static constexpr int kVocabulary = 64;
    Tensors tensors;
    std::shared_ptr<Program> program = std::make_shared<Program>("small", nullptr);
    const Step* step = nullptr;

    Counter() {
        const Cache cache = program->add_cache({.kv_heads = 2, .head_dim = 16, .capacity = 64});
        Step& s = program->add_step("step", 16);
        const TensorView table = tensors.make(DType::q8_0, {kVocabulary, 64});
        Buffer x = s.embed(table);
        const Buffer q = s.append_kv(s.linear(x, {.weights = {tensors.layer(DType::q4_1, 128, 64)}}), 4,
                                     cache, {Rope::Order::interleaved, rope_frequencies(10000, 16), 1});
        x = s.linear(s.attention(q, cache, {.heads = 4, .kv_heads = 2, .head_dim = 16}),
                     {.weights = {tensors.layer(DType::q8_0, 64, 64)}, .residual = x});
        s.sample(s.linear(s.select_rows(x), {.weights = {table}}));
        step = &s;
    }
    // Greedy tokens after a prompt; `before` is called with the number of the run.
    std::vector<int32_t> generate(const Executable& executable,
                                  const std::function<void(int)>& before) const {
        auto state = executable.new_state();
        EXPECT_TRUE(state) << state.error().message();
        std::vector<int32_t> tokens = {5, 9, 2, 33}, generated;
        for (int i = 0; i < 20; ++i) {
            before(i);
            const Status ran = executable.run(*step, {.tokens = tokens}, **state, {}, Priority::stt);
            EXPECT_TRUE(ran) << ran.error().message();
            tokens = {(*state)->sampled().token};
            generated.push_back(tokens[0]);
        }
        return generated;
    }
};

TEST_F(Cuda, AnAllocationThatFailsAtAnyCallIsAnErrorOrGoesUnnoticed) {
    const Counter model;
    int failures = 0;
    for (int call = 1; call < 60; ++call) {
        gpu_->inject(Injection::failed_allocation, call);
        const auto executable = gpu_->compile(model.program, {});
        const auto state = executable ? (*executable)->new_state() : tl::unexpected(executable.error());
        if (state) break;
        ++failures;
        EXPECT_EQ(state.error().code, ErrorCode::exhausted) << state.error().message();
        EXPECT_NE(state.error().what.find("no room for"), std::string::npos);
    }
    gpu_->inject(Injection::failed_allocation, 0);
    EXPECT_GT(failures, 10);
    const auto executable = gpu_->compile(model.program, {});
    ASSERT_TRUE(executable);
    EXPECT_EQ(model.generate(**executable, [](int) {}).size(), 20u);
}

// Runs in a process of its own: a lost context does not come back.
TEST_F(Cuda, LosingTheContextGoesOnByTheCpu) {
    const Counter model;
    const auto cpu = create_cpu_backend({.threads = 1});
    const auto expected = model.generate(**(*cpu)->compile(model.program, {}), [](int) {});
    auto chosen = choose_device({}, {.threads = 1});
    ASSERT_TRUE(chosen);
    ASSERT_EQ(chosen->status->info().kind, "gpu");
    const auto executable = chosen->backend->compile(model.program, {}),
               own = gpu_->compile(model.program, {});
    ASSERT_TRUE(executable && own);
    auto own_state = (*own)->new_state();
    ASSERT_TRUE(own_state);
    // The context belongs to the process: what this test's own backend loses, the chosen one has lost.
    const auto got = model.generate(**executable, [&](int run) {
        if (run != 7) return;
        gpu_->inject(Injection::lost_context, 1);
        const std::vector<int32_t> tokens = {1};
        const Status ran = (*own)->run(*model.step, {.tokens = tokens}, **own_state, {}, Priority::stt);
        ASSERT_FALSE(ran);
        EXPECT_EQ(ran.error().code, ErrorCode::unavailable) << ran.error().message();
    });
    EXPECT_EQ(got, expected);
    EXPECT_EQ(chosen->status->info().kind, "cpu");
    EXPECT_NE(chosen->status->info().reason.find("the GPU failed"), std::string::npos);
}

}  // namespace
}  // namespace coda::runtime::cuda
