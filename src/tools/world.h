// Countries and cities: facts that do not change from day to day, from data/countries.tsv and data/cities.tsv
// (GeoNames and CLDR; data/make_tables.py says which versions). Thread safety: pure functions over tables
// that are read once.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace coda::tools {

struct Country {
    std::string_view code;                // ISO 3166, "FR"
    std::vector<std::string_view> names;  // the first is spoken: "the Netherlands"
    std::string_view capital;             // may go on after a semicolon; empty where there is none
    int64_t population = 0, area = 0;     // square kilometres
    std::string_view currency;            // in the plural: "US dollars"; may be empty
    std::vector<std::string_view> languages;
    std::string_view continent;
    std::vector<std::string_view> neighbours;  // codes

    std::string_view name() const { return names.front(); }
};

struct City {
    std::string_view name, country, zone;  // "Kyoto", "JP", "Asia/Tokyo"
    int64_t population = 0;
};

// By a name in normalised words, with or without "the"; null where none is known. Of several cities the one
// with the most people is meant.
const Country* find_country(std::span<const std::string> words);
const City* find_city(std::span<const std::string> words);
const Country* country_of_code(std::string_view code);
std::span<const Country> countries();

struct Element {
    int number = 0;
    std::string_view symbol;
    std::vector<std::string_view> names;  // the first is spoken
    std::string_view mass;                // in unified atomic mass units
};
// By its name, its symbol ("fe") or its number ("26").
const Element* find_element(std::span<const std::string> words);

}  // namespace coda::tools
