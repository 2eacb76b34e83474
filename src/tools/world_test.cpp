#include "tools/world.h"

#include "tools/time_zone.h"
#include "tools/words.h"
#include "tools/world_tools.h"

#include <gtest/gtest.h>

namespace coda::tools {
namespace {

std::string answer(const std::string& text) {
    static const Result<Recognizer> kRecognizer = Recognizer::create();
    static const Registry kRegistry = builtin_tools();
    CODA_ASSERT(kRecognizer);
    const std::optional<Call> call = to_call(kRecognizer->command(read_words(text)));
    if (!call) return "no call";
    const Result<ToolResult> result = kRegistry.call(call->tool, call->arguments, context_now(nullptr));
    return result ? result->say : result.error().message();
}

TEST(World, EveryNeighbourIsACountryThatSaysTheSame) {
    EXPECT_GT(countries().size(), 200U);
    for (const Country& country : countries()) {
        EXPECT_FALSE(country.name().empty());
        for (const std::string_view code : country.neighbours) {
            const Country* other = country_of_code(code);
            ASSERT_NE(other, nullptr) << country.code << " " << code;
            EXPECT_EQ(std::count(other->neighbours.begin(), other->neighbours.end(), country.code), 1)
                << country.code << " " << code;
        }
    }
}

TEST(World, NamesAreFoundAsPeopleSayThem) {
    const auto code = [](const std::string& name) {
        const Country* country = find_country(phrase_words(name));
        return country ? country->code : "none";
    };
    EXPECT_EQ(code("The Netherlands"), "NL");
    EXPECT_EQ(code("Holland"), "NL");
    EXPECT_EQ(code("the USA"), "US");
    EXPECT_EQ(code("America"), "US");
    EXPECT_EQ(code("the U.K."), "GB");
    EXPECT_EQ(code("Côte d'Ivoire"), "CI");
    EXPECT_EQ(code("Narnia"), "none");
    const City* city = find_city(phrase_words("São Paulo"));
    ASSERT_TRUE(city);
    EXPECT_EQ(city->country, "BR");
}

TEST(World, CountriesAreToldAbout) {
    EXPECT_EQ(answer("What's the capital of Peru?"), "The capital of Peru is Lima.");
    EXPECT_EQ(answer("what is Kenya's capital"), "The capital of Kenya is Nairobi.");
    EXPECT_EQ(answer("Do you know how many people live in Norway?"),
              "About 5.31 million people live in Norway.");
    EXPECT_EQ(answer("What currency do they use in Thailand?"), "In Thailand people pay in Thai baht.");
    EXPECT_EQ(answer("Which countries border Portugal?"), "Portugal borders Spain.");
    EXPECT_EQ(answer("Which countries does Japan border?"), "Japan has no neighbors by land.");
    EXPECT_EQ(answer("Does Italy border Austria?"), "Yes, Italy shares a border by land with Austria.");
    EXPECT_EQ(answer("What language is spoken in Austria?"), "In Austria people speak German.");
    EXPECT_EQ(answer("Which continent is Ghana in?"), "Ghana is in Africa.");
    EXPECT_EQ(answer("Which country is Osaka in?"), "Osaka is in Japan.");
    EXPECT_EQ(answer("Where is Lyon?"), "Lyon is in France.");
    EXPECT_EQ(answer("Is Sydney the capital of Australia?"), "No, the capital of Australia is Canberra.");
    EXPECT_EQ(answer("Tirana is the capital of which country?"), "Tirana is the capital of Albania.");
    EXPECT_EQ(answer("What's the biggest country in the world?"),
              "The largest country in the world is Russia, with about 17.1 million square kilometers.");
    EXPECT_EQ(
        answer("Which is bigger, Spain or Portugal?"),
        "Spain is larger, with about 505000 square kilometers; Portugal has about 92400 square kilometers.");
}

TEST(World, ElementsAreToldAbout) {
    EXPECT_EQ(answer("What is the chemical symbol for silver?"), "The symbol for silver is A g.");
    EXPECT_EQ(answer("Which element has the atomic number 6?"),
              "Carbon is the chemical element with the symbol C and the atomic number 6.");
    EXPECT_EQ(answer("What's the atomic number of oxygen?"), "The atomic number of oxygen is 8.");
    EXPECT_EQ(answer("What element has the symbol Fe?"),
              "Iron is the chemical element with the symbol F e and the atomic number 26.");
}

TEST(World, WhatTheTablesDoNotKnowIsLeftToTheModel) {
    for (const char* text :
         {"What's the capital of Narnia?", "Where is my phone?", "What is the capital of my heart?",
          "How big is your heart?", "What is the population of the moon?"})
        EXPECT_EQ(answer(text).find("capital of"), std::string::npos) << text;
    EXPECT_EQ(answer("What's the capital of Narnia?"), "no call");
}

TEST(World, CitiesHaveClocks) {
    const auto place = find_place(phrase_words("Gothenburg"));
    ASSERT_TRUE(place);
    EXPECT_EQ(place->zone, "Europe/Stockholm");
    EXPECT_FALSE(find_place(phrase_words("man")));
}

}  // namespace
}  // namespace coda::tools
