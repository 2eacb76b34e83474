#include "tune/comparison.h"

#include <random>

#include <gtest/gtest.h>

namespace coda::tune {
namespace {

std::vector<double> noisy(std::mt19937& random, double middle, double deviation, int count = 9) {
    std::normal_distribution<double> normal(middle, deviation);
    std::vector<double> values;
    for (int i = 0; i < count; ++i) values.push_back(normal(random));
    return values;
}

TEST(Comparison, SpreadIsMedianAndQuartiles) {
    const Spread spread = spread_of({5, 1, 4, 2, 3});
    EXPECT_DOUBLE_EQ(spread.median, 3);
    EXPECT_DOUBLE_EQ(spread.lower, 2);
    EXPECT_DOUBLE_EQ(spread.upper, 4);
    EXPECT_DOUBLE_EQ(spread_of({7}).width(), 0);
}

TEST(Comparison, AClearGainIsFasterAndItsOppositeSlower) {
    std::mt19937 random(1);
    for (int i = 0; i < 200; ++i) {
        const auto slow = noisy(random, 1, 0.02), fast = noisy(random, 0.8, 0.02);
        EXPECT_EQ(compare_rounds(slow, fast).verdict, Verdict::faster);
        EXPECT_EQ(compare_rounds(fast, slow).verdict, Verdict::slower);
    }
}

TEST(Comparison, TheSameIsSeldomTakenForFaster) {
    std::mt19937 random(2);
    int wrong = 0;
    constexpr int kTrials = 2000;
    for (int i = 0; i < kTrials; ++i)
        wrong += compare_rounds(noisy(random, 1, 0.05), noisy(random, 1, 0.05)).verdict == Verdict::faster;
    EXPECT_LT(wrong, kTrials / 10);
}

TEST(Comparison, WhatSlowsBothDoesNotCount) {
    std::vector<double> reference, candidate;
    for (int i = 0; i < 9; ++i) {
        const double machine = i < 4 ? 1 : 3;  // busy in the second half
        reference.push_back(machine);
        candidate.push_back(machine * 0.99);
    }
    EXPECT_EQ(compare_rounds(reference, candidate).verdict, Verdict::same);
}

TEST(Comparison, RunsApartDifferBeyondTheirSpread) {
    const Spread before{10, 9.5, 10.5};
    EXPECT_EQ(compare_runs(before, {10.4, 10.3, 10.5}, true), Verdict::same);
    EXPECT_EQ(compare_runs(before, {8, 7.9, 8.1}, true), Verdict::faster);
    EXPECT_EQ(compare_runs(before, {8, 7.9, 8.1}, false), Verdict::slower);
    EXPECT_EQ(compare_runs(before, {8, 6, 10}, true), Verdict::same);
}

}  // namespace
}  // namespace coda::tune
