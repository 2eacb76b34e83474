#include "tools/world_tools.h"

#include "tools/phrases.h"
#include "tools/schema.h"
#include "tools/words.h"
#include "tools/world.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace coda::tools {
namespace {

using nlohmann::json;

// Three figures are enough for the ear, two where the first is a millionth or more: "about 67.0 million" is
// "about 67 million".
std::string about(int64_t n) {
    if (n < 1000) return std::to_string(n);
    double value = static_cast<double>(n);
    const double step = std::pow(10, std::floor(std::log10(value)) - 2);
    value = std::round(value / step) * step;
    if (value >= 1e9) return fmt::format("about {:g} billion", value / 1e9);
    if (value >= 1e6) return fmt::format("about {:g} million", value / 1e6);
    return fmt::format("about {:.0f}", value);
}

std::string_view first_part(std::string_view text) {
    return text.substr(0, text.find(';'));
}

ToolResult unknown(const std::string& place) {
    return {fmt::format("I don't know the place {}.", place), {{"unknown_place", place}}};
}

ToolResult capital_of(const Country& country) {
    if (country.capital.empty())
        return {fmt::format("I can't say what the capital of {} is.", country.name()),
                {{"capital", nullptr}}};
    return {fmt::format("The capital of {} is {}.", country.name(), country.capital),
            {{"country", country.code}, {"capital", first_part(country.capital)}}};
}

ToolResult population_of(const std::string& place) {
    const std::vector<std::string> words = phrase_words(place);
    const Country* country = find_country(words);
    const City* city = country ? nullptr : find_city(words);
    if (!country && !city) return unknown(place);
    const int64_t people = country ? country->population : city->population;
    return {fmt::format("{} people live in {}.", capitalized(about(people)),
                        country ? country->name() : city->name),
            {{"population", people}}};
}

ToolResult currency_of(const Country& country) {
    if (country.currency.empty())
        return {fmt::format("{} has no currency of its own that I know of.",
                            capitalized(std::string(country.name()))),
                {{"currency", nullptr}}};
    return {fmt::format("In {} people pay in {}.", country.name(), country.currency),
            {{"country", country.code}, {"currency", country.currency}}};
}

ToolResult neighbours_of(const Country& country) {
    std::vector<std::string> names;
    for (const std::string_view code : country.neighbours)
        if (const Country* neighbour = country_of_code(code)) names.emplace_back(neighbour->name());
    json data = {{"country", country.code}, {"neighbours", names}};
    if (names.empty())
        return {fmt::format("{} has no neighbors by land.", capitalized(std::string(country.name()))),
                std::move(data)};
    return {fmt::format("{} borders {}.", capitalized(std::string(country.name())), enumeration(names)),
            std::move(data)};
}

ToolResult whether_neighbours(const Country& one, const Country& other) {
    const bool yes =
        std::find(one.neighbours.begin(), one.neighbours.end(), other.code) != one.neighbours.end();
    return {fmt::format("{}, {} {} a border by land with {}.", yes ? "Yes" : "No", one.name(),
                        yes ? "shares" : "does not share", other.name()),
            {{"answer", yes}}};
}

ToolResult languages_of(const Country& country) {
    const std::vector<std::string> names(country.languages.begin(), country.languages.end());
    if (names.empty())
        return {fmt::format("I don't know which languages are official in {}.", country.name()),
                {{"languages", names}}};
    return {fmt::format("In {} people speak {}.", country.name(), enumeration(names)),
            {{"languages", names}}};
}

ToolResult continent_of(const Country& country) {
    return {fmt::format("{} is in {}.", capitalized(std::string(country.name())), country.continent),
            {{"continent", country.continent}}};
}

ToolResult area_of(const Country& country) {
    return {fmt::format("{} covers {} square kilometers.", capitalized(std::string(country.name())),
                        about(country.area)),
            {{"square_kilometers", country.area}}};
}

ToolResult where_is(const std::string& place) {
    const std::vector<std::string> words = phrase_words(place);
    const Country *country = find_country(words), *around = nullptr;
    const City* city = country ? nullptr : find_city(words);
    if (city) around = country_of_code(city->country);
    if (country) return continent_of(*country);
    if (!around) return unknown(place);
    return {fmt::format("{} is in {}.", city->name, around->name()), {{"country", around->code}}};
}

bool same_place(std::string_view one, const std::string& other) {
    const auto plain = [](std::string_view text) {
        std::vector<std::string> words = phrase_words(text);
        std::erase_if(words, [](const std::string& word) { return word == "the" || word == "dc"; });
        return words;
    };
    return plain(one) == plain(other);
}

ToolResult capital_where(const std::string& city) {
    for (const Country& country : countries())
        if (same_place(first_part(country.capital), city))
            return {fmt::format("{} is the capital of {}.", first_part(country.capital), country.name()),
                    {{"country", country.code}}};
    return {fmt::format("{} is not the capital of any country that I know of.", city),
            {{"country", nullptr}}};
}

ToolResult whether_capital(const std::string& city, const Country& country) {
    const bool yes = same_place(first_part(country.capital), city);
    return {fmt::format("{}, the capital of {} is {}.", yes ? "Yes" : "No", country.name(), country.capital),
            {{"answer", yes}}};
}

int64_t measure_of(const Country& country, bool people) {
    return people ? country.population : country.area;
}

std::string with_measure(const Country& country, bool people) {
    return people ? fmt::format("{} people", about(country.population))
                  : fmt::format("{} square kilometers", about(country.area));
}

// The largest or smallest country of a continent or the world, by area or by people.
ToolResult extreme(const std::string& continent, bool largest, bool people) {
    const Country* best = nullptr;
    for (const Country& country : countries()) {
        const bool inside = continent.empty() || phrase_words(country.continent) == phrase_words(continent);
        if (!inside || measure_of(country, people) == 0) continue;
        const bool better = !best || (largest ? measure_of(country, people) > measure_of(*best, people)
                                              : measure_of(country, people) < measure_of(*best, people));
        if (better) best = &country;
    }
    if (!best) return unknown(continent);
    const char* kind = people ? (largest ? "country with the most people" : "country with the fewest people")
                              : (largest ? "largest country" : "smallest country");
    return {
        fmt::format("The {} in {} is {}, with {}.", kind, continent.empty() ? "the world" : best->continent,
                    best->name(), with_measure(*best, people)),
        {{"country", best->code}}};
}

ToolResult compared(const Country& one, const Country& other, bool people) {
    const bool first = measure_of(one, people) > measure_of(other, people);
    const Country &more = first ? one : other, &less = first ? other : one;
    return {fmt::format("{} {}, with {}; {} has {}.", capitalized(std::string(more.name())),
                        people ? "has more people" : "is larger", with_measure(more, people), less.name(),
                        with_measure(less, people)),
            {{"country", more.code}}};
}

constexpr std::array kQuestions = {"capital",   "is_capital",  "capital_of_what", "population",
                                   "currency",  "neighbours",  "is_neighbour",    "languages",
                                   "continent", "area",        "where",           "largest",
                                   "smallest",  "most_people", "larger",          "more_people"};

Result<ToolResult> tell_geography(const json& arguments, const ToolContext&) {
    const std::string question = text_of(arguments, "question"), place = text_of(arguments, "place"),
                      other = text_of(arguments, "other");
    if (question == "population") return population_of(place);
    if (question == "where") return where_is(place);
    if (question == "capital_of_what") return capital_where(place);
    if (question == "largest" || question == "smallest") return extreme(place, question == "largest", false);
    if (question == "most_people") return extreme(place, true, true);
    if (question == "is_capital") {
        const Country* country = find_country(phrase_words(other));
        return country ? whether_capital(place, *country) : unknown(other);
    }
    const Country* country = find_country(phrase_words(place));
    if (!country) return unknown(place);
    if (question == "is_neighbour" || question == "larger" || question == "more_people") {
        const Country* second = find_country(phrase_words(other));
        if (!second) return unknown(other);
        return question == "is_neighbour" ? whether_neighbours(*country, *second)
                                          : compared(*country, *second, question == "more_people");
    }
    if (question == "currency") return currency_of(*country);
    if (question == "neighbours") return neighbours_of(*country);
    if (question == "languages") return languages_of(*country);
    if (question == "continent") return continent_of(*country);
    if (question == "area") return area_of(*country);
    return capital_of(*country);
}

Result<ToolResult> tell_element(const json& arguments, const ToolContext&) {
    const std::string asked = text_of(arguments, "element"), property = text_of(arguments, "property");
    const Element* element = find_element(phrase_words(asked));
    if (!element)
        return ToolResult{fmt::format("I don't know an element called {}.", asked),
                          {{"unknown_element", asked}}};
    const std::string_view name = element->names.front();
    // Letters apart are spelled by the voice: "F e".
    std::string letters(1, element->symbol[0]);
    if (element->symbol.size() > 1) letters += fmt::format(" {}", element->symbol[1]);
    json data = {
        {"number", element->number}, {"symbol", element->symbol}, {"name", name}, {"mass", element->mass}};
    std::string say;
    if (property == "symbol")
        say = fmt::format("The symbol for {} is {}.", name, letters);
    else if (property == "number")
        say = fmt::format("The atomic number of {} is {}.", name, element->number);
    else if (property == "mass")
        say = fmt::format("The atomic mass of {} is {}.", name, element->mass);
    else
        say = fmt::format("{} is the chemical element with the symbol {} and the atomic number {}.",
                          capitalized(std::string(name)), letters, element->number);
    return ToolResult{std::move(say), std::move(data)};
}

// Without the possessive of "France's".
std::string place_of(const Recognition& command, const char* name) {
    std::string said = command.slot(name);
    for (const std::string_view own : {"'s", "\u2019s"})
        if (said.ends_with(own)) said.resize(said.size() - own.size());
    return said;
}

}  // namespace

