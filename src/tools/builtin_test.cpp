#include "tools/builtin.h"

#include "base/file_map.h"
#include "tools/calculator.h"
#include "tools/fact_store.h"
#include "tools/time_zone.h"

#include <fstream>

#include <gtest/gtest.h>

namespace coda::tools {
namespace {

ToolContext at_the_tests_time() {
    ToolContext context;
    // Monday, 2026-11-23, 15:05 in New York.
    context.now = std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + std::chrono::hours(20) +
                  std::chrono::minutes(5);
    context.utc_offset = -5 * 3600;
    return context;
}

const Registry& registry() {
    static const Registry kRegistry = builtin_tools();
    return kRegistry;
}

Result<ToolResult> answer(const std::string& text) {
    static const Result<Recognizer> kRecognizer = Recognizer::create();
    CODA_ASSERT(kRecognizer);
    const std::optional<Call> call = to_call(kRecognizer->command(read_words(text)));
    if (!call) return fail(ErrorCode::not_found, "no call", text);
    return registry().call(call->tool, call->arguments, at_the_tests_time());
}

std::string spoken(const std::string& text) {
    const Result<ToolResult> result = answer(text);
    return result ? result->say : result.error().message();
}

std::map<std::string, std::string> expectations(const std::string& text) {
    std::map<std::string, std::string> out;
    for (size_t at = 0; at < text.size();) {
        const size_t end = std::min(text.find(';', at), text.size());
        const std::string pair = text.substr(at, end - at);
        const size_t start = pair.find_first_not_of(' '), equals = pair.find('=');
        if (equals != std::string::npos) out[pair.substr(start, equals - start)] = pair.substr(equals + 1);
        at = end + 1;
    }
    return out;
}

std::string plain(const nlohmann::json& value) {
    std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    // "centimeter" and "centimetre" are one.
    if (text.ends_with("meter")) text.replace(text.size() - 2, 2, "re");
    for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text.starts_with("degree ") ? text.substr(7) : text;
}

// Every row of commands.tsv that a stateless tool answers gives what its third column says.
TEST(Builtin, CommandsGiveTheExpectedValues) {
    std::ifstream in(CODA_SOURCE_DIR "/tests/data/requests/commands.tsv");
    size_t rows = 0, right = 0;
    for (std::string line; std::getline(in, line);) {
        std::vector<std::string> columns(1);
        for (char c : line)
            if (c == '\t')
                columns.emplace_back();
            else
                columns.back().push_back(c);
        if (columns.size() < 3) continue;
        const std::string& intent = columns[1];
        if (intent != "time" && intent != "date" && intent != "calculate" && intent != "convert") continue;
        ++rows;
        const Result<ToolResult> result = answer(columns[0]);
        bool all = result.has_value();
        if (result)
            for (const auto& [key, value] : expectations(columns[2]))
                all = all && result->data.contains(key) &&
                      plain(result->data[key]) == plain(nlohmann::json(value));
        right += all;
        if (!all)
            std::printf("  %s: %s, expected %s\n", columns[0].c_str(),
                        result ? result->data.dump().c_str() : result.error().message().c_str(),
                        columns[2].c_str());
    }
    std::printf("commands.tsv: %zu of %zu values right\n", right, rows);
    ASSERT_GE(rows, 60u);
    EXPECT_GE(right * 100, rows * 95);
}

TEST(Builtin, RepliesAreWordedForSpeech) {
    EXPECT_EQ(spoken("What time is it?"), "It's 3:05 PM.");
    EXPECT_EQ(spoken("What time is it in Tokyo?"), "It's 5:05 AM in Tokyo, on Tuesday.");
    EXPECT_EQ(spoken("What time is it in New York?"), "It's 3:05 PM in New York.");
    EXPECT_EQ(spoken("What day is it?"), "Today is Monday, November 23rd.");
    EXPECT_EQ(spoken("What date is next Friday?"),
              "Friday of next week is December 4th; this Friday is November 27th.");
    EXPECT_EQ(spoken("Is it Tuesday today?"), "No, today is Monday, November 23rd.");
    EXPECT_EQ(spoken("How many days until Christmas?"), "32 days until Friday, December 25th.");
    EXPECT_EQ(spoken("What is 10 divided by 3?"), "That's about 3.33.");
    EXPECT_EQ(spoken("What is 1 million times 3?"), "That's 3,000,000.");
    EXPECT_EQ(spoken("How much is a 15% tip on $45?"), "That's $6.75.");
    EXPECT_EQ(spoken("What's the square root of minus 4?"), "A negative number has no real root like that.");
    EXPECT_EQ(spoken("How many feet are in a mile?"), "1 mile is 5,280 feet.");
    EXPECT_EQ(spoken("What's 1 kilogram in kilometers?"), "I can't turn kilograms into kilometers.");
}

std::string value_of(const std::string& sum) {
    const std::optional<Sum> result = calculate(phrase_words(sum));
    if (!result) return "no sum";
    const auto* number = std::get_if<Number>(&*result);
    return number ? number->plain() : to_sentence(std::get<MathError>(*result));
}

TEST(Calculator, IsExact) {
    EXPECT_EQ(value_of("0.1 + 0.2"), "0.3");
    EXPECT_EQ(value_of("19.99 * 3"), "59.97");
    EXPECT_EQ(value_of("2 + 3 * 4"), "14");
    EXPECT_EQ(value_of("2 to the power of 100"), "1267650600228229401496703205376");
    EXPECT_EQ(value_of("10 - 4 - 3"), "3");
    EXPECT_EQ(value_of("240 plus 15%"), "276");
    EXPECT_EQ(value_of("one third plus one sixth"), "0.5");
    EXPECT_EQ(value_of("the average of 4, 8 and 12"), "8");
    EXPECT_EQ(value_of("minus 3 squared"), "-9");
    EXPECT_EQ(value_of("1 / 3 * 3"), "1");
}

TEST(Calculator, TellsWhatIsNoSum) {
    for (const char* text :
         {"", "911", "two heads", "plus", "5 plus", "( 3 + 4", "half", "the meaning of life"})
        EXPECT_EQ(value_of(text), "no sum") << text;
    EXPECT_EQ(value_of("1 / 0"), "You can't divide by zero.");
    EXPECT_EQ(value_of("9 to the power of 999 to the power of 9"), "That number is too large for me.");
    std::string deep;
    for (int i = 0; i < 500; ++i) deep += "( ";
    EXPECT_EQ(value_of(deep + "1"), "no sum");
}

TEST(Registry, ChecksArgumentsAgainstTheSchema) {
    const auto call = [](const std::string& name, const nlohmann::json& arguments) {
        const auto result = registry().call(name, arguments, at_the_tests_time());
        return result ? std::string("ok") : std::string(to_string(result.error().code));
    };
    EXPECT_EQ(call("calculate", {{"expression", "1 + 1"}}), "ok");
    EXPECT_EQ(call("calculate", nlohmann::json::object()), "invalid_argument");
    EXPECT_EQ(call("calculate", {{"expression", 5}}), "invalid_argument");
    EXPECT_EQ(call("calculate", {{"expression", "1 + 1"}, {"other", "x"}}), "invalid_argument");
    EXPECT_EQ(call("calculate", nlohmann::json::array()), "invalid_argument");
    EXPECT_EQ(call("date", {{"question", "nonsense"}}), "invalid_argument");
    EXPECT_EQ(call("calculate", {{"expression", std::string(5000, '1')}}), "invalid_argument");
    EXPECT_EQ(call("nothing", nlohmann::json::object()), "not_found");
    EXPECT_EQ(call("remember", {{"fact", "x"}}), "unavailable");
    ToolContext cancelled = at_the_tests_time();
    cancelled.cancel.cancel();
    EXPECT_EQ(registry().call("time", nlohmann::json::object(), cancelled).error().code,
              ErrorCode::cancelled);
}

TEST(Registry, ALateResultIsThrownAway) {
    Registry slow;
    Tool tool{"slow",
              "",
              {{"type", "object"}, {"properties", nlohmann::json::object()}},
              Safety::read,
              std::chrono::milliseconds(1),
              {},
              [](const nlohmann::json&, const ToolContext& context) {
                  while (std::chrono::steady_clock::now() <= context.deadline) continue;
                  return Result<ToolResult>(ToolResult{"late", {}});
              }};
    ASSERT_TRUE(slow.add(tool));
    EXPECT_FALSE(slow.add(tool));
    EXPECT_EQ(slow.call("slow", nlohmann::json::object(), {}).error().code, ErrorCode::timeout);
}

TEST(TimeZone, TruncatedAnywhereIsAnErrorAndTheRuleHoldsBeyondTheTable) {
    const auto file = FileMap::open(zoneinfo_folder() / "America/New_York");
    ASSERT_TRUE(file);
    const auto bytes = file->bytes();
    const auto zone = TimeZone::parse(bytes, "New York");
    ASSERT_TRUE(zone);
    using namespace std::chrono;
    EXPECT_EQ(zone->offset_at(sys_days(2026y / 7 / 1)), -4 * 3600);
    EXPECT_EQ(zone->offset_at(sys_days(2026y / 12 / 1)), -5 * 3600);
    EXPECT_EQ(zone->offset_at(sys_days(2050y / 7 / 1)), -4 * 3600);
    for (size_t n = 0; n < bytes.size(); ++n) EXPECT_FALSE(TimeZone::parse(bytes.first(n), "cut")) << n;
}

TEST(Words, AreReadAsWhisperAndPeopleWriteThem) {
    using Words = std::vector<std::string>;
    EXPECT_EQ(phrase_words("two hundred and forty"), (Words{"240"}));
    EXPECT_EQ(phrase_words("15% of $1,200.50"), (Words{"15", "%", "of", "$", "1200.50"}));
    EXPECT_EQ(phrase_words("What's 12x12?"), (Words{"what", "is", "12", "*", "12"}));
    EXPECT_EQ(phrase_words("three point one four"), (Words{"3.14"}));
    EXPECT_EQ(phrase_words("five five five"), (Words{"5", "5", "5"}));
    EXPECT_EQ(phrase_words("3.5 million and two"), (Words{"3500000", "and", "2"}));
    EXPECT_EQ(turn_round("my locker code is 4719"), "your locker code is 4719");
    EXPECT_EQ(turn_round("I'm allergic to peanuts, and I was tired."),
              "you're allergic to peanuts, and you were tired");
}

}  // namespace
}  // namespace coda::tools
