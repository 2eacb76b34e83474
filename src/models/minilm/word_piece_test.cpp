#include "models/minilm/word_piece.h"

#include <gtest/gtest.h>

namespace coda::models::minilm {
namespace {

using Words = std::vector<std::string>;
using Ids = std::vector<int32_t>;

constexpr const char* kVocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\nplay\n##ing\n##s\nthe\n,\nn\n##a\n##ive\n";

WordPiece small() {
    auto made = WordPiece::parse(kVocabulary, "vocab.txt");
    EXPECT_TRUE(made) << made.error().message();
    return made.value_or(WordPiece());
}

TEST(WordPiece, CutsWordsIntoTheLongestPieces) {
    EXPECT_EQ(small().encode("The playing, plays", 20), (Ids{2, 7, 4, 5, 8, 4, 6, 3}));
    EXPECT_EQ(small().encode("Naïve", 20), (Ids{2, 9, 10, 11, 3}));
}

TEST(WordPiece, AWordWithAnUnknownPartIsUnknown) {
    EXPECT_EQ(small().encode("playxing the", 20), (Ids{2, 1, 7, 3}));
    EXPECT_EQ(small().encode(std::string(101, 'n'), 20), (Ids{2, 1, 3}));
}

TEST(WordPiece, KeepsItsBoundAndEndsWithSep) {
    for (size_t most = 2; most < 8; ++most) {
        const Ids ids = small().encode("playing the playing the playing", most);
        EXPECT_EQ(ids.size(), most);
        EXPECT_EQ(ids.front(), 2);
        EXPECT_EQ(ids.back(), 3);
    }
    EXPECT_EQ(small().encode("", 20), (Ids{2, 3}));
}

TEST(WordPiece, NamesOfSpecialTokensAreText) {
    EXPECT_EQ(basic_words("[SEP]"), (Words{"[", "sep", "]"}));
}

TEST(WordPiece, SplitsAndCleans) {
    EXPECT_EQ(basic_words("Don't\tgo\xc2\xa0now"), (Words{"don", "'", "t", "go", "now"}));
    EXPECT_EQ(basic_words("\xe6\x9d\xb1\xe4\xba\xac x"), (Words{"\xe6\x9d\xb1", "\xe4\xba\xac", "x"}));
    EXPECT_EQ(basic_words(std::string("a\0b\xff"
                                      "c",
                                      5)),
              (Words{"abc"}));
}

TEST(WordPiece, RefusesBrokenVocabularies) {
    const std::string whole = kVocabulary;
    for (const char* bad : {"", "[CLS]\n[SEP]\n", "[CLS]\n[SEP]\n[UNK]\na\na\n"}) {
        const auto made = WordPiece::parse(bad, "vocab.txt");
        ASSERT_FALSE(made);
        EXPECT_EQ(made.error().code, ErrorCode::bad_format);
        EXPECT_EQ(made.error().where, "vocab.txt");
    }
    for (size_t length = 0; length < whole.size(); ++length) {
        const auto made = WordPiece::parse(whole.substr(0, length), "vocab.txt");
        if (made) made->encode("playing the naive", 20);
    }
}

}  // namespace
}  // namespace coda::models::minilm
