#include "models/llm/sentence_pieces.h"

#include "models/llm/test_files.h"
#include "models/llm/tokenizer.h"

#include <cmath>

#include <gtest/gtest.h>

namespace coda::models::llm {
namespace {

VocabularyData read_vocabulary(GoldenReader& file) {
    VocabularyData data;
    data.model = VocabularyData::Model::sentence_pieces;
    data.add_space_prefix = file.read<uint8_t>() != 0;
    for (auto left = file.read<uint32_t>(); left > 0; --left) {
        data.tokens.push_back(file.text());
        data.scores.push_back(file.read<float>());
        data.types.push_back(file.read<uint8_t>());
    }
    data.unknown = 0;
    data.bos = 1;
    data.eos = 2;
    return data;
}

TEST(SentencePieces, IdsAreThoseOfSentencepiece) {
    const std::vector<std::string> texts = golden_strings();
    GoldenReader file("sentence_pieces.bin");
    const auto models = file.read<uint32_t>();
    ASSERT_EQ(models, 2u);
    for (uint32_t m = 0; m < models; ++m) {
        VocabularyData data = read_vocabulary(file);
        const bool prefix = *data.add_space_prefix;
        const auto tokenizer = Tokenizer::create(std::move(data), "golden");
        ASSERT_TRUE(tokenizer) << tokenizer.error().message();
        EXPECT_TRUE(tokenizer->adds_bos());
        const auto strings = file.read<uint32_t>();
        ASSERT_GT(strings, 400u);
        int wrong = 0;
        for (uint32_t s = 0; s < strings; ++s) {
            const std::string& text = texts.at(file.read<uint16_t>());
            std::vector<int32_t> expected(file.read<uint32_t>());
            for (int32_t& id : expected) id = file.read<uint16_t>();
            if (tokenizer->encode(text) != expected && ++wrong <= 5) {
                ADD_FAILURE() << (prefix ? "with" : "without") << " a space before: " << text << "\nours  "
                              << testing::PrintToString(tokenizer->encode(text)) << "\ntheirs "
                              << testing::PrintToString(expected);
            }
        }
        EXPECT_EQ(wrong, 0) << "of " << strings;
    }
    EXPECT_TRUE(file.at_end());
}

Tokenizer golden_tokenizer() {
    GoldenReader file("sentence_pieces.bin");
    file.read<uint32_t>();
    auto tokenizer = Tokenizer::create(read_vocabulary(file), "golden");
    EXPECT_TRUE(tokenizer) << tokenizer.error().message();
    return std::move(*tokenizer);
}

// U+2581 and a space are one: where broken text cut the former in the middle of a "character", it comes back.
std::string spaces_marked(const std::string& text) {
    std::string out;
    for (const char c : text) out += c == ' ' ? std::string(SentencePieces::kSpace) : std::string(1, c);
    return out;
}

TEST(SentencePieces, PiecesGiveTheTextBackWhateverBytesItHas) {
    const Tokenizer tokenizer = golden_tokenizer();
    for (const std::string& text : golden_strings()) {
        std::string back;
        for (const int32_t id : tokenizer.encode(text)) {
            EXPECT_FALSE(tokenizer.is_control(id)) << text;
            back += tokenizer.piece(id);
        }
        EXPECT_TRUE(spaces_marked(back) == spaces_marked(text.empty() ? "" : " " + text)) << text;
    }
}

// The spellings "<s>" and "<0x41>" are characters when somebody writes them.
TEST(SentencePieces, TextBecomesNeitherMarkerNorByte) {
    VocabularyData data;
    data.model = VocabularyData::Model::sentence_pieces;
    data.tokens = {"<unk>", "<s>", "</s>", "<0x41>", "<",  "s",   ">",    "<s",
                   "0",     "x",   "4",    "1",      "<0", "<0x", "<0x4", "<0x41"};
    data.types = {2, 3, 3, 6, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    data.scores.assign(data.tokens.size(), -1.0f);
    data.add_space_prefix = false;
    data.unknown = 0;
    const auto tokenizer = Tokenizer::create(std::move(data), "tiny");
    ASSERT_TRUE(tokenizer) << tokenizer.error().message();
    EXPECT_EQ(tokenizer->encode("<s>"), (std::vector<int32_t>{7, 6}));
    EXPECT_EQ(tokenizer->encode("<0x41>"), (std::vector<int32_t>{15, 6}));
    EXPECT_EQ(tokenizer->encode("A"), std::vector<int32_t>{3}) << "but its byte is what A is spelt with";
    EXPECT_EQ(tokenizer->encode("é<"), (std::vector<int32_t>{0, 4})) << "unknown without its bytes";
    EXPECT_EQ(tokenizer->piece(3), "A");
}

TEST(SentencePieces, LongInputsTakeTimeInProportion) {
    const Tokenizer tokenizer = golden_tokenizer();
    for (const std::string& text :
         {std::string(100'000, 'a'), std::string(100'000, ' '), std::string(100'000, '\n')}) {
        std::string back;
        for (const int32_t id : tokenizer.encode(text)) back += tokenizer.piece(id);
        EXPECT_TRUE(back == " " + text);
    }
}

TEST(SentencePieces, BrokenVocabulariesAreRefusedByName) {
    const auto message = [](auto change) {
        GoldenReader file("sentence_pieces.bin");
        file.read<uint32_t>();
        VocabularyData data = read_vocabulary(file);
        change(data);
        const auto tokenizer = Tokenizer::create(std::move(data), "x.gguf");
        return tokenizer ? std::string() : tokenizer.error().message();
    };
    EXPECT_EQ(message([](VocabularyData&) {}), "");
    EXPECT_NE(
        message([](VocabularyData& d) { d.scores.pop_back(); }).find("x.gguf: tokenizer.ggml.scores: 999"),
        std::string::npos);
    EXPECT_NE(message([](VocabularyData& d) { d.scores[7] = NAN; }).find("tokenizer.ggml.scores"),
              std::string::npos);
    EXPECT_NE(message([](VocabularyData& d) { d.unknown = 1000; }).find("unknown_token_id"),
              std::string::npos);
}

}  // namespace
}  // namespace coda::models::llm
