// Timers, alarms and reminders from sentence to sentence: the recogniser, the tools and the file on disk.
#include "assistant/planner.h"

#include "tools/builtin.h"
#include "tools/timers.h"
#include "tools/words.h"

#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

namespace coda::assistant {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_seconds;

class PlannerTest : public ::testing::Test {
  protected:
    void SetUp() override {
        path_ = std::filesystem::temp_directory_path() / ("coda_planner_test." + std::to_string(::getpid())) /
                "planner.db";
        std::filesystem::remove_all(path_.parent_path());
        reopen();
    }
    void TearDown() override {
        planner_.reset();
        std::filesystem::remove_all(path_.parent_path());
    }
    void reopen() {
        planner_.reset();
        auto opened = Planner::open(path_);
        ASSERT_TRUE(opened) << opened.error().message();
        planner_ = std::move(*opened);
        ASSERT_TRUE(planner_->attend());
    }
    tools::ToolContext context() {
        tools::ToolContext out;
        out.now = now_;
        out.timers = planner_.get();
        out.lists = planner_.get();
        return out;
    }
    // What Coda says to `text`.
    std::string ask(const std::string& text) {
        static const auto kRecognizer = tools::Recognizer::create();
        CODA_ASSERT(kRecognizer);
        static const tools::Registry kRegistry = tools::builtin_tools();
        const auto call = tools::to_call(kRecognizer->command(tools::read_words(text)));
        if (!call) return "(not understood)";
        const auto result = kRegistry.call(call->tool, call->arguments, context());
        return result ? result->say : result.error().message();
    }
    std::string due() {
        const auto taken = tools::take_due(context(), up_since_);
        if (!taken) return taken.error().message();
        return *taken ? (*taken)->say : "";
    }

