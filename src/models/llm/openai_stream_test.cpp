#include "models/llm/openai_stream.h"

#include <gtest/gtest.h>

namespace coda::models::llm {
namespace {

struct Outcome {
    std::string text;
    Status status;
};

Outcome read(std::string_view bytes, size_t block = 1 << 20) {
    Outcome outcome;
    OpenAiStream stream("server", [&](std::string_view piece) {
        outcome.text += piece;
        return true;
    });
    for (size_t at = 0; at < bytes.size() && stream.push(bytes.substr(at, block)); at += block) {
    }
    outcome.status = stream.finish();
    return outcome;
}

constexpr const char* kStreamed =
    "data: {\"choices\":[{\"delta\":{\"content\":\"He\"}}]}\n\n"
    "data: {\"choices\":[{\"delta\":{\"content\":\"llo\"},\"finish_reason\":null}]}\n\n"
    "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
    "data: [DONE]\n\n";
constexpr const char* kWhole =
    "  {\"choices\":[{\"message\":{\"content\":\"Hello\"},\"finish_reason\":\"stop\"}]}";

TEST(OpenAiStream, ReadsBothKindsInAnyBlocks) {
    for (const std::string_view bytes : {std::string_view(kStreamed), std::string_view(kWhole)}) {
        for (const size_t block : {1, 2, 3, 7, 1000}) {
            const Outcome outcome = read(bytes, block);
            EXPECT_TRUE(outcome.status) << outcome.status.error().message();
            EXPECT_EQ(outcome.text, "Hello");
        }
    }
}

TEST(OpenAiStream, CutAtEveryByteItIsAnErrorOrComplete) {
    const std::string_view bytes = kStreamed;
    const size_t complete = bytes.find("data: [DONE]");
    for (size_t size = 0; size < complete; ++size) {
        const Outcome outcome = read(bytes.substr(0, size));
        ASSERT_FALSE(outcome.status) << "cut to " << size;
        ASSERT_EQ(std::string("Hello").find(outcome.text), 0u);
    }
    for (size_t size = complete; size <= bytes.size(); ++size)
        EXPECT_TRUE(read(bytes.substr(0, size)).status);
    const std::string_view whole = kWhole;
    for (size_t size = 0; size < whole.size(); ++size)
        ASSERT_FALSE(read(whole.substr(0, size)).status) << size;
}

TEST(OpenAiStream, CallsAreWholeOrNone) {
    const std::string bytes =
        R"(data: {"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\""}}]}}]})"
        "\n\n"
        R"(data: {"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]}}]})"
        "\n\n"
        R"(data: {"choices":[{"delta":{},"finish_reason":"tool_calls"}]})"
        "\n\n";
    for (size_t size = 0; size <= bytes.size(); ++size) {
        OpenAiStream stream("server", [](std::string_view) { return true; });
        stream.push(std::string_view(bytes).substr(0, size));
        const Status status = stream.finish();
        const auto calls = stream.tool_calls();
        EXPECT_EQ(status.has_value(), size == bytes.size()) << size;
        for (const ToolCall& call : calls) EXPECT_EQ(call.arguments, R"({"x":1})") << size;
        if (status) {
            EXPECT_EQ(calls.size(), 1u);
        }
    }
}

TEST(OpenAiStream, OddJsonIsNoCrash) {
    for (const char* data :
         {"null", "[]", "1", "{}", "{\"choices\":1}", "{\"choices\":[1]}", "{\"choices\":[{}]}",
          "{\"choices\":[{\"delta\":[]}]}", "{\"choices\":[{\"delta\":{\"content\":7}}]}",
          "{\"choices\":[{\"delta\":{\"tool_calls\":[7,{},{\"index\":-1},{\"function\":[]}]}}]}",
          "{\"usage\":[],\"choices\":[]}", "{\"usage\":{\"prompt_tokens\":1e99}}"}) {
        EXPECT_FALSE(read("data: " + std::string(data) + "\n\n").status) << data;
        EXPECT_FALSE(read(data).status) << data;
    }
    const std::string deep = std::string(100000, '[');
    EXPECT_FALSE(read("data: " + deep + "\n\n").status);
}

TEST(ServerMessage, FindsTheWordsInEveryShape) {
    EXPECT_EQ(server_message("{\"error\":{\"message\":\"a\\n b\"}}"), "a b");
    EXPECT_EQ(server_message("{\"error\":\"a\"}"), "a");
    EXPECT_EQ(server_message("{\"detail\":\"a\"}"), "a");
    EXPECT_EQ(server_message("{\"detail\":[{\"msg\":\"a\"}]}"), "a");
    EXPECT_EQ(server_message("plain\twords "), "plain words");
    EXPECT_EQ(server_message(""), "");
    const std::string cut = server_message(std::string(199, 'x') + "\xC3\xA9 and more");
    EXPECT_EQ(cut, std::string(199, 'x') + " ...") << "cut between characters";
}

}  // namespace
}  // namespace coda::models::llm
