#include "runtime/sample.h"

#include <cmath>
#include <map>

#include <gtest/gtest.h>

namespace coda::runtime {
namespace {

Sampled pick(std::span<const float> logits, const Sampling& sampling, int position = 0) {
    return sample(logits, sampling, position, log_sum_exp);
}

// How often each token comes up over many positions.
std::map<int, double> shares(std::span<const float> logits, const Sampling& sampling) {
    constexpr int kDraws = 20000;
    std::map<int, double> counts;
    for (int position = 0; position < kDraws; ++position)
        counts[pick(logits, sampling, position).token] += 1.0 / kDraws;
    return counts;
}

const std::vector<float> kLogits = {std::log(0.1f), std::log(0.5f), std::log(0.3f), std::log(0.06f),
                                    std::log(0.04f)};

TEST(Sample, GreedyTakesTheLowestTokenOnTies) {
    const std::vector<float> logits = {1, 3, 2, 3};
    EXPECT_EQ(pick(logits, {}).token, 1);
    EXPECT_NEAR(pick(kLogits, {}).logprob, std::log(0.5f), 1e-6);
}

TEST(Sample, DrawsByProbability) {
    const auto got = shares(kLogits, {.temperature = 1});
    EXPECT_NEAR(got.at(0), 0.1, 0.01);
    EXPECT_NEAR(got.at(1), 0.5, 0.015);
    EXPECT_NEAR(got.at(2), 0.3, 0.015);
    EXPECT_NEAR(got.at(4), 0.04, 0.01);
}

TEST(Sample, TemperatureSharpens) {
    const auto got = shares(kLogits, {.temperature = 0.5f});  // probabilities squared, then normalised
    const double sum = 0.01 + 0.25 + 0.09 + 0.0036 + 0.0016;
    EXPECT_NEAR(got.at(1), 0.25 / sum, 0.015);
}

TEST(Sample, TopKTopPAndMinPCutTheTail) {
    EXPECT_EQ(shares(kLogits, {.temperature = 1, .top_k = 2}).size(), 2u);
    EXPECT_EQ(shares(kLogits, {.temperature = 1, .top_p = 0.45f}).size(), 1u);
    EXPECT_EQ(shares(kLogits, {.temperature = 1, .top_p = 0.75f}).size(), 2u);
    EXPECT_EQ(shares(kLogits, {.temperature = 1, .min_p = 0.15f}).size(), 3u);
    EXPECT_EQ(shares(kLogits, {.temperature = 1, .top_k = 1}).begin()->first, 1);
}

TEST(Sample, NucleusOfManyTokensIsTheLikeliest) {
    std::vector<float> logits(10000);
    for (size_t i = 0; i < logits.size(); ++i) logits[i] = static_cast<float>(i * 7919 % 10000) * 1e-3f;
    for (int position = 0; position < 200; ++position)
        EXPECT_GT(
            logits[static_cast<size_t>(pick(logits, {.temperature = 1, .top_p = 0.5f}, position).token)],
            9.2f);
}

TEST(Sample, SeedAndPositionDecideAlone) {
    std::vector<int> first, again, other;
    for (int position = 0; position < 50; ++position) {
        first.push_back(pick(kLogits, {.temperature = 1, .seed = 5}, position).token);
        again.push_back(pick(kLogits, {.temperature = 1, .seed = 5}, position).token);
        other.push_back(pick(kLogits, {.temperature = 1, .seed = 6}, position).token);
    }
    EXPECT_EQ(first, again);
    EXPECT_NE(first, other);
}

TEST(Sample, PenaltyWeighsOncePerToken) {
    const std::vector<float> logits = {2, 1.5f, -1};
    const std::vector<int32_t> recent = {0, 0, 0, 99, -1};
    EXPECT_EQ(pick(logits, {.repetition_penalty = 1.5f, .recent = recent}).token, 1);  // 2 / 1.5 < 1.5
    EXPECT_EQ(pick(logits, {.repetition_penalty = 1.2f, .recent = recent}).token, 0);  // 2 / 1.2 > 1.5
}

TEST(Sample, MaskHoldsForDrawAndProbability) {
    const std::vector<uint32_t> allowed = {0b01100};
    const auto got = shares(kLogits, {.temperature = 1, .allowed = allowed});
    EXPECT_EQ(got.size(), 2u);
    EXPECT_NEAR(got.at(2), 0.3 / 0.36, 0.015);
    EXPECT_NEAR(pick(kLogits, {.allowed = allowed}).logprob, std::log(0.3 / 0.36), 1e-5);
}

TEST(Sample, NotANumberNeverWins) {
    const std::vector<float> logits = {NAN, 1, NAN, 0};
    EXPECT_EQ(pick(logits, {}).token, 1);
}

}  // namespace
}  // namespace coda::runtime
