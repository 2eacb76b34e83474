#include "models/llm/grammar/matcher.h"

#include "models/llm/grammar/json_schema.h"
#include "models/llm/grammar/regex.h"
#include "models/llm/test_files.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace coda::models::llm::grammar {
namespace {

std::shared_ptr<const Vocabulary> packaged() {
    static const auto kVocabulary = [] {
        auto tokenizer = Tokenizer::create(packaged_vocabulary(), "packaged");
        CODA_ASSERT(tokenizer);
        return std::make_shared<const Vocabulary>(*tokenizer);
    }();
    return kVocabulary;
}

std::shared_ptr<const Vocabulary> bytes_only() {
    std::vector<std::string> pieces;
    for (int byte = 0; byte < 256; ++byte) pieces.emplace_back(1, static_cast<char>(byte));
    pieces.emplace_back();  // the end
    return std::make_shared<const Vocabulary>(pieces, std::vector<int32_t>{256});
}

bool is_allowed(std::span<const uint32_t> mask, int32_t token) {
    return (mask[static_cast<size_t>(token) / 32] >> (static_cast<uint32_t>(token) % 32) & 1) != 0;
}

bool matches(const Grammar& grammar, std::string_view text) {
    Matcher matcher(grammar, bytes_only());
    return matcher.accept(text) && matcher.complete();
}

Grammar schema(std::string_view text) {
    auto grammar = schema_grammar(text);
    if (!grammar) std::fprintf(stderr, "%s\n", grammar.error().message().c_str());
    CODA_ASSERT(grammar);
    return std::move(*grammar);
}

Result<Grammar> regex(std::string_view pattern) {
    Builder builder;
    CODA_TRY(const Builder::Rule rule, regex_rule(builder, pattern, plain_characters));
    return std::move(builder).build(rule);
}

TEST(Grammar, ARegularExpressionMatchesItsTexts) {
    struct Case {
        const char* pattern;
        std::vector<const char*> yes, no;
    };
    for (const Case& c :
         std::vector<Case>{{"^a+b?$", {"a", "aab"}, {"", "b", "abb"}},
                           {"^(one|two) (cats?|dogs?)$", {"one cat", "two dogs"}, {"one", "three cats"}},
                           {"^[^a-c\\d]{2,3}$", {"xy", "é-x"}, {"x", "ax", "x1", "wxyz"}},
                           {"b",
                            {"b", "abc",
                             "\xC3\xA9"
                             "b"},
                            {"", "ac"}},
                           {"^\\d{3}-\\d{4}$", {"555-1234"}, {"5551234", "555-123"}},
                           {"^(a|(b|c)*d)$", {"a", "d", "bcbd"}, {"ad", "bc"}},
                           {"^\\u00e9.\\.$", {"éx."}, {"é\n.", "éx"}},
                           {"^(a*)*$", {"", "aaa"}, {"b"}}}) {
        const auto grammar = regex(c.pattern);
        ASSERT_TRUE(grammar) << c.pattern << ": " << grammar.error().message();
        for (const char* text : c.yes) EXPECT_TRUE(matches(*grammar, text)) << c.pattern << " " << text;
        for (const char* text : c.no) EXPECT_FALSE(matches(*grammar, text)) << c.pattern << " " << text;
    }
    for (const char* wrong :
         {"(", ")", "a{2", "[a", "[z-a]", "*", "a**", "(?=a)", "\\1", "a{3,2}", "a$b", "^a|b$", "a{9999}"})
        EXPECT_FALSE(regex(wrong)) << wrong;
}

TEST(Grammar, ASchemaMatchesItsValuesAlone) {
    const Grammar grammar = schema(R"({"type":"object","properties":{"name":{"type":"string","maxLength":4},
        "age":{"type":"integer","minimum":0,"maximum":120},"pets":{"type":"array","items":{"enum":["cat","dog"]},"maxItems":2}},
        "required":["name"]})");
    for (const char* yes :
         {R"({"name":"Ada"})", R"({"name": "A\n\u00e9x", "age": 7})", R"({"name":"","pets":["cat","dog"]})",
          "{\n  \"name\": \"Bo\",\n  \"age\": 120\n}", R"({"name":"x","pets":[]})"})
        EXPECT_TRUE(matches(grammar, yes)) << yes;
    for (const char* no :
         {"{}", R"({"name":"Edith"})", R"({"name":"Ada","age":121})", R"({"name":"Ada","age":007})",
          R"({"age":1,"name":"Ada"})", R"({"name":"Ada","pets":["cow"]})", R"({"name":"Ada",})",
          R"({"name":"Ada","pets":["cat","cat","cat"]})", R"({"name":"Ada"} )", "[]", "{\"name\":\"\xFF\"}",
          "{\"name\":\"a\nb\"}", R"({"name":"\ud800"})"})
        EXPECT_FALSE(matches(grammar, no)) << no;
}

