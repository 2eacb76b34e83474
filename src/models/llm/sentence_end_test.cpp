#include "models/llm/sentence_end.h"

#include <gtest/gtest.h>

namespace coda::models::llm {
namespace {

TEST(SentenceEnd, TokensThatEndASentence) {
    for (const char* text :
         {".", " .", "?", "!", "?!", "!!", ".\n", "\n", "\n\n", ".\"", "?”", ".)", "。", "？", "!'"}) {
        EXPECT_TRUE(ends_sentence(text)) << text;
    }
}

TEST(SentenceEnd, TokensThatDoNot) {
    for (const char* text : {"", " ", ",", "...", " ..", "…", ".com", ".5", " and", "a.", "\"", ")", ";", ":",
                             "!=", "?x", "\xE3\x80"}) {
        EXPECT_FALSE(ends_sentence(text)) << text;
    }
}

TEST(SentenceEnd, ProbabilityIsTheShareOfTheSoftmaxOnEndingTokens) {
    VocabularyData data;
    data.pre = "gpt-2";
    data.tokens = {"a", ".", "?", "<|im_end|>"};
    const auto tokenizer = Tokenizer::create(std::move(data), "tiny");
    ASSERT_TRUE(tokenizer);
    const SentenceEnds ends(*tokenizer);
    EXPECT_FLOAT_EQ(ends.probability(std::vector<float>{0, 0, 0, 0}), 0.75f);
    EXPECT_FLOAT_EQ(ends.probability(std::vector<float>{1000, 0, 0, 0}), 0);
    EXPECT_FLOAT_EQ(ends.probability(std::vector<float>{-1000, 0, 0, 90}), 1);
}

TEST(SentenceEnd, FinalMarksAreTakenOff) {
    EXPECT_EQ(without_final_marks("What time is it?"), "What time is it");
    EXPECT_EQ(without_final_marks("So I was...  "), "So I was");
    EXPECT_EQ(without_final_marks("well…"), "well");
    EXPECT_EQ(without_final_marks("3.5"), "3.5");
    EXPECT_EQ(without_final_marks("今天。"), "今天");
    EXPECT_EQ(without_final_marks(" .?! "), "");
    EXPECT_EQ(without_final_marks(""), "");
}

}  // namespace
}  // namespace coda::models::llm
