#include "models/llm/pre_tokenizer.h"

#include "models/llm/unicode.h"

#include <numeric>
#include <sstream>

#include <gtest/gtest.h>

namespace coda::models::llm {
namespace {

std::vector<std::string> words(const char* rule, std::string_view text) {
    const auto code_points = decode_utf8(text);
    std::vector<std::string> out;
    size_t at = 0;
    for (const size_t length : split_words(*PreTokenizer::named(rule), code_points)) {
        std::string word;
        for (size_t i = 0; i < length; ++i) append_utf8(word, code_points[at + i]);
        at += length;
        out.push_back(word);
    }
    return out;
}

using Words = std::vector<std::string>;

// Whole sequences of ids against llama.cpp are in tokenizer_test.cpp; these say what the rules are.
TEST(PreTokenizer, Gpt2) {
    EXPECT_EQ(words("gpt-2", "I'll pay  $12.50,\n\n OK"),
              (Words{"I", "'ll", " pay", " ", " $", "12", ".", "50", ",", "\n\n", " OK"}));
    EXPECT_EQ(words("gpt-2", "a   "), (Words{"a", "   "}));
}

TEST(PreTokenizer, SmollmCutsEveryDigit) {
    EXPECT_EQ(words("smollm", "in 2026, x1"), (Words{"in", " ", "2", "0", "2", "6", ",", " x", "1"}));
}

TEST(PreTokenizer, LlamaTakesUpToThreeDigitsAndQwenOne) {
    EXPECT_EQ(words("llama-bpe", "12345 (ok)\n\nI'LL"),
              (Words{"123", "45", " (", "ok", ")\n\n", "I", "'LL"}));
    EXPECT_EQ(words("qwen2", "123 x"), (Words{"1", "2", "3", " x"}));
}

TEST(PreTokenizer, CasedWordsEndWhereTheCaseTurns) {
    EXPECT_EQ(words("tekken", "camelCase HTTPServer I'll 12/\n"),
              (Words{"camel", "Case", " HTTPServer", " I", "'ll", " ", "1", "2", "/\n"}));
    EXPECT_EQ(words("gpt-4o", "We'LL see x1234"), (Words{"We'LL", " see", " x", "123", "4"}));
}

// With every name a message offers, and no other.
TEST(PreTokenizer, NamesInMessagesAreKnown) {
    std::stringstream names{std::string(PreTokenizer::known_names())};
    for (std::string name; std::getline(names, name, ',');)
        EXPECT_TRUE(PreTokenizer::named(name.substr(name.find_first_not_of(' ')))) << name;
}

TEST(PreTokenizer, WordsCoverTheTextWhateverItIs) {
    std::string bytes;
    for (int i = 0; i < 4096; ++i) bytes += static_cast<char>((i * 2654435761u) >> 13);
    const auto code_points = decode_utf8(bytes);
    for (const char* rule : {"gpt-2", "smollm", "llama-bpe", "qwen2", "tekken", "gpt-4o"}) {
        const auto lengths = split_words(*PreTokenizer::named(rule), code_points);
        EXPECT_EQ(std::accumulate(lengths.begin(), lengths.end(), size_t{0}), code_points.size()) << rule;
        EXPECT_EQ(std::count(lengths.begin(), lengths.end(), size_t{0}), 0) << rule;
    }
}

TEST(PreTokenizer, UnknownNamesAreUnknown) {
    EXPECT_FALSE(PreTokenizer::named("kimi-k2"));
    EXPECT_FALSE(PreTokenizer::named(""));
}

}  // namespace
}  // namespace coda::models::llm
