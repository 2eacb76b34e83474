#include "models/llm/token_table.h"

#include <map>
#include <random>

#include <gtest/gtest.h>

namespace coda::models::llm {
namespace {

TEST(TokenTable, IsAMapWhateverItsFirstSize) {
    std::mt19937 random(5);
    for (const size_t room : {size_t{0}, size_t{10}, size_t{100'000}}) {
        TokenTable table(room);
        std::map<std::string, int32_t> expected;
        for (int32_t i = 0; i < 20'000; ++i) {
            std::string text;
            for (auto left = random() % 4; left > 0; --left) text += static_cast<char>(random() % 32);
            const auto [number, is_new] = table.insert(text, i);
            const auto [entry, was_new] = expected.emplace(text, i);
            ASSERT_EQ(is_new, was_new);
            ASSERT_EQ(number, entry->second);
        }
        for (const auto& [text, number] : expected) ASSERT_EQ(table.find(text), number);
        EXPECT_EQ(table.find("no such text"), -1);
    }
}

}  // namespace
}  // namespace coda::models::llm
