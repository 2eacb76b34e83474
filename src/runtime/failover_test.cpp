// A device that fails at any point of a conversation: what comes out is what would have come out without.
#include "runtime/failover.h"

#include <atomic>
#include <cmath>

#include <gtest/gtest.h>

namespace coda::runtime {
namespace {

// How the first device fails. Counts down to the failing call; below zero it never fails.
struct Trouble {
    std::atomic<int> runs_left = -1, states_left = -1;
    ErrorCode of_compiling = ErrorCode::internal;
    bool compiles = true;
};

// The reference backend on a device that fails as `trouble` says.
class FailingBackend final : public Backend {
  public:
    explicit FailingBackend(std::shared_ptr<Trouble> trouble) : trouble_(std::move(trouble)) {}
    Result<std::shared_ptr<const Executable>> compile(std::shared_ptr<const Program> program,
                                                      const CompileOptions& options) override {
        if (!trouble_->compiles) return fail(trouble_->of_compiling, "does not compile");
        CODA_TRY(auto inner, reference_->compile(std::move(program), options));
        return std::make_shared<Failing>(std::move(inner), trouble_);
    }
    const std::string& description() const override { return reference_->description(); }

  private:
    class Failing final : public Executable {
      public:
        Failing(std::shared_ptr<const Executable> inner, std::shared_ptr<Trouble> trouble)
            : inner_(std::move(inner)), trouble_(std::move(trouble)) {}
        Result<std::unique_ptr<State>> new_state() const override {
            if (trouble_->states_left >= 0 && trouble_->states_left-- == 0)
                return fail(ErrorCode::exhausted, "device memory is full");
            return inner_->new_state();
        }
        Status run(const Step& step, const StepInput& input, State& state, const Cancel& cancel,
                   Priority priority) const override {
            if (trouble_->runs_left >= 0 && trouble_->runs_left-- == 0) {
                trouble_->runs_left = 0;  // lost for good
                return fail(ErrorCode::unavailable, "the device was lost");
            }
            return inner_->run(step, input, state, cancel, priority);
        }
        size_t weight_bytes() const override { return inner_->weight_bytes(); }
        size_t state_bytes() const override { return inner_->state_bytes(); }

      private:
        std::shared_ptr<const Executable> inner_;
        std::shared_ptr<Trouble> trouble_;
    };
    std::shared_ptr<Trouble> trouble_;
    std::unique_ptr<Backend> reference_ = create_reference_backend();
};

// One layer that attends to what it was told and to what was stored: an LLM and Whisper in one.
struct TinyNetwork {
    static constexpr int kWidth = 8, kVocabulary = 11, kCapacity = 24;
    std::vector<std::vector<std::byte>> storage;
    std::shared_ptr<Program> program = std::make_shared<Program>("tiny", nullptr);
    const Step* store = nullptr;
    const Step* decode = nullptr;

    TinyNetwork() {
        const Cache own = program->add_cache({.kv_heads = 1, .head_dim = kWidth, .capacity = kCapacity});
        const Cache other = program->add_cache(
            {.kind = CacheSpec::Kind::stored, .kv_heads = 1, .head_dim = kWidth, .capacity = 4});
        Step& encode = program->add_step("store", 4);
        encode.store_kv(encode.linear(encode.input(3), {.weights = {matrix(2 * kWidth, 3)}}), other);
        store = &encode;
        Step& step = program->add_step("decode", 5);
        const AttentionSpec spec{.heads = 1, .kv_heads = 1, .head_dim = kWidth};
        Buffer x = step.embed(matrix(kVocabulary, kWidth));
        const Buffer q =
            step.append_kv(step.linear(x, {.weights = {matrix(3 * kWidth, kWidth)}}), 1, own, Rope{});
        x = step.linear(step.attention(q, own, spec), {.weights = {matrix(kWidth, kWidth)}, .residual = x});
        const Buffer seen = step.attention(x, other, spec);
        x = step.linear(seen, {.weights = {matrix(kWidth, kWidth)}, .residual = x});
        const Buffer logits = step.linear(step.select_rows(x), {.weights = {matrix(kVocabulary, kWidth)}});
        step.output("logits", logits);
        step.sample(logits);
        decode = &step;
    }
    TensorView matrix(int64_t out, int64_t in) {
        std::vector<float> values(static_cast<size_t>(out * in));
        for (float& value : values) value = std::sin(static_cast<float>(++drawn_) * 12.9898f);
        storage.push_back(quantize(DType::f32, values));
        return {"w", DType::f32, {out, in}, storage.back()};
    }

