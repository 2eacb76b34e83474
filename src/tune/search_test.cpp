#include "tune/search.h"

#include <cmath>
#include <random>

#include <gtest/gtest.h>

namespace coda::tune {
namespace {

// A machine whose seconds are a function of the settings, with noise; it counts what is loaded at once.
class Machine final : public Workload {
  public:
    using Seconds = std::function<double(const Values&)>;
    explicit Machine(Seconds seconds, double noise = 0.01) : seconds_(std::move(seconds)), noise_(noise) {}

    Result<std::unique_ptr<Trial>> prepare(const Values& values) override {
        if (values.count("broken")) return fail(ErrorCode::unsupported, "does not run");
        return std::make_unique<Loaded>(*this, seconds_(values));
    }
    int most_loaded = 0;

  private:
    struct Loaded final : Trial {
        Loaded(Machine& m, double s) : machine(m), seconds(s) {
            machine.most_loaded = std::max(machine.most_loaded, ++machine.loaded_);
        }
        ~Loaded() override { --machine.loaded_; }
        Result<double> run(const Cancel& cancel) override {
            if (cancel.cancelled()) return fail(ErrorCode::cancelled, "was cancelled");
            std::normal_distribution<double> normal(1, machine.noise_);
            return seconds * std::fabs(normal(machine.random_));
        }
        Machine& machine;
        double seconds;
    };
    Seconds seconds_;
    double noise_;
    int loaded_ = 0;
    std::mt19937 random_{3};
};

double has(const Values& values, const char* setting, const char* value) {
    const auto found = values.find(setting);
    return found != values.end() && found->second == value;
}

const std::vector<Choice> kChoices = {{"threads", "2", {"1", "4"}}, {"isa", "wide", {"narrow"}}};

TEST(Search, KeepsWhatIsFasterAndItsShare) {
    Machine machine([](const Values& v) {
        return 1.0 - 0.3 * has(v, "threads", "4") + 0.5 * has(v, "threads", "1") -
               0.1 * has(v, "isa", "narrow");
    });
    const auto outcome = search(machine, kChoices, {}, {});
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->settings, (Values{{"threads", "4"}, {"isa", "narrow"}}));
    ASSERT_EQ(outcome->evidence.size(), 3u);
    EXPECT_EQ(outcome->evidence[0].seconds.verdict, Verdict::slower);
    EXPECT_EQ(outcome->evidence[1].instead_of, "2");
    EXPECT_NEAR(outcome->evidence[1].seconds.ratio, 0.7, 0.05);
    EXPECT_NEAR(outcome->whole.ratio, 0.6, 0.05);
    EXPECT_LE(machine.most_loaded, 3);
}

TEST(Search, WhatIsNotFasterBeyondTheSpreadIsDropped) {
    Machine machine([](const Values& v) { return 1.0 - 0.01 * static_cast<double>(v.size()); }, 0.1);
    const auto outcome = search(machine, kChoices, {}, {});
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->settings, Values{});
}

TEST(Search, AChoiceThatDoesNotRunIsPassedOver) {
    Machine machine([](const Values& v) { return 1.0 - 0.5 * has(v, "isa", "narrow"); });
    std::vector<Choice> choices = {{"broken", "no", {"yes"}}, kChoices[1]};
    const auto outcome = search(machine, choices, {}, {});
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->settings, (Values{{"isa", "narrow"}}));
}

TEST(Search, AFastChoiceThatSpoilsTheAnswersIsNotTaken) {
    Machine machine([](const Values& v) { return 1.0 - 0.5 * static_cast<double>(v.size()); });
    std::vector<Choice> choices = {{"activations", "f32", {"int8"}}};
    choices[0].keeps_quality = [](const std::string&) -> Result<bool> { return false; };
    EXPECT_EQ(search(machine, choices, {}, {})->settings, Values{});
    choices[0].keeps_quality = [](const std::string&) -> Result<bool> {
        return fail(ErrorCode::io, "no text to check with");
    };
    EXPECT_EQ(search(machine, choices, {}, {})->settings, Values{});
    choices[0].keeps_quality = [](const std::string&) -> Result<bool> { return true; };
    EXPECT_EQ(search(machine, choices, {}, {})->settings, (Values{{"activations", "int8"}}));
}

TEST(Search, StopsWhenCancelled) {
    Machine machine([](const Values&) { return 1.0; });
    const Cancel cancel;
    SearchOptions options;
    options.progress = [&](const std::string&) { cancel.cancel(); };
    const auto outcome = search(machine, kChoices, options, cancel);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, ErrorCode::cancelled);
}

}  // namespace
}  // namespace coda::tune