    std::filesystem::path path_;
    std::unique_ptr<Planner> planner_;
    // Monday, 2026-11-23, 15:05.
    sys_seconds now_ = std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + hours(15) + minutes(5);
    sys_seconds up_since_ = now_;
};

TEST_F(PlannerTest, SeveralTimersByName) {
    EXPECT_EQ(ask("Set a timer for ten minutes."), "10 minutes, starting now.");
    EXPECT_EQ(ask("Set a pasta timer for 8 minutes."), "Pasta timer, 8 minutes, starting now.");
    EXPECT_EQ(ask("Start a 3 minute timer for the eggs, please."), "Eggs timer, 3 minutes, starting now.");
    now_ += minutes(1);
    EXPECT_EQ(ask("How long is left on the pasta?"), "7 minutes left on the pasta timer.");
    EXPECT_EQ(ask("How much time is left on the ten minute timer?"),
              "9 minutes left on the 10 minute timer.");
    EXPECT_EQ(ask("What timers do I have?"),
              "You have 3 timers: an eggs timer with 2 minutes left, a pasta timer with 7 minutes left, and "
              "a 10 minute timer with 9 minutes left.");
    EXPECT_EQ(ask("Cancel the timer."),
              "Which one: the eggs timer, the pasta timer, and the 10 minute timer?");
    EXPECT_EQ(ask("Cancel the egg timer."), "Okay, the eggs timer is cancelled.");
    EXPECT_EQ(ask("Add two minutes to the pasta timer."), "2 minutes more: 9 minutes left.");
    EXPECT_EQ(ask("Cancel all my timers."), "Okay, all 2 timers are cancelled.");
    EXPECT_EQ(ask("How long is left on the timer?"), "There's no timer set.");
}

TEST_F(PlannerTest, WhatIsDueIsSaidOnce) {
    ask("Set a pasta timer for 8 minutes.");
    ask("Remind me in eight minutes to call my mother.");
    EXPECT_EQ(due(), "");
    now_ += minutes(8);
    EXPECT_EQ(due(), "Your pasta timer is done. Here's your reminder to call your mother.");
    EXPECT_EQ(due(), "");
    EXPECT_EQ(ask("Five more minutes."), "Okay, 5 minutes more.");
    now_ += minutes(5);
    EXPECT_EQ(due(), "Here's your reminder to call your mother.");
}

TEST_F(PlannerTest, OutlivesARestartAndSaysWhatWasMissed) {
    ask("Set a timer for ten minutes.");
    ask("Remind me tomorrow at 8 AM to take out the trash.");
    ask("Set an alarm for 7 AM every day.");
    now_ += hours(3);
    reopen();
    up_since_ = now_;
    EXPECT_EQ(due(), "While I was off, your 10 minute timer ran out at 3:15 PM today.");
    now_ += hours(48);
    reopen();
    up_since_ = now_;
    EXPECT_EQ(due(),
              "While I was off, your alarm was due at 7 AM yesterday. While I was off: you wanted to be "
              "reminded to take out the trash, at 8 AM yesterday.");
    EXPECT_EQ(ask("When is my alarm?"), "Your alarm is at 7 AM every day.");
}

TEST_F(PlannerTest, AlarmsAndReminders) {
    EXPECT_EQ(ask("Wake me up at seven."), "Alarm set for 7 AM tomorrow.");
    EXPECT_EQ(ask("Set an alarm for half past six on weekdays."), "Alarm set for 6:30 AM on weekdays.");
    EXPECT_EQ(ask("What alarms do I have?"),
              "You have 2 alarms: one at 6:30 AM on weekdays and one at 7 AM tomorrow.");
    EXPECT_EQ(ask("Turn off my 7 AM alarm."), "Okay, the 7 AM alarm is cancelled.");
    EXPECT_EQ(ask("Move my alarm to quarter past 6."), "Okay, it's set for 6:15 AM on weekdays now.");
    EXPECT_EQ(ask("Remind me at 5 to water the plants."),
              "Okay, I'll remind you to water the plants at 5 PM today.");
    EXPECT_EQ(ask("Remind me tomorrow to call Ann at noon."),
              "Okay, I'll remind you to call Ann at noon tomorrow.");
    EXPECT_EQ(ask("Don't let me forget to lock the door at 10 pm."),
              "Okay, I'll remind you to lock the door at 10 PM today.");
    EXPECT_EQ(ask("Remind me to buy milk."), "For when? Say, for example: remind me at 5 PM to call Ann.");
    EXPECT_EQ(ask("Cancel the reminder to call Ann."), "Okay, the reminder to call Ann is cancelled.");
    EXPECT_EQ(ask("Set an alarm for 7 AM today."), "That time has passed already.");
    EXPECT_EQ(ask("Set an alarm for tomorrow."),
              "For what time? Say, for example: set an alarm for 7 tomorrow morning.");
}

TEST_F(PlannerTest, PausedTimersDoNotRunOut) {
    ask("Set a timer for ten minutes.");
    now_ += minutes(4);
    EXPECT_EQ(ask("Pause the timer."), "Paused, with 6 minutes left.");
    now_ += hours(1);
    EXPECT_EQ(due(), "");
    EXPECT_EQ(ask("Resume the timer."), "Going on, with 6 minutes left.");
    now_ += minutes(6);
    EXPECT_EQ(due(), "Your 10 minute timer is done.");
}

TEST_F(PlannerTest, ListsByName) {
    EXPECT_EQ(ask("What's on my shopping list?"), "Your shopping list is empty.");
    EXPECT_EQ(ask("Add milk, eggs and bread to my shopping list."),
              "I put milk, eggs and bread on your shopping list.");
    EXPECT_EQ(ask("Put some salt and pepper and an egg on the grocery list."),
              "I put salt and pepper on your shopping list. Egg was on it already.");
    EXPECT_EQ(ask("Add call the bank to my to-do list."), "I put call the bank on your to-do list.");
    EXPECT_EQ(ask("Put sunscreen on the packing list"), "I put sunscreen on your packing list.");
    reopen();
    EXPECT_EQ(ask("Read me my shopping list."),
              "There are 4 things on your shopping list: milk, eggs, bread and salt and pepper.");
    EXPECT_EQ(ask("Is milk on the list?"), "Yes, milk is on your shopping list.");
    EXPECT_EQ(ask("Take the milk and the cheese off the shopping list."),
              "I took milk off your shopping list. There's no cheese on it.");
    EXPECT_EQ(
        ask("What lists do I have?"),
        "You have the shopping list with 3 things, the to-do list with 1 thing and the packing list with 1 "
        "thing.");
    EXPECT_EQ(ask("Clear my shopping list."), "Okay, your shopping list is empty now.");
    EXPECT_EQ(ask("What's on my to-do list?"), "There's one thing on your to-do list: call the bank.");
}

TEST_F(PlannerTest, ATurnThatWasNoneIsTakenBack) {
    ask("Set a timer for ten minutes.");
    ask("Add bread to the shopping list.");
    planner_->begin_turn();
    ask("Set a timer for twenty minutes.");
    ask("Add five minutes to the ten minute timer.");
    ask("Cancel the twenty minute timer.");
    ask("Add milk to the shopping list.");
    ask("Take the bread off the shopping list.");
    ASSERT_TRUE(planner_->undo());
    EXPECT_EQ(ask("What is on the shopping list?"), "There's one thing on your shopping list: bread.");
    EXPECT_EQ(ask("What timers are there?"), "10 minutes left on the 10 minute timer.");
}

TEST_F(PlannerTest, ProcessesShareTheFileAndOneOfThemRings) {
    auto other = Planner::open(path_);
    ASSERT_TRUE(other);
    EXPECT_TRUE((*other)->attended());  // by this one
    ask("Set a timer for one minute.");
    ASSERT_EQ((*other)->waiting()->size(), 1u);
    const tools::Timer timer = (*other)->waiting()->front();
    EXPECT_TRUE(*(*other)->claim(timer, now_ + minutes(1), std::nullopt));
    EXPECT_FALSE(*planner_->claim(timer, now_ + minutes(1), std::nullopt));
    now_ += minutes(1);
    EXPECT_EQ(due(), "");
    planner_.reset();
    EXPECT_FALSE((*other)->attended());
}

TEST_F(PlannerTest, WithoutAnyoneToRingItSaysSo) {
    planner_.reset();
    auto opened = Planner::open(path_);
    ASSERT_TRUE(opened);
    planner_ = std::move(*opened);
    EXPECT_EQ(ask("Set a timer for ten minutes."),
              "10 minutes, starting now. But nothing is running that could tell you then: keep coda talk or "
              "coda chat open for it.");
}

TEST_F(PlannerTest, TooManyAreRefusedAndADamagedFileIsSetAside) {
    for (size_t i = 0; i < tools::TimerStore::kMost; ++i) ASSERT_TRUE(planner_->add({}));
    EXPECT_EQ(planner_->add({}).error().code, ErrorCode::exhausted);
    planner_.reset();
    for (const char* part : {"-wal", "-shm"}) std::filesystem::remove(path_.string() + part);
    std::ofstream(path_, std::ios::trunc) << std::string(5000, 'x');
    auto opened = Planner::open(path_);
    ASSERT_TRUE(opened) << opened.error().message();
    EXPECT_FALSE((*opened)->warning().empty());
    EXPECT_TRUE((*opened)->waiting()->empty());
    EXPECT_TRUE(std::filesystem::exists(path_.string() + ".damaged"));
}

}  // namespace
}  // namespace coda::assistant
