#include "tune/memory_plan.h"

#include <random>

#include <gtest/gtest.h>

namespace coda::tune {
namespace {

constexpr uint64_t kGb = 1000000000;

MemoryDemand eight_billion() {
    MemoryDemand demand;
    demand.weights = 1 * kGb;
    demand.layer = kGb / 8;
    demand.layers = 32;
    demand.kv_position = 131072;
    demand.context = 8192;
    demand.least_context = 1024;
    demand.workspace_row = 1000000;
    demand.batch = 512;
    demand.least_batch = 32;
    demand.fixed = kGb / 2;
    return demand;
}

TEST(MemoryPlan, TheBudgetIsAFractionLessWhatOthersHold) {
    EXPECT_EQ(memory_budget({10 * kGb, 0, 0.9}), 9 * kGb);
    EXPECT_EQ(memory_budget({10 * kGb, 3 * kGb, 0.9}), 7 * kGb);
    EXPECT_EQ(memory_budget({10 * kGb, 12 * kGb, 0.9}), 0u);
    EXPECT_EQ(memory_budget({10 * kGb, 0, 7}), 10 * kGb);
}

TEST(MemoryPlan, WhatFitsIsLeftAlone) {
    const auto plan = plan_memory({24 * kGb, 0, 0.9}, eight_billion());
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->context, 8192);
    EXPECT_EQ(plan->batch, 512);
    EXPECT_EQ(plan->layers_on_gpu, 32);
    EXPECT_EQ(plan->shrunk, "");
}

TEST(MemoryPlan, ShrinksContextThenBatchThenLayers) {
    const auto context = plan_memory({7 * kGb, 0, 0.95}, eight_billion());
    ASSERT_TRUE(context);
    EXPECT_LT(context->context, 8192);
    EXPECT_GE(context->context, 1024);
    EXPECT_EQ(context->batch, 512);
    EXPECT_EQ(context->layers_on_gpu, 32);
    const auto batch = plan_memory({6 * kGb, 0, 0.98}, eight_billion());
    ASSERT_TRUE(batch);
    EXPECT_EQ(batch->context, 1024);
    EXPECT_LT(batch->batch, 512);
    EXPECT_EQ(batch->layers_on_gpu, 32);
    const auto layers = plan_memory({4 * kGb, 0, 0.9}, eight_billion());
    ASSERT_TRUE(layers);
    EXPECT_EQ(layers->batch, 32);
    EXPECT_LT(layers->layers_on_gpu, 32);
    EXPECT_GT(layers->layers_on_gpu, 0);
    EXPECT_NE(layers->shrunk.find("of 32 layers"), std::string::npos);
}

TEST(MemoryPlan, WhatCannotFitIsRefusedWithTheFigures) {
    const auto plan = plan_memory({2 * kGb, kGb, 0.9}, eight_billion());
    ASSERT_FALSE(plan);
    EXPECT_EQ(plan.error().code, ErrorCode::exhausted);
    EXPECT_NE(plan.error().what.find("2.00 GB"), std::string::npos);
    EXPECT_EQ(plan.error().where, "gpu.memory_fraction");
}

TEST(MemoryPlan, NeverExceedsTheBudgetAndNeverWastesALayer) {
    std::mt19937_64 random(5);
    const auto up_to = [&](uint64_t most) { return random() % (most + 1); };
    for (int i = 0; i < 20000; ++i) {
        MemoryDemand d;
        d.weights = up_to(4 * kGb);
        d.layer = up_to(kGb);
        d.layers = static_cast<int>(up_to(80));
        d.kv_position = up_to(1000000);
        d.context = static_cast<int>(up_to(100000));
        d.least_context = static_cast<int>(up_to(2000));
        d.workspace_row = up_to(10000000);
        d.batch = static_cast<int>(up_to(2048));
        d.least_batch = static_cast<int>(up_to(64));
        d.fixed = up_to(kGb);
        const CardMemory card{up_to(80 * kGb), up_to(20 * kGb), static_cast<double>(up_to(100)) / 100};
        const auto plan = plan_memory(card, d);
        if (!plan) continue;
        EXPECT_LE(plan->needed, plan->budget);
        EXPECT_LE(plan->budget, card.total);
        EXPECT_LE(plan->context, d.context);
        EXPECT_LE(plan->layers_on_gpu, d.layers);
        if (plan->layers_on_gpu < d.layers) {
            // One layer more, with its part of the caches, would not have fitted.
            const uint64_t more = d.layer + d.kv_position * static_cast<uint64_t>(plan->context) /
                                                static_cast<uint64_t>(d.layers);
            EXPECT_GT(plan->needed + more + 1, plan->budget);
        }
    }
}

TEST(MemoryPlan, AbsurdSizesDoNotWrapRound) {
    MemoryDemand d = eight_billion();
    d.kv_position = UINT64_MAX / 2;
    d.least_context = d.context;
    EXPECT_FALSE(plan_memory({80 * kGb, 0, 0.9}, d));
}

}  // namespace
}  // namespace coda::tune
