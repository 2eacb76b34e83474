#include "tests/support/wer.h"

#include <gtest/gtest.h>

namespace coda::test {
namespace {

std::string words(std::string_view text) {
    std::string out;
    for (const std::string& word : normalised_words(text)) out += (out.empty() ? "" : " ") + word;
    return out;
}

TEST(Wer, NumbersSpelledOrInDigitsAreTheSame) {
    EXPECT_EQ(words("What is fifteen percent of two hundred and forty?"), "what is 15 percent of 240");
    EXPECT_EQ(words("What's 15% of 240?"), "what is 15 percent of 240");
    EXPECT_EQ(words("Wake me at 7:30 a.m."), words("wake me at seven thirty AM"));
    EXPECT_EQ(words("the twenty-third of May, nineteen sixty one"), "the 23rd of may 1961");
    EXPECT_EQ(words("the 23rd of May 1961"), "the 23rd of may 1961");
    EXPECT_EQ(words("1,234,567"),
              words("one million two hundred thirty four thousand five hundred and sixty seven"));
    EXPECT_EQ(words("a hundred and five"), "105");
    EXPECT_EQ(words("$5 and $1"), "5 dollars and 1 dollar");
    EXPECT_EQ(words("three point five"), words("3.5"));
    EXPECT_EQ(words("twenty and thirty"), "20 and 30");
    EXPECT_EQ(words("two and three"), "2 and 3");
    EXPECT_EQ(words("a hundred"), words("100"));
    EXPECT_EQ(words("a thought"), "a thought");
}

TEST(Wer, ContractionsAndPunctuation) {
    EXPECT_EQ(words("I can't, won't; don't\u2014they're \u201cit\u2019s\u201d mine."),
              "i can not will not do not they are it is mine");
    EXPECT_EQ(words("Today's news: O'Clock"), "todays news oclock");
    EXPECT_EQ(words("  ... ' "), "");
}

TEST(Wer, CountsTheFewestEdits) {
    const WordErrors errors = word_errors("set a timer for ten minutes", "set the timer 10 minutes please");
    EXPECT_EQ(errors.substitutions, 1);
    EXPECT_EQ(errors.deletions, 1);
    EXPECT_EQ(errors.insertions, 1);
    EXPECT_EQ(errors.reference_words, 6);
    EXPECT_DOUBLE_EQ(errors.rate(), 0.5);
    EXPECT_DOUBLE_EQ(word_error_rate("same words", "Same words!"), 0);
    EXPECT_DOUBLE_EQ(word_error_rate("all gone", ""), 1);
    EXPECT_DOUBLE_EQ(word_error_rate("", "two words"), 2);
    EXPECT_DOUBLE_EQ(word_error_rate("", ""), 0);
}

}  // namespace
}  // namespace coda::test