  private:
    int drawn_ = 0;
};

// A conversation of `kRuns` runs; gives the logits after each and how often the CPU had to take over.
struct Outcome {
    std::vector<std::vector<float>> logits;
    std::vector<std::string> reasons;
};
constexpr int kRuns = 8;

Outcome converse(const TinyNetwork& network, const std::shared_ptr<Trouble>& trouble) {
    Outcome outcome;
    const auto backend =
        create_failover_backend(std::make_unique<FailingBackend>(trouble), create_reference_backend(),
                                [&](const Error& why) { outcome.reasons.push_back(why.message()); });
    const auto executable = backend->compile(network.program, {});
    EXPECT_TRUE(executable);
    auto state = (*executable)->new_state();
    EXPECT_TRUE(state);
    const auto run = [&](const Step& step, const StepInput& input, State& at) {
        const Status ran = (*executable)->run(step, input, at, {}, Priority::stt);
        EXPECT_TRUE(ran) << ran.error().message();
        const auto values = at.output("logits").values;
        if (&step == network.decode) outcome.logits.emplace_back(values.begin(), values.end());
    };
    const std::vector<float> features = {0.1f, -0.4f, 0.7f, 1.5f, 0.2f, -0.9f};
    const std::vector<int32_t> tokens = {3, 1, 4, 1, 5};
    const std::span<const int32_t> all(tokens);
    run(*network.store, {.features = features}, **state);
    run(*network.decode, {.tokens = all}, **state);
    run(*network.decode, {.tokens = all.first(2)}, **state);
    (*state)->truncate(4);
    run(*network.decode, {.tokens = all.subspan(2, 3)}, **state);
    auto fork = (*state)->fork();
    EXPECT_TRUE(fork);
    run(*network.decode, {.tokens = all.first(1)}, **fork);
    run(*network.decode, {.tokens = all.last(1)}, **state);
    run(*network.decode, {.tokens = all.first(1)}, **fork);
    run(*network.store, {.features = std::span(features).first(3)}, **state);
    EXPECT_EQ((*state)->length(), 8);
    EXPECT_EQ((*fork)->length(), 9);
    return outcome;
}

TEST(Failover, ALossAtAnyRunLeavesNoTraceInTheAnswers) {
    const TinyNetwork network;
    const Outcome whole = converse(network, std::make_shared<Trouble>());
    EXPECT_TRUE(whole.reasons.empty());
    for (int at = 0; at < kRuns; ++at) {
        SCOPED_TRACE(testing::Message() << "lost at run " << at);
        auto trouble = std::make_shared<Trouble>();
        trouble->runs_left = at;
        const Outcome interrupted = converse(network, trouble);
        EXPECT_EQ(interrupted.logits, whole.logits);
        ASSERT_EQ(interrupted.reasons.size(), 1u);
        EXPECT_NE(interrupted.reasons[0].find("the device was lost"), std::string::npos);
    }
}

TEST(Failover, AStateThatDoesNotFitLivesOnTheSecond) {
    const TinyNetwork network;
    const Outcome whole = converse(network, std::make_shared<Trouble>());
    auto trouble = std::make_shared<Trouble>();
    trouble->states_left = 0;
    const Outcome elsewhere = converse(network, trouble);
    EXPECT_EQ(elsewhere.logits, whole.logits);
    EXPECT_EQ(elsewhere.reasons.size(), 1u);
}

TEST(Failover, WhatDoesNotCompileRunsOnTheSecond) {
    const TinyNetwork network;
    const Outcome whole = converse(network, std::make_shared<Trouble>());
    auto trouble = std::make_shared<Trouble>();
    trouble->compiles = false;
    trouble->of_compiling = ErrorCode::unsupported;
    const Outcome elsewhere = converse(network, trouble);
    EXPECT_EQ(elsewhere.logits, whole.logits);
    EXPECT_EQ(elsewhere.reasons.size(), 1u);
}

TEST(Failover, WhatIsWrongWithTheFileStaysAnError) {
    auto trouble = std::make_shared<Trouble>();
    trouble->compiles = false;
    trouble->of_compiling = ErrorCode::bad_format;
    int switches = 0;
    const auto backend =
        create_failover_backend(std::make_unique<FailingBackend>(trouble), create_reference_backend(),
                                [&](const Error&) { ++switches; });
    const auto compiled = backend->compile(TinyNetwork().program, {});
    ASSERT_FALSE(compiled);
    EXPECT_EQ(compiled.error().code, ErrorCode::bad_format);
    EXPECT_EQ(switches, 0);
}

TEST(Failover, WrongInputIsTheCallersFailure) {
    const TinyNetwork network;
    int switches = 0;
    const auto backend =
        create_failover_backend(std::make_unique<FailingBackend>(std::make_shared<Trouble>()),
                                create_reference_backend(), [&](const Error&) { ++switches; });
    const auto executable = backend->compile(network.program, {});
    auto state = (*executable)->new_state();
    const Status ran = (*executable)->run(*network.decode, {}, **state, {}, Priority::stt);
    ASSERT_FALSE(ran);
    EXPECT_EQ(ran.error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(switches, 0);
}

}  // namespace
}  // namespace coda::runtime
