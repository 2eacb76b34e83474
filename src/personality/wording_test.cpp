// What each trait does to replies, prompts and sampling, and that none of it touches figures, names or what
// the person said.
#include "personality/wording.h"

#include "personality/effects.h"
#include "personality/phrasing.h"

#include <algorithm>
#include <cctype>

#include <gtest/gtest.h>

namespace coda::personality {
namespace {

// Replies of every act, as the tools word them.
const std::vector<Template>& templates() {
    static const std::vector<Template> kAll = {
        {"It's five past three in the afternoon.", "time", Act::answer, {}},
        {"It's twenty to nine in the morning in St. John's, on Friday.", "time", Act::answer, {"St. John's"}},
        {"Today is Friday, the twenty-seventh of November.", "date", Act::answer, {}},
        {"Twenty-eight days until Friday, the twenty-fifth of December.", "date", Act::answer, {}},
        {"That's 1,234.5.", "calculate", Act::answer, {"1234.5"}},
        {"Five miles is 8.05 kilometers.", "convert", Act::answer, {"five miles"}},
        {"You said that your locker code is 4719.", "recall", Act::answer, {"your locker code is 4719"}},
        {"You told me that Ada lives in Berlin; it's your cat's name.",
         "list_facts",
         Act::answer,
         {"Ada lives in Berlin", "it's your cat's name"}},
        {"Okay, I'll remember: the song is called It's Over.",
         "remember",
         Act::done,
         {"the song is called It's Over"}},
        {"Okay, I've forgotten that you don't like Okay, Computer.",
         "forget",
         Act::done,
         {"you don't like Okay, Computer"}},
        {"I can't look up the weather yet.", "decline", Act::shortfall, {}},
        {"You haven't told me that, as far as I remember.", "recall", Act::shortfall, {}},
        {"I don't know which time zone Wakanda is in.", "time", Act::shortfall, {"Wakanda"}},
        {"The Nile is 6,650 kilometers long, and it's in Africa.", "knowledge", Act::answer, {}},
        {"Hello! What can I do for you?", "greeting", Act::social, {}},
        {"You're welcome.", "thanks", Act::social, {}},
    };
    return kAll;
}

// The words that a reply must keep in their order: all that is no function word which may be reworded.
std::vector<std::string> content_of(const std::string& text) {
    static const std::vector<std::string> kFree = {
        "it",   "its",      "it's",      "that",  "that's", "is",     "today",  "you",
        "said", "told",     "me",        "okay",  "i",      "i'll",   "i've",   "will",
        "have", "remember", "forgotten", "can't", "cannot", "can",    "not",    "don't",
        "do",   "haven't",  "hello",     "what",  "for",    "you're", "welcome"};
    std::vector<std::string> out;
    std::string word;
    for (const char c : text + " ") {
        if (std::isalnum(static_cast<unsigned char>(c)) || c == '\'' || (c == ',' && !word.empty()) ||
            c == '.') {
            word += c;
            continue;
        }
        while (!word.empty() && std::ispunct(static_cast<unsigned char>(word.back()))) word.pop_back();
        std::string lower = word;
        for (char& letter : lower)
            letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
        if (!word.empty() && std::find(kFree.begin(), kFree.end(), lower) == kFree.end())
            out.push_back(lower);
        word.clear();
    }
    return out;
}

::testing::AssertionResult keeps_content(const Template& what, const std::string& reworded) {
    const std::vector<std::string> wanted = content_of(what.text), there = content_of(reworded);
    size_t next = 0;
    for (const std::string& word : there) next += next < wanted.size() && word == wanted[next];
    if (next < wanted.size())
        return ::testing::AssertionFailure()
               << "\"" << wanted[next] << "\" of \"" << what.text << "\" is lost in \"" << reworded << "\"";
    for (const std::string& quote : what.quotes) {
        std::string capital = quote;
        capital[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(capital[0])));
        if (what.text.find(quote) != std::string::npos && reworded.find(quote) == std::string::npos &&
            reworded.find(capital) == std::string::npos)
            return ::testing::AssertionFailure()
                   << "\"" << quote << "\" is changed in \"" << reworded << "\"";
    }
    return ::testing::AssertionSuccess();
}

// A greeting's question may be left out.
bool is_content(const Template& what) {
    return what.act != Act::social;
}

constexpr uint64_t kSeeds = 8;

TEST(Wording, NeutralTraitsLeaveEveryReplyAsItIs) {
    for (const Template& what : templates())
        for (uint64_t seed = 0; seed < kSeeds; ++seed) EXPECT_EQ(reword(what, {}, {}, seed), what.text);
}

// 0.1 against 0.9 of one trait, all others neutral.
class EachTrait : public testing::TestWithParam<Trait> {
  protected:
    static Traits with(Trait trait, double value) {
        Traits traits;
        traits[trait] = value;
        return traits;
    }
};

TEST_P(EachTrait, ChangesRepliesAndKeepsTheirContent) {
    size_t differ = 0, all = 0;
    for (const Template& what : templates()) {
        if (!is_content(what)) continue;
        for (uint64_t seed = 0; seed < kSeeds; ++seed) {
            const std::string low = reword(what, with(GetParam(), 0.1), {}, seed);
            const std::string high = reword(what, with(GetParam(), 0.9), {}, seed);
            EXPECT_TRUE(keeps_content(what, low));
            EXPECT_TRUE(keeps_content(what, high));
            EXPECT_EQ(low, reword(what, with(GetParam(), 0.1), {}, seed));
            differ += low != high;
            ++all;
        }
    }
    RecordProperty("replies_changed", std::to_string(differ) + " of " + std::to_string(all));
    std::printf("%s: %zu of %zu replies differ\n", name_of(GetParam()).c_str(), differ, all);
    EXPECT_GE(2 * differ, all);
}

TEST_P(EachTrait, ActsTheMoreTheFurtherItLeans) {
    const auto changed = [](double value) {
        size_t count = 0;
        for (const Template& what : templates())
            for (uint64_t seed = 0; seed < 4 * kSeeds; ++seed)
                count += reword(what, with(GetParam(), value), {}, seed) != what.text;
        return count;
    };
    EXPECT_EQ(changed(0.55), 0u);
    EXPECT_LE(changed(0.75), changed(0.95));
    EXPECT_GT(changed(0.95), 0u);
}

TEST_P(EachTrait, ChangesThePrompt) {
    const std::string low = prompt_of({}, with(GetParam(), 0.1)), high = prompt_of({}, with(GetParam(), 0.9));
    EXPECT_FALSE(low.empty());
    EXPECT_FALSE(high.empty());
    EXPECT_NE(low, high);
    EXPECT_EQ(prompt_change(with(GetParam(), 0.1), with(GetParam(), 0.9)), high);
    EXPECT_EQ(prompt_change(with(GetParam(), 0.9), with(GetParam(), 0.95)), "");
}

INSTANTIATE_TEST_SUITE_P(All, EachTrait, testing::ValuesIn(kAllTraits),
                         [](const auto& one) { return name_of(one.param); });

TEST(Effects, LengthFollowsVerbosityAndTemperatureCreativity) {
    Traits low, high;
    low[Trait::verbosity] = low[Trait::creativity] = 0.1;
    high[Trait::verbosity] = high[Trait::creativity] = 0.9;
    EXPECT_EQ(prompt_of({}, {}), "");
    EXPECT_EQ(sentence_limit(3, low), 1);
    EXPECT_EQ(sentence_limit(3, {}), 3);
    EXPECT_EQ(sentence_limit(3, high), 5);
    EXPECT_LT(token_limit(160, low), token_limit(160, {}));
    EXPECT_EQ(token_limit(160, {}), 160);
    EXPECT_GT(token_limit(160, high), 160);
    EXPECT_EQ(temperature(0, {}), 0);
    EXPECT_EQ(temperature(0, low), 0);
    EXPECT_GT(temperature(0, high), 0.5);
    EXPECT_LT(temperature(0.7, low), 0.7);
}

TEST(Wording, NothingIsLostWithAnyMixOfTraits) {
    Character character;
    character.address = "sir";
    character.catch_phrases = {"Very good."};
    for (uint64_t mix = 0; mix < 512; ++mix) {
        Traits traits;
        for (const Trait trait : kAllTraits)
            traits[trait] = mix >> static_cast<unsigned>(trait) & 1 ? 0.97 : 0.03;
        for (const Template& what : templates())
            EXPECT_TRUE(!is_content(what) || keeps_content(what, reword(what, traits, character, mix)));
    }
}

TEST(Wording, WholeReplies) {
    Traits butler, friendly;
    butler[Trait::formality] = 0.7000001;
    friendly[Trait::formality] = 0.1;
    Character sir;
    sir.address = "sir";
    const auto some = [](const Template& what, const Traits& traits, const Character& character,
                         const std::string& wanted) {
        for (uint64_t seed = 0; seed < 40; ++seed)
            if (reword(what, traits, character, seed) == wanted) return true;
        return false;
    };
    EXPECT_TRUE(
        some({"It's three o'clock.", "time", Act::answer, {}}, butler, sir, "It is three o'clock, sir."));
    EXPECT_TRUE(some({"Okay, I'll remember: it's blue.", "remember", Act::done, {"it's blue"}}, butler, sir,
                     "Very well, sir, I will remember: it's blue."));
    EXPECT_TRUE(some({"Goodbye.", "goodbye", Act::social, {}}, butler, sir, "Farewell, sir."));
    EXPECT_TRUE(some({"Hello! What can I do for you?", "greeting", Act::social, {}}, friendly, {},
                     "Hey! What can I do for you?"));
}

TEST(Phrasing, WritesOutAndContracts) {
    EXPECT_EQ(formal("It's late, and I don't know when it's been so late."),
              "It is late, and I do not know when it has been so late.");
    EXPECT_EQ(formal("You're welcome."), "It is my pleasure.");
    EXPECT_EQ(formal("Your sister's birthday is the dog's."), "Your sister's birthday is the dog's.");
    EXPECT_EQ(casual("It is as late as it is."), "It's as late as it is.");
    EXPECT_EQ(casual("I cannot say that I do not know."), "I can't say that I don't know.");
    EXPECT_EQ(without_opening("That's today, Friday."), "Today, Friday.");
    EXPECT_EQ(without_opening("It's."), "It's.");
}

TEST(Phrasing, WhatIsQuotedStaysAsItIs) {
    const Kept kept("You said that it's it's it's.", {"it's it's", "t's"});
    EXPECT_EQ(kept.restore(formal(kept.text())), "You said that it's it's it is.");
    EXPECT_EQ(kept.restore("no mark"), "");
    const Kept start("You said that your code is 1.", {"your code is 1"});
    EXPECT_EQ(start.restore(without_opening(start.text())), "Your code is 1.");
    const std::string with_mark = std::string("It's a ") + Kept::kMark + ".";
    Traits formally;
    formally[Trait::formality] = 0.9;
    EXPECT_EQ(reword({with_mark, "time", Act::answer, {}}, formally, {}, 1), with_mark);
}

TEST(Phrasing, SentencesEndWhereTheNextBegins) {
    EXPECT_EQ(sentences_of("One. Two? three! Four"),
              (std::vector<std::string>{"One.", "Two? three!", "Four"}));
    EXPECT_EQ(sentences_of(""), std::vector<std::string>{""});
}

TEST(Wording, ShortfallsAreTold) {
    EXPECT_TRUE(is_shortfall("I can't set alarms yet."));
    EXPECT_TRUE(is_shortfall("You can't divide by zero."));
    EXPECT_FALSE(is_shortfall("That's 12."));
}

}  // namespace
}  // namespace coda::personality