TEST(Grammar, NumbersStayWithinTheirBounds) {
    const Grammar whole = schema(R"({"type":"integer","minimum":-12,"maximum":105})");
    for (int i = -200; i <= 200; ++i) EXPECT_EQ(matches(whole, std::to_string(i)), i >= -12 && i <= 105) << i;
    const Grammar real = schema(R"({"type":"number","exclusiveMinimum":-1.25,"maximum":2.5})");
    for (int i = -400; i <= 400; ++i) {
        const double value = i / 100.0;
        for (const char* format : {"{:.2f}", "{:.3f}"}) {
            std::string text = fmt::format(fmt::runtime(format), value);
            if (text.starts_with("-0.00")) continue;
            EXPECT_EQ(matches(real, text), value > -1.25 && value <= 2.5) << text;
        }
    }
}

// What the mask allows is what can follow, token by token, along a text.
TEST(Grammar, TheMaskIsExact) {
    Matcher matcher(
        schema(
            R"({"type":"object","properties":{"city":{"type":"string"},"n":{"type":"integer"}},"required":["city","n"]})"),
        packaged());
    const std::string text = R"({"city": "New York", "n": 42})";
    for (size_t at = 0; at <= text.size(); at += 3) {
        matcher.reset();
        ASSERT_TRUE(matcher.accept(std::string_view(text).substr(0, at)));
        const auto span = matcher.allowed();
        const std::vector<uint32_t> mask(span.begin(), span.end());
        for (int32_t token = 0; token < packaged()->size(); token += 7) {
            const std::string_view piece = packaged()->piece(token);
            if (piece.empty()) continue;
            matcher.reset();
            matcher.accept(std::string_view(text).substr(0, at));
            EXPECT_EQ(is_allowed(mask, token), matcher.accept(piece)) << at << " " << piece;
        }
    }
    matcher.reset();
    ASSERT_TRUE(matcher.accept(text));
    EXPECT_TRUE(matcher.finished());
    for (const int32_t end : packaged()->ends()) EXPECT_TRUE(is_allowed(matcher.allowed(), end));
}

TEST(Grammar, ManyStatesAreForgottenAndFoundAgain) {
    Matcher matcher(schema(R"({"type":"array","items":{"type":"string","maxLength":4000}})"), bytes_only());
    ASSERT_TRUE(matcher.accept("["));
    for (int item = 0; item < 12; ++item) {
        ASSERT_TRUE(matcher.accept(item == 0 ? "\"" : ",\""));
        for (int i = 0; i < 4000; ++i) {
            ASSERT_TRUE(matcher.accept("x"));
            if (i % 1000 == 0) {
                ASSERT_FALSE(matcher.allowed().empty());
            }
        }
        ASSERT_FALSE(matcher.accept("x"));
        ASSERT_TRUE(matcher.accept("\""));
    }
    ASSERT_TRUE(matcher.accept("]"));
    EXPECT_TRUE(matcher.finished());
}

TEST(Grammar, AmbiguityIsBounded) {
    for (const char* pattern : {"^(a?){2000}$", "^((a?){500}){500}$", "^((a|aa|a?)*(a|aa)?){60}b$"}) {
        auto grammar = regex(pattern);
        ASSERT_TRUE(grammar) << pattern;
        Matcher matcher(std::move(*grammar), bytes_only());
        for (int i = 0; i < 20; ++i) {
            EXPECT_FALSE(matcher.allowed().empty()) << pattern;
            EXPECT_TRUE(matcher.accept("a")) << pattern;
        }
    }
}

TEST(Grammar, AVocabularyThatCannotWriteItAllowsNothing) {
    Matcher matcher(schema("{\"type\":\"null\"}"),
                    std::make_shared<const Vocabulary>(std::vector<std::string>{"a", "b"}));
    EXPECT_TRUE(matcher.allowed().empty());
}

TEST(Grammar, CutSchemasAreErrors) {
    const std::string text =
        R"({"type":"object","properties":{"a":{"anyOf":[{"type":"string","pattern":"^[a-z]+\\d$"},
        {"$ref":"#/$defs/x"}]}},"required":["a"],"$defs":{"x":{"type":"number","minimum":-1.5}}})";
    ASSERT_TRUE(schema_grammar(text));
    for (size_t size = 0; size < text.size(); ++size)
        EXPECT_FALSE(schema_grammar(std::string_view(text).substr(0, size))) << size;
    const std::string pattern = "^(a[b-d]{2,3}|\\u00e9+?)x$";
    for (size_t size = 0; size < pattern.size(); ++size) static_cast<void>(regex(pattern.substr(0, size)));
}

TEST(Grammar, ErrorsNameThePlace) {
    const auto error = [](std::string_view text) {
        const auto grammar = schema_grammar(text);
        return grammar ? "none" : grammar.error().message();
    };
    EXPECT_EQ(error(R"({"type":"object","properties":{"a":{"type":"array","uniqueItems":true}}})"),
              "schema/properties/a: \"uniqueItems\" is not supported here");
    EXPECT_EQ(error("{"), "schema: is no JSON");
    EXPECT_EQ(error(R"({"$ref":"#"})"), "no text can ever follow the grammar");
    EXPECT_NE(error(std::string(2000, '[')).find("too deep"), std::string::npos);
}

}  // namespace
}  // namespace coda::models::llm::grammar
