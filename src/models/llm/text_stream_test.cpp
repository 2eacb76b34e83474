#include "models/llm/text_stream.h"

#include <gtest/gtest.h>

namespace coda::models::llm {
namespace {

// Pushes each byte by itself, which is the hardest order; returns everything that came out.
std::string byte_by_byte(std::string_view text, std::vector<std::string> stops, bool* stopped = nullptr) {
    TextStream stream(std::move(stops));
    std::string out;
    for (const char c : text) {
        if (stream.push(std::string_view(&c, 1), out)) {
            if (stopped) *stopped = true;
            return out;
        }
    }
    stream.finish(out);
    return out;
}

TEST(TextStream, OnlyWholeCharactersComeOut) {
    TextStream stream({});
    std::string out;
    const std::string text = "é日😀";
    std::string so_far;
    for (const char c : text) {
        out.clear();
        stream.push(std::string_view(&c, 1), out);
        so_far += out;
        EXPECT_EQ(text.compare(0, so_far.size(), so_far), 0);
        EXPECT_TRUE(so_far.size() == 0 || so_far.size() == 2 || so_far.size() == 5 || so_far.size() == 9);
    }
    EXPECT_EQ(so_far, text);
}

TEST(TextStream, BytesThatAreNoUtf8BecomeReplacementCharacters) {
    EXPECT_EQ(byte_by_byte("a\xFF"
                           "b",
                           {}),
              "a\xEF\xBF\xBD"
              "b");
    EXPECT_EQ(byte_by_byte("a\x80", {}), "a\xEF\xBF\xBD");
    EXPECT_EQ(byte_by_byte("\xC0\x80", {}), "\xEF\xBF\xBD\xEF\xBF\xBD");  // overlong
    EXPECT_EQ(byte_by_byte("\xE2\x28", {}), "\xEF\xBF\xBD(");
    EXPECT_EQ(byte_by_byte("x\xF0\x9F\x98", {}), "x\xEF\xBF\xBD");  // cut at the end
}

TEST(TextStream, AStopStringEndsTheTextBeforeItself) {
    bool stopped = false;
    EXPECT_EQ(byte_by_byte("one two STOP three", {"STOP"}, &stopped), "one two ");
    EXPECT_TRUE(stopped);
    TextStream whole({"STOP"});
    std::string out;
    EXPECT_TRUE(whole.push("abSTOPcd", out));
    EXPECT_EQ(out, "ab");
    EXPECT_TRUE(whole.push("more", out));
    whole.finish(out);
    EXPECT_EQ(out, "ab");
}

TEST(TextStream, WhatMayBeginAStopStringWaitsAndComesOutWhenItIsNone) {
    TextStream stream({"</end>"});
    std::string out;
    EXPECT_FALSE(stream.push("x </en", out));
    EXPECT_EQ(out, "x ");
    EXPECT_FALSE(stream.push("try>", out));
    EXPECT_EQ(out, "x </entry>");
    EXPECT_FALSE(stream.push("</", out));
    stream.finish(out);
    EXPECT_EQ(out, "x </entry></");
}

TEST(TextStream, TheEarliestOfSeveralStopStringsCounts) {
    TextStream stream({"bb", "a"});
    std::string out;
    EXPECT_TRUE(stream.push("xabb", out));
    EXPECT_EQ(out, "x");
    // One stop string begins inside another's beginning.
    EXPECT_EQ(byte_by_byte("aaab!", {"aab"}), "a");
    EXPECT_EQ(byte_by_byte("ababac!", {"abac"}), "ab");
}

TEST(TextStream, EmptyStopStringsAreIgnored) {
    EXPECT_EQ(byte_by_byte("abc", {"", ""}), "abc");
}

}  // namespace
}  // namespace coda::models::llm