void add_world_tools(Registry& registry) {
    json questions = json::array();
    for (const char* question : kQuestions) questions.push_back(question);
    const Status geography = registry.add(
        {"geography",
         "Facts about countries and cities: capital, population, currency, neighbours, languages, continent, "
         "area.",
         {{"type", "object"},
          {"properties",
           {{"question", {{"type", "string"}, {"enum", questions}}},
            {"place",
             text_argument("a country; a city for where, population and is_capital; a continent or nothing "
                           "for largest, smallest and most_people")},
            {"other", text_argument("the other country, or the country of is_capital")}}},
          {"required", {"question"}}},
         Safety::read,
         std::chrono::milliseconds(1000),
         {},
         tell_geography});
    const Status element =
        registry.add({"element",
                      "A chemical element's symbol, atomic number and mass.",
                      {{"type", "object"},
                       {"properties",
                        {{"element", text_argument("its name, symbol or atomic number")},
                         {"property", {{"type", "string"}, {"enum", {"symbol", "number", "mass", "name"}}}}}},
                       {"required", {"element"}}},
                      Safety::read,
                      std::chrono::milliseconds(1000),
                      {},
                      tell_element});
    CODA_ASSERT(geography && element);
}

std::optional<Call> to_world_call(const Recognition& command) {
    json arguments = json::object();
    if (command.name == "geography") {
        arguments["question"] = command.fixed_value("ask");
        for (const char* name : {"place", "other"})
            if (const std::string said = place_of(command, name); !said.empty()) arguments[name] = said;
        return Call{"geography", arguments};
    }
    if (command.name == "element") {
        arguments = {{"element", place_of(command, "element")}, {"property", command.fixed_value("ask")}};
        return Call{"element", arguments};
    }
    return std::nullopt;
}

}  // namespace coda::tools
