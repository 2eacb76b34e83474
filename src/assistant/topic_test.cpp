// Half questions: completed by the one before them where that makes sense, and left alone where it does not.
#include "assistant/topic.h"

#include "tools/builtin.h"

#include <gtest/gtest.h>

namespace coda::assistant {
namespace {

class TopicTest : public testing::Test {
  protected:
    // What the second of two utterances is heard as: its intent and call.
    std::string after(const char* before, const char* half) {
        topic_.set(tools::read_words(before), recognizer_, registry_);
        const tools::Utterance whole = topic_.completed(tools::read_words(half), recognizer_, registry_);
        const tools::Recognition command = recognizer_.command(whole);
        if (const auto call = tools::to_call(command); command.kind != tools::Recognition::Kind::none && call)
            return call->tool + " " + call->arguments.dump();
        const auto covered = [](std::string_view) { return false; };
        return recognizer_.no_tool(whole, covered).name;
    }

    const tools::Recognizer recognizer_ = [] {
        auto created = tools::Recognizer::create();
        CODA_ASSERT(created);
        return std::move(*created);
    }();
    const tools::Registry registry_ = tools::builtin_tools();
    Topic topic_;
};

TEST_F(TopicTest, APlaceOrADayTakesTheOldOnesPlace) {
    EXPECT_EQ(after("What time is it in London?", "And in Paris?"), R"(time {"place":"paris"})");
    EXPECT_EQ(after("What time is it in London?", "What about Tokyo?"), R"(time {"place":"tokyo"})");
    EXPECT_EQ(after("What day is Christmas?", "And New Year's Eve?"),
              after("", "What day is New Year's Eve?"));
    EXPECT_EQ(after("How many days until Christmas?", "How about Easter?"),
              after("", "How many days until Easter?"));
}

TEST_F(TopicTest, WhatWasNotThereIsAdded) {
    EXPECT_EQ(after("What time is it?", "And in Paris?"), R"(time {"place":"paris"})");
    EXPECT_EQ(after("What time is it?", "What about Tokyo?"), R"(time {"place":"tokyo"})");
    EXPECT_EQ(after("What day is it?", "And tomorrow?"), after("", "What day is it tomorrow?"));
}

TEST_F(TopicTest, QuantitiesUnitsAndNumbers) {
    EXPECT_EQ(after("What is 15 percent of 240?", "And of 300?"), after("", "What is 15 percent of 300?"));
    EXPECT_EQ(after("How many ounces are in a kilogram?", "And in two pounds?"),
              after("", "How many ounces are in two pounds?"));
    EXPECT_EQ(after("What is 5 miles in kilometers?", "And in feet?"), after("", "What is 5 miles in feet?"));
}

TEST_F(TopicTest, WhatWasDeclinedIsDeclinedAgain) {
    EXPECT_EQ(after("Will it rain today?", "And tomorrow?"), "weather");
}

TEST_F(TopicTest, TalkAndOtherCommandsAreLeftAlone) {
    EXPECT_EQ(after("What time is it?", "And you?"), "");
    EXPECT_EQ(after("What time is it?", "What about love?"), "");
    EXPECT_EQ(after("What time is it in London?", "And what's 2 plus 2?"),
              R"(calculate {"expression":"2 plus 2"})");
    EXPECT_EQ(after("Remember that my code is 5.", "And 6?"), "");
    EXPECT_EQ(after("Tell me a story.", "And tomorrow?"), "");
    EXPECT_EQ(after("", "And tomorrow?"), "");
}

}  // namespace
}  // namespace coda::assistant
