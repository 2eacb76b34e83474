#include "monitor/attribution.h"

#include <gtest/gtest.h>

namespace coda::monitor {
namespace {

constexpr double kBudget = 1500;

TurnRecord turn(double response, std::vector<StageSpan> stages, std::map<std::string, double> facts = {}) {
    TurnRecord record;
    record.path = "llm";
    record.response_ms = response;
    record.stages = std::move(stages);
    record.facts = std::move(facts);
    return record;
}

std::string first(const TurnRecord& record, const Readings& machine = {}) {
    const auto causes = slow_causes(record, machine, kBudget);
    return causes.empty() ? "" : causes[0].id;
}

TEST(Attribution, ATurnWithinTheBudgetNamesNone) {
    EXPECT_EQ(first(turn(400, {{"prefill", 0, 1000}}), {{"pressure.cpu", 1}}), "");
    EXPECT_EQ(first(turn(1500, {})), "");
}

TEST(Attribution, NamesTheStageThatWasLongestBeyondItsUsual) {
    const TurnRecord record =
        turn(2000, {{"stt", 0, 350}, {"prefill", 350, 1500}, {"clause", 1500, 1800}, {"tts", 1800, 2000}},
             {{"prompt_tokens", 812}, {"cached_tokens", 0}});
    const auto causes = slow_causes(record, {}, kBudget);
    ASSERT_EQ(causes.size(), 2u);
    EXPECT_EQ(causes[0].text, "LLM prefill 1150 ms: prompt cache missed, 812 tokens");
    EXPECT_EQ(causes[1].id, "stt");
    EXPECT_EQ(first(turn(2000, {{"clause", 0, 1800}, {"tts", 1800, 2000}})), "clause");
    EXPECT_EQ(first(turn(2000, {{"queue", 0, 1700}, {"tts", 1700, 2000}})), "queue");
    EXPECT_EQ(first(turn(2000, {{"tool", 0, 1900}})), "tool");
    EXPECT_EQ(first(turn(2000, {{"tts", 0, 1900}})), "tts");
}

TEST(Attribution, WhatTheMachineDidComesFirst) {
    const TurnRecord record = turn(3000, {{"prefill", 0, 2500}});
    EXPECT_EQ(first(record, {{"pressure.cpu", 0.9}}), "cpu_taken");
    EXPECT_EQ(first(record, {{"process.major_faults", 4000}}), "paged_out");
    EXPECT_EQ(first(record, {{"cgroup.throttled", 0.8}}), "cpu_limit");
    EXPECT_EQ(first(record, {{"gpu0.throttled_by_heat", 1}}), "gpu_throttled");
    EXPECT_EQ(first(record, {{"pressure.cpu", 0.1}, {"process.major_faults", 3}}), "prefill");
}

TEST(Attribution, AsJson) {
    const TurnRecord record = turn(2000, {{"tts", 0, 1900.04}});
    const nlohmann::json json = to_json(record, slow_causes(record, {}, kBudget));
    EXPECT_EQ(json["stages"][0], (nlohmann::json{{"stage", "tts"}, {"start_ms", 0.0}, {"end_ms", 1900.0}}));
    EXPECT_EQ(json["causes"][0]["id"], "tts");
}

}  // namespace
}  // namespace coda::monitor
