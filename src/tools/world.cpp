#include "tools/world.h"

#include "base/result.h"
#include "tools/pattern_text.h"
#include "tools/words.h"

#include <algorithm>
#include <charconv>
#include <unordered_map>

namespace coda::tools {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        const size_t end = std::min(text.find(separator), text.size());
        parts.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

// Fields of a line, the empty ones too.
std::vector<std::string_view> fields_of(std::string_view line, size_t count) {
    std::vector<std::string_view> fields;
    for (size_t start = 0; start <= line.size();) {
        const size_t end = std::min(line.find('\t', start), line.size());
        fields.push_back(line.substr(start, end - start));
        start = end + 1;
    }
    CODA_ASSERT(fields.size() == count);
    return fields;
}

int64_t integer(std::string_view text) {
    int64_t value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    CODA_ASSERT(read.ec == std::errc());
    return value;
}

std::string key_of(std::span<const std::string> words) {
    std::string key;
    for (const std::string& word : words)
        if (word != "the") key += (key.empty() ? "" : " ") + word;
    return key;
}

// Entries and the normalised names that lead to them; of two with one name the earlier stands.
template <typename Entry>
struct Table {
    std::vector<Entry> entries;
    std::unordered_map<std::string, size_t> by_name;

    void name(std::string_view name, size_t index) { by_name.try_emplace(key_of(phrase_words(name)), index); }
    const Entry* find(std::span<const std::string> words) const {
        const auto found = by_name.find(key_of(words));
        return found == by_name.end() ? nullptr : &entries[found->second];
    }
};

const Table<Country>& country_table() {
    static const Table<Country> kTable = [] {
        Table<Country> table;
        for (const std::string_view line : split(countries_text(), '\n')) {
            const auto field = fields_of(line, 9);
            table.entries.push_back({field[0], split(field[1], '|'), field[2], integer(field[3]),
                                     integer(field[4]), field[5], split(field[6], '|'), field[7],
                                     split(field[8], ',')});
        }
        for (size_t i = 0; i < table.entries.size(); ++i)
            for (const std::string_view name : table.entries[i].names) table.name(name, i);
        return table;
    }();
    return kTable;
}

const Table<City>& city_table() {
    static const Table<City> kTable = [] {
        Table<City> table;
        for (const std::string_view line : split(cities_text(), '\n')) {
            const auto field = fields_of(line, 4);
            table.entries.push_back({field[0], field[1], field[2], integer(field[3])});
            table.name(field[0], table.entries.size() - 1);
        }
        return table;
    }();
    return kTable;
}

const Table<Element>& element_table() {
    static const Table<Element> kTable = [] {
        Table<Element> table;
        for (const std::string_view line : split(elements_text(), '\n')) {
            const auto field = fields_of(line, 4);
            table.entries.push_back(
                {static_cast<int>(integer(field[0])), field[1], split(field[2], '|'), field[3]});
            const size_t index = table.entries.size() - 1;
            for (const std::string_view name : table.entries.back().names) table.name(name, index);
            table.name(field[0], index);
            table.name(field[1], index);
            // Spelled out: "f e".
            if (field[1].size() == 2) table.name(std::string{field[1][0], ' ', field[1][1]}, index);
        }
        return table;
    }();
    return kTable;
}

}  // namespace

const Country* find_country(std::span<const std::string> words) {
    return country_table().find(words);
}

const City* find_city(std::span<const std::string> words) {
    if (const City* city = city_table().find(words)) return city;
    // "Mexico" is a country, "Mexico City" its capital; "Quebec City" stands as Quebec.
    if (words.size() > 1 && words.back() == "city") return city_table().find(words.first(words.size() - 1));
    return nullptr;
}

const Country* country_of_code(std::string_view code) {
    const auto& entries = country_table().entries;
    const auto found = std::find_if(entries.begin(), entries.end(),
                                    [&](const Country& country) { return country.code == code; });
    return found == entries.end() ? nullptr : &*found;
}

std::span<const Country> countries() {
    return country_table().entries;
}

const Element* find_element(std::span<const std::string> words) {
    return element_table().find(words);
}

}  // namespace coda::tools
