#include "models/llm/reply_filter.h"

#include "models/llm/grammar/matcher.h"

#include <gtest/gtest.h>

namespace coda::models::llm {
namespace {

struct Outcome {
    std::string spoken, call;
    bool in_call = false;
    bool operator==(const Outcome&) const = default;
};

Outcome filtered(ToolFormat format, std::string_view text, size_t block) {
    ReplyFilter filter(format);
    Outcome out;
    for (size_t at = 0; at < text.size(); at += block) filter.push(text.substr(at, block), out.spoken);
    filter.finish(out.spoken);
    out.call = filter.call();
    out.in_call = filter.in_call();
    return out;
}

TEST(ReplyFilter, LeavesOutThoughtsAndCallsHoweverTheTextIsCut) {
    struct Case {
        ToolFormat format;
        const char *text, *spoken, *call;
    };
    for (const Case& c :
         std::vector<Case>{{ToolFormat::none, " Hello <world>. ", " Hello <world>. ", ""},
                           {ToolFormat::none, "<think>\nwell\n</think>\n\nYes.", "Yes.", ""},
                           {ToolFormat::none, "[THINK]a[/THINK] b <think>c</think>\nd", "b d", ""},
                           {ToolFormat::none, "<think>never closed", "", ""},
                           {ToolFormat::none, "a < b <thin", "a < b <thin", ""},
                           {ToolFormat::none, "{\"name\": 1}", "{\"name\": 1}", ""},
                           {ToolFormat::hermes, "Wait.\n<tool_call>\n{\"a\"}</tool_call>", "Wait.\n",
                            "\n{\"a\"}</tool_call>"},
                           {ToolFormat::hermes, "<think><tool_call></think>No.", "No.", ""},
                           {ToolFormat::mistral, "[TOOL_CALLS][{}]", "", "[{}]"},
                           {ToolFormat::granite, "<|tool_call|>[{}]", "", "[{}]"},
                           {ToolFormat::llama3, "\n{\"name\"", "", "{\"name\""},
                           {ToolFormat::llama3, "<|python_tag|>{\"name\"", "", "{\"name\""},
                           {ToolFormat::llama3, "In {braces}", "In {braces}", ""}}) {
        const Outcome whole = filtered(c.format, c.text, 1000);
        EXPECT_EQ(whole.spoken, c.spoken) << c.text;
        EXPECT_EQ(whole.call, c.call) << c.text;
        for (const size_t block : {1u, 2u, 3u, 7u})
            EXPECT_EQ(filtered(c.format, c.text, block), whole) << c.text;
    }
}

std::shared_ptr<const grammar::Vocabulary> bytes_only() {
    std::vector<std::string> pieces;
    for (int byte = 0; byte < 256; ++byte) pieces.emplace_back(1, static_cast<char>(byte));
    return std::make_shared<const grammar::Vocabulary>(pieces);
}

const std::vector<ToolSpec> kTools = {
    {"time", "Now.", R"({"type":"object","properties":{"place":{"type":"string"}}})"},
    {"timer", "",
     R"({"type":"object","properties":{"minutes":{"type":"integer","minimum":1}},"required":["minutes"]})"},
    {"odd", "", R"({"not":{}})"}};

TEST(ToolFormat, TheGrammarTakesWholeCallsOfTheToolsThereAre) {
    struct Case {
        ToolFormat format;
        std::vector<std::pair<const char*, int>> yes;  // and how many calls
        std::vector<const char*> no;
    };
    for (const Case& c : std::vector<Case>{
             {ToolFormat::hermes,
              {{"\n{\"name\": \"time\", \"arguments\": {}}\n</tool_call>", 1},
               {"{\"name\": \"timer\", \"arguments\": {\"minutes\": 5}}</tool_call>\n<tool_call>\n{\"name\": "
                "\"time\", \"arguments\": {\"place\": \"Bern}\"}}\n</tool_call>",
                2},
               {"{\"name\": \"odd\", \"arguments\": {\"any\": [1]}}</tool_call>", 1}},
              {"{\"name\": \"nothing\", \"arguments\": {}}</tool_call>",
               "{\"name\": \"timer\", \"arguments\": {}}",
               "{\"name\": \"timer\", \"arguments\": {\"minutes\": 0}}", "no"}},
             {ToolFormat::llama3,
              {{"{\"name\": \"time\", \"parameters\": {\"place\": \"x\"}}", 1},
               {"{\"type\": \"function\", \"name\": \"time\", \"parameters\": {}}", 1}},
              {"{\"name\": \"time\", \"arguments\": {}}", "[{}]"}},
             {ToolFormat::mistral,
              {{"[{\"name\": \"time\", \"arguments\": {}}]", 1},
               {" [{\"name\": \"time\", \"arguments\": {}}, {\"name\": \"time\", \"arguments\": {}}]", 2}},
              {"{\"name\": \"time\", \"arguments\": {}}", "[]"}},
             {ToolFormat::granite, {{"[{\"name\": \"time\", \"arguments\": {}}]", 1}}, {"[]"}}}) {
        auto grammar = call_grammar(c.format, kTools);
        ASSERT_TRUE(grammar) << grammar.error().message();
        grammar::Matcher matcher(std::move(*grammar), bytes_only());
        for (const auto& [text, count] : c.yes) {
            matcher.reset();
            EXPECT_TRUE(matcher.accept(text) && matcher.complete()) << to_string(c.format) << text;
            EXPECT_EQ(parse_calls(c.format, text, 0).size(), static_cast<size_t>(count)) << text;
        }
        for (const char* text : c.no) {
            matcher.reset();
            EXPECT_FALSE(matcher.accept(text) && matcher.complete()) << to_string(c.format) << text;
        }
    }
    EXPECT_FALSE(call_grammar(ToolFormat::hermes, {}));
    const std::vector<ToolSpec> deep = {
        {"deep", "", "{\"enum\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}"}};
    EXPECT_TRUE(call_grammar(ToolFormat::hermes, deep)) << "any object";
}

TEST(ToolFormat, WhatIsNoCallIsNone) {
    const std::string text = "\n{\"name\": \"time\", \"arguments\": {\"place\": \"a\\\"}\"}}\n</tool_call>";
    const auto calls = parse_calls(ToolFormat::hermes, text, 7);
    ASSERT_EQ(calls.size(), 1u);
    EXPECT_EQ(calls[0].id, "call00007");
    EXPECT_EQ(calls[0].arguments, "{\"place\":\"a\\\"}\"}");
    for (size_t size = 0; size < text.find("\n<"); ++size)
        EXPECT_TRUE(size + 1 >= text.find("\n</") ||
                    parse_calls(ToolFormat::hermes, text.substr(0, size), 0).empty())
            << size;
    for (const char* other :
         {"", "{}", "[1, {\"name\": 1}]", "{\"name\": \"x\", \"arguments\": \"text\"}", "}}]]{{"})
        EXPECT_TRUE(parse_calls(ToolFormat::mistral, other, 0).empty()) << other;
}

}  // namespace
}  // namespace coda::models::llm
