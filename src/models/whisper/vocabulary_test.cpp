#include "models/whisper/vocabulary.h"

#include "base/file_map.h"
#include "base/paths.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace coda::models::whisper {
namespace {

const std::string kSpecial =
    "<|endoftext|>\n<|startoftranscript|>\n<|en|>\n<|de|>\n<|haw|>\n<|translate|>\n<|transcribe|>\n<|"
    "startoflm|>\n"
    "<|startofprev|>\n<|nocaptions|>\n<|notimestamps|>\n<|0.00|>\n";
const std::string kSmall = "a\nĠb\nĠ\nÃ\n©\nĠ(\n-\nĠ-\nâĻ\nĊ\n" + kSpecial;

std::vector<std::string> names_of(const std::string& lines) {
    std::vector<std::string> names;
    size_t start = 0;
    for (size_t end; (end = lines.find('\n', start)) != std::string::npos; start = end + 1)
        names.push_back(lines.substr(start, end - start));
    return names;
}

std::string as_list(const std::string& lines) {
    return nlohmann::json(names_of(lines)).dump();
}

std::string as_tokenizer(const std::string& lines) {
    nlohmann::json json;
    int id = 0;
    for (const std::string& name : names_of(lines)) {
        if (name.starts_with("<|"))
            json["added_tokens"].push_back({{"id", id}, {"content", name}});
        else
            json["model"]["vocab"][name] = id;
        ++id;
    }
    return json.dump();
}

void expect_small(const Result<Vocabulary>& parsed) {
    ASSERT_TRUE(parsed) << parsed.error().message();
    const Vocabulary& vocabulary = *parsed;
    EXPECT_EQ(vocabulary.size(), 22);
    EXPECT_FALSE(vocabulary.multilingual());
    EXPECT_EQ(vocabulary.special().end_of_text, 10);
    EXPECT_EQ(vocabulary.special().no_speech, 19);
    EXPECT_EQ(vocabulary.special().no_timestamps, 20);
    ASSERT_EQ(vocabulary.languages().size(), 3u);
    EXPECT_EQ(vocabulary.language_token("haw"), 14);
    EXPECT_FALSE(vocabulary.language_token("fr"));
    const std::vector<int32_t> whole = {0, 1, 3, 4, 9, 21, 12, -5, 9999}, half = {3, 0};
    EXPECT_EQ(vocabulary.text(whole), "a b\u00e9\n");
    EXPECT_EQ(vocabulary.text(half), "\uFFFDa");
    EXPECT_EQ(vocabulary.suppressed(), (std::vector<int32_t>{5, 7, 8, 11, 15, 16, 17, 18, 19}));
    EXPECT_EQ(vocabulary.suppressed_at_start(), (std::vector<int32_t>{2, 10}));
}

TEST(Vocabulary, TheThreeFilesSayTheSame) {
    expect_small(Vocabulary::parse_list_text(kSmall, "x"));
    expect_small(Vocabulary::parse_list_json(as_list(kSmall), "x"));
    expect_small(Vocabulary::parse_tokenizer_json(as_tokenizer(kSmall), "x"));
}

TEST(Vocabulary, BadFilesAreErrorsThatNameThem) {
    for (const std::string text :
         {"", "[", "[1]", "{}", "[\"a\"]", "{\"model\":{}}", "{\"model\":{\"vocab\":{\"a\":-1}}}",
          "{\"model\":{\"vocab\":{\"a\":99999999999}}}", "\xff\xfe",
          "{\"model\":{\"vocab\":{}},\"added_tokens\":[{\"id\":\"x\"}]}"}) {
        for (const auto& result :
             {Vocabulary::parse_list_text(text, "file"), Vocabulary::parse_list_json(text, "file"),
              Vocabulary::parse_tokenizer_json(text, "file")}) {
            ASSERT_FALSE(result) << text;
            EXPECT_EQ(result.error().code, ErrorCode::bad_format);
            EXPECT_EQ(result.error().where, "file");
        }
    }
}

// Cut anywhere, a file gives an error, or a vocabulary that lacks nothing (its last timestamps may be gone).
TEST(Vocabulary, TruncatedAnywhere) {
    const std::string tokenizer = as_tokenizer(kSmall), list = as_list(kSmall);
    for (size_t length = 0; length < tokenizer.size(); ++length)
        EXPECT_FALSE(Vocabulary::parse_tokenizer_json(tokenizer.substr(0, length), "x"));
    for (size_t length = 0; length < list.size(); ++length)
        EXPECT_FALSE(Vocabulary::parse_list_json(list.substr(0, length), "x"));
    for (size_t length = 0; length < kSmall.size(); ++length) {
        const auto parsed = Vocabulary::parse_list_text(kSmall.substr(0, length), "x");
        EXPECT_TRUE(!parsed || parsed->special().no_timestamps == 20) << length;
    }
}

// Against tests/golden/whisper/make_tokens.py.
TEST(Vocabulary, PackagedModelSuppressesWhatFasterWhisperDoes) {
    const auto golden =
        nlohmann::json::parse(read_file(CODA_SOURCE_DIR "/tests/golden/whisper/tokens.json").value_or(""));
    const auto vocabulary = Vocabulary::from_folder(paths::model_dir("whisper-tiny.en"));
    ASSERT_TRUE(vocabulary) << vocabulary.error().message() << "; script/bootstrap fetches the models";
    EXPECT_EQ(vocabulary->size(), 51864);
    EXPECT_FALSE(vocabulary->multilingual());
    EXPECT_EQ(vocabulary->suppressed(), golden["suppressed"].get<std::vector<int32_t>>());
    EXPECT_EQ(vocabulary->suppressed_at_start(), (std::vector<int32_t>{220, 50256}));
    for (const auto& recording : golden["recordings"])
        EXPECT_EQ(vocabulary->text(recording["tokens"].get<std::vector<int32_t>>()),
                  recording["text"].get<std::string>());
}

// whisper.cpp's files hold the text's tokens only; the special ones must come to lie as in the named lists.
TEST(Vocabulary, TextTokensAloneGiveTheSameIds) {
    const auto named = Vocabulary::from_folder(paths::model_dir("whisper-tiny.en"));
    ASSERT_TRUE(named);
    std::vector<std::string_view> text;
    for (int32_t id = 0; id < named->special().end_of_text; ++id) text.push_back(named->bytes(id));
    const auto made = Vocabulary::from_text_tokens(text, 51864, "x");
    ASSERT_TRUE(made) << made.error().message();
    EXPECT_EQ(made->suppressed(), named->suppressed());
    EXPECT_EQ(made->special().no_timestamps, named->special().no_timestamps);
    EXPECT_EQ(made->special().no_speech, named->special().no_speech);
    ASSERT_EQ(made->languages().size(), named->languages().size());
    for (size_t i = 0; i < made->languages().size(); ++i) {
        EXPECT_EQ(made->languages()[i].code, named->languages()[i].code);
        EXPECT_EQ(made->languages()[i].token, named->languages()[i].token);
    }
}

// As openai/whisper's tokenizer.py numbers them.
TEST(Vocabulary, MultilingualLayouts) {
    const std::vector<std::string_view> text(50257, "x");
    const auto v2 = Vocabulary::from_text_tokens(text, 51865, "x"),
               v3 = Vocabulary::from_text_tokens(text, 51866, "x");
    ASSERT_TRUE(v2 && v3);
    EXPECT_TRUE(v2->multilingual() && v3->multilingual());
    EXPECT_EQ(v2->special().end_of_text, 50257);
    EXPECT_EQ(v2->language_token("en"), 50259);
    EXPECT_EQ(v2->language_token("su"), 50357);
    EXPECT_FALSE(v2->language_token("yue"));
    EXPECT_EQ(v2->special().transcribe, 50359);
    EXPECT_EQ(v2->special().no_timestamps, 50363);
    EXPECT_EQ(v3->language_token("yue"), 50358);
    EXPECT_EQ(v3->special().transcribe, 50360);
    EXPECT_EQ(v3->special().no_timestamps, 50364);
    for (const int64_t size : {int64_t{0}, int64_t{51765}, int64_t{60000}, int64_t{-1}})
        EXPECT_FALSE(Vocabulary::from_text_tokens(text, size, "x"));
    EXPECT_FALSE(Vocabulary::from_text_tokens(std::span(text).first(100), 51865, "x"));
}

}  // namespace
}  // namespace coda::models::whisper
