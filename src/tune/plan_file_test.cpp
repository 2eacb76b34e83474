#include "tune/plan_file.h"

#include "base/file_map.h"

#include <filesystem>

#include <gtest/gtest.h>
#include <unistd.h>

namespace coda::tune {
namespace {

namespace fs = std::filesystem;

class PlanFile : public testing::Test {
  protected:
    void SetUp() override {
        folder_ = fs::temp_directory_path() / ("coda_plans_" + std::to_string(::getpid()) + "_" +
                                               testing::UnitTest::GetInstance()->current_test_info()->name());
        fs::remove_all(folder_);
        file_ = folder_ / "deep" / "plans.json";
    }
    void TearDown() override { fs::remove_all(folder_); }
    fs::path folder_, file_;
};

Plan plan_for(const std::string& models, int64_t used) {
    Plan plan;
    plan.key = {"a processor, 2 cores", "0.1", models, "voice"};
    plan.settings = {{"runtime.threads", "1"}, {"runtime.instruction_set", "avx2"}};
    const Comparison c = compare_rounds({1, 1.1, 0.9}, {0.5, 0.55, 0.45});
    plan.evidence.push_back({"runtime.threads", "1", "2", c});
    plan.whole = c;
    plan.date = "2026-11-27";
    plan.used = used;
    return plan;
}

TEST_F(PlanFile, WhatIsKeptIsFoundAgain) {
    ASSERT_TRUE(keep_plan(file_, plan_for("m", 7), 10));
    const KeptPlans kept = read_plans(file_);
    EXPECT_EQ(kept.warning, "");
    const auto found = find_plan(kept.plans, plan_for("m", 0).key);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->settings.at("runtime.threads"), "1");
    EXPECT_EQ(found->used, 7);
    EXPECT_EQ(found->whole.verdict, Verdict::faster);
    ASSERT_EQ(found->evidence.size(), 1u);
    EXPECT_DOUBLE_EQ(found->evidence[0].seconds.reference.median, 1);
}

TEST_F(PlanFile, AnotherMachineBuildModelOrWorkloadHasNoPlan) {
    ASSERT_TRUE(keep_plan(file_, plan_for("m", 7), 10));
    const auto plans = read_plans(file_).plans;
    for (const auto change : {&PlanKey::device, &PlanKey::build, &PlanKey::models, &PlanKey::workload}) {
        PlanKey key = plan_for("m", 0).key;
        key.*change += "x";
        EXPECT_FALSE(find_plan(plans, key));
    }
}

TEST_F(PlanFile, TheOneUnusedForLongestGoes) {
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(keep_plan(file_, plan_for(std::to_string(i), i), 3));
    const auto plans = read_plans(file_).plans;
    ASSERT_EQ(plans.size(), 3u);
    EXPECT_EQ(plans[0].key.models, "4");
    EXPECT_EQ(plans[2].key.models, "2");
    ASSERT_TRUE(keep_plan(file_, plan_for("2", 9), 3));
    EXPECT_EQ(read_plans(file_).plans.size(), 3u);
    EXPECT_EQ(read_plans(file_).plans[0].key.models, "2");
}

TEST_F(PlanFile, BrokenAndForeignFilesAreSetAside) {
    fs::create_directories(file_.parent_path());
    std::string deep(100000, '[');
    for (const std::string& text :
         {std::string("{\"what\": \"coda plans\", \"format\": 1, \"plans\": [{}]}"), std::string("not json"),
          std::string("{\"what\": \"something else\"}"), std::string("\xff\xfe"), deep,
          std::string("{\"what\": \"coda plans\", \"format\": 2, \"plans\": []}")}) {
        ASSERT_TRUE(write_file_atomic(file_, text));
        const KeptPlans kept = read_plans(file_);
        EXPECT_TRUE(kept.plans.empty());
        EXPECT_NE(kept.warning.find("set aside as"), std::string::npos) << kept.warning;
        EXPECT_FALSE(fs::exists(file_));
        EXPECT_TRUE(fs::exists(file_.string() + ".broken"));
        EXPECT_EQ(read_plans(file_).warning, "");
    }
}

TEST_F(PlanFile, CutAnywhereItIsRefused) {
    const std::string whole = to_json_text({plan_for("m", 7)});
    ASSERT_TRUE(parse_plans(whole, "plans"));
    for (size_t length = 0; length + 2 < whole.size(); ++length)
        EXPECT_FALSE(parse_plans(std::string_view(whole).substr(0, length), "plans")) << length;
}

TEST_F(PlanFile, NoSettingIsTakenThatTuningDoesNotMake) {
    std::string text = to_json_text({plan_for("m", 7)});
    const auto with = [&](const std::string& from, const std::string& to) {
        std::string changed = text;
        changed.replace(changed.find(from), from.size(), to);
        return parse_plans(changed, "plans");
    };
    EXPECT_TRUE(with("\"1\"", "\"4\""));
    EXPECT_FALSE(with("\"runtime.threads\": \"1\"", "\"llm.api_key\": \"1\""));
    EXPECT_FALSE(with("\"runtime.threads\": \"1\"", "\"runtime.threads\": \"0\""));
    EXPECT_FALSE(with("\"runtime.threads\": \"1\"", "\"runtime.threads\": \"1e9\""));
    EXPECT_FALSE(with("\"avx2\"", "\"../../x\""));
}

}  // namespace
}  // namespace coda::tune
