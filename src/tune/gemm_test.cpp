#include "tune/gemm.h"

#include "tune/facts.h"
#include "tune/workload_profile.h"

#include <gtest/gtest.h>

namespace coda::tune {
namespace {

TEST(Gemm, EveryKindComesNearDoublePrecision) {
    auto backend = runtime::create_cpu_backend({.threads = 2});
    ASSERT_TRUE(backend);
    for (const GemmKind& kind : cpu_gemm_kinds()) {
        const auto speed = measure_gemm(**backend, {17, 48, 96}, kind, 3, {});
        ASSERT_TRUE(speed) << kind.name;
        EXPECT_GT(speed->operations_per_second, 0) << kind.name;
        const bool rounded = kind.activations != runtime::CompileOptions::Activations::f32;
        EXPECT_LT(speed->error, rounded ? 1e-3 : 1e-8) << kind.name;
    }
}

TEST(Gemm, StopsWhenCancelled) {
    auto backend = runtime::create_cpu_backend({.threads = 1});
    const Cancel cancel;
    cancel.cancel();
    const auto speed = measure_gemm(**backend, {8, 32, 32}, cpu_gemm_kinds()[0], 3, cancel);
    ASSERT_FALSE(speed);
    EXPECT_EQ(speed.error().code, ErrorCode::cancelled);
}

TEST(WorkloadProfiles, AreData) {
    EXPECT_EQ(workload_names(), (std::vector<std::string>{"llm", "training", "voice"}));
    EXPECT_DOUBLE_EQ(workload_profile("voice").memory_fraction, 0.7);
    EXPECT_GT(workload_profile("llm").decode_weight, workload_profile("llm").prefill_weight);
    const std::string own = kWorkloadsToml;
    ASSERT_TRUE(parse_workload_profiles(own));
    EXPECT_FALSE(parse_workload_profiles(own + "\n[mine]\nmemory_fraction = 2\n"));
    EXPECT_FALSE(parse_workload_profiles("voice = 1\n"));
    EXPECT_FALSE(parse_workload_profiles("[voice\n"));
    EXPECT_FALSE(
        parse_workload_profiles("[idle]\nmemory_fraction = 0.5\ntranscribe_weight = 0\n"
                                "prefill_weight = 0\ndecode_weight = 0\ndecode_tokens = 1\n"));
}

}  // namespace
}  // namespace coda::tune
