#include "net/sse.h"

#include <vector>

#include <gtest/gtest.h>

namespace coda::net {
namespace {

using Events = std::vector<std::string>;

Events parse(std::string_view bytes, size_t block = std::string_view::npos) {
    SseParser parser;
    Events events;
    for (size_t at = 0; at < bytes.size(); at += std::min(block, bytes.size())) {
        const auto pushed = parser.push(bytes.substr(at, block), [&](const SseEvent& event) {
            events.push_back(event.type + "=" + event.data);
            return true;
        });
        EXPECT_TRUE(pushed && *pushed);
    }
    return events;
}

TEST(Sse, ReadsEventsInEveryLineEnding) {
    const Events wanted = {"message=a", "message=b"};
    EXPECT_EQ(parse("data: a\n\ndata: b\n\n"), wanted);
    EXPECT_EQ(parse("data: a\r\n\r\ndata: b\r\n\r\n"), wanted);
    EXPECT_EQ(parse("data: a\r\rdata: b\r\r"), wanted);
    EXPECT_EQ(parse("\xEF\xBB\xBF"
                    "data: a\n\ndata: b\n\n"),
              wanted);
}

TEST(Sse, FollowsTheRulesOfTheFormat) {
    EXPECT_EQ(parse("data: a\ndata: b\ndata\n\n"), (Events{"message=a\nb\n"}));
    EXPECT_EQ(parse("data:a\n\ndata:  a\n\n"), (Events{"message=a", "message= a"})) << "one space is dropped";
    EXPECT_EQ(parse(": ping\n\nid: 7\nretry: 3\n\n"), Events{}) << "no data, no event";
    EXPECT_EQ(parse("event: error\ndata: x\n\ndata: y\n\n"), (Events{"error=x", "message=y"}));
    EXPECT_EQ(parse("data: x"), Events{}) << "an event without its blank line was cut";
    EXPECT_EQ(parse("data: x:y\n\n"), (Events{"message=x:y"}));
    EXPECT_EQ(parse("data\n\n"), (Events{"message="}));
}

TEST(Sse, BlocksOfAnySizeGiveTheSame) {
    const std::string_view stream =
        "\xEF\xBB\xBF"
        "event: a\r\ndata: 1\r\ndata: 2\r\n\r\n: c\n\ndata: \xC3\xA9\n\n";
    const Events whole = parse(stream);
    ASSERT_EQ(whole.size(), 2u);
    for (size_t block = 1; block < stream.size(); ++block) EXPECT_EQ(parse(stream, block), whole) << block;
}

TEST(Sse, KnowsWhenItWasCutShort) {
    const std::string_view stream = "data: one\n\n";
    for (size_t size = 0; size <= stream.size(); ++size) {
        SseParser parser;
        ASSERT_TRUE(parser.push(stream.substr(0, size), [](const SseEvent&) { return true; }));
        EXPECT_EQ(parser.incomplete(), size != 0 && size != stream.size()) << size;
    }
}

TEST(Sse, StopsWhenToldTo) {
    SseParser parser;
    int seen = 0;
    const auto pushed = parser.push("data: 1\n\ndata: 2\n\n", [&](const SseEvent&) { return ++seen < 1; });
    ASSERT_TRUE(pushed);
    EXPECT_FALSE(*pushed);
    EXPECT_EQ(seen, 1);
}

TEST(Sse, BoundsWhatItKeeps) {
    const auto ignore = [](const SseEvent&) { return true; };
    SseParser lines(100);
    EXPECT_EQ(lines.push(std::string(101, 'x'), ignore).error().code, ErrorCode::exhausted);
    SseParser events(100);
    std::string many;
    for (int i = 0; i < 30; ++i) many += "data: 12345\n";
    EXPECT_EQ(events.push(many, ignore).error().code, ErrorCode::exhausted);
}

}  // namespace
}  // namespace coda::net
