#include "assistant/clauses.h"

#include <random>

#include <gtest/gtest.h>

namespace coda::assistant {
namespace {

std::vector<std::string> split(const std::string& text, size_t chunk = 0) {
    ClauseSplitter splitter;
    std::vector<std::string> out;
    const size_t step = chunk == 0 ? std::max<size_t>(text.size(), 1) : chunk;
    for (size_t at = 0; at < text.size(); at += step)
        for (std::string& clause : splitter.feed(std::string_view(text).substr(at, step)))
            out.push_back(std::move(clause));
    for (std::string& clause : splitter.finish()) out.push_back(std::move(clause));
    return out;
}

std::string without_blanks(std::string_view text) {
    std::string out;
    for (char c : text)
        if (c != ' ' && c != '\n' && c != '\t' && c != '\r') out.push_back(c);
    return out;
}

using Clauses = std::vector<std::string>;

TEST(Clauses, SentencesAreKeptWhole) {
    EXPECT_EQ(split("Paris is it. It lies on the Seine! Really?"),
              (Clauses{"Paris is it.", "It lies on the Seine!", "Really?"}));
}

TEST(Clauses, TheFirstClauseEndsAtACommaOnceThereIsEnoughToSay) {
    EXPECT_EQ(split("The sky looks blue because, as light comes in, it is scattered. And so on, and on."),
              (Clauses{"The sky looks blue because,", "as light comes in, it is scattered.",
                       "And so on, and on."}));
    EXPECT_EQ(split("Yes, it does."), (Clauses{"Yes, it does."}));
}

TEST(Clauses, TheFirstClauseEndsBeforeAConjunction) {
    EXPECT_EQ(split("Frogs have smooth wet skin and long strong legs while toads are dry.").front(),
              "Frogs have smooth wet skin and long strong legs");
}

TEST(Clauses, FullStopsThatEndNothing) {
    EXPECT_EQ(split("Dr. Smith measured 3.14 e.g. in class. Then J. K. left."),
              (Clauses{"Dr. Smith measured 3.14 e.g. in class.", "Then J. K. left."}));
    EXPECT_EQ(split("See www.example.com/a.b for it. Fine."),
              (Clauses{"See www.example.com/a.b for it.", "Fine."}));
    EXPECT_EQ(split("Well... maybe not. Ok."), (Clauses{"Well... maybe not.", "Ok."}));
}

TEST(Clauses, ListsQuotesAndCode) {
    EXPECT_EQ(split("1. Boil it.\n2. Eat it.\n"), (Clauses{"1. Boil it.", "2. Eat it."}));
    EXPECT_EQ(split("She said \"Stop.\" Then she left."), (Clauses{"She said \"Stop.\"", "Then she left."}));
    EXPECT_EQ(split("```\na. b. c\nd\n``` Done."), (Clauses{"```\na. b. c\nd\n``` Done."}));
    EXPECT_EQ(split("- eggs\n- milk"), (Clauses{"- eggs", "- milk"}));
}

TEST(Clauses, AreAllOfTheTextHoweverItIsChunked) {
    std::mt19937 random(7);
    const std::vector<std::string> parts = {"Dr",
                                            ".",
                                            " ",
                                            ", ",
                                            "word",
                                            "3.5",
                                            "e.g",
                                            "and ",
                                            "\n",
                                            "```",
                                            "...",
                                            "\"",
                                            "?",
                                            "!",
                                            "ü",
                                            "because ",
                                            "a long enough row of words ",
                                            "1. ",
                                            "(",
                                            ")",
                                            "https://a.b/c?d=e.f",
                                            "—",
                                            "😀"};
    for (int round = 0; round < 2000; ++round) {
        std::string text;
        const size_t n = random() % 60;
        for (size_t i = 0; i < n; ++i) text += parts[random() % parts.size()];
        const Clauses whole = split(text);
        std::string joined;
        for (const std::string& clause : whole) {
            joined += clause;
            EXPECT_LE(clause.size(), ClauseSplitter::kMaxClause);
            EXPECT_FALSE(clause.empty());
        }
        ASSERT_EQ(without_blanks(joined), without_blanks(text)) << text;
        for (size_t chunk : {1, 2, 3, 5, 11}) ASSERT_EQ(split(text, chunk), whole) << text;
    }
}

TEST(Clauses, AnEndlessWordIsCut) {
    std::string text;
    for (int i = 0; i < 500; ++i) text += "ü";
    const Clauses clauses = split(text);
    ASSERT_GT(clauses.size(), 1u);
    for (const std::string& clause : clauses) EXPECT_EQ(clause.size() % 2, 0u);
}

}  // namespace
}  // namespace coda::assistant
