#include "models/hibari/text/normaliser_tables.h"

#include "models/hibari/data/asset.h"

#include <algorithm>
#include <array>

namespace coda::models::hibari {

namespace {

void longest_first(Readings& readings) {
    std::stable_sort(readings.begin(), readings.end(),
                     [](const Reading& a, const Reading& b) { return a.written.size() > b.written.size(); });
}

using Json = nlohmann::ordered_json;

// A member of the table: {"km": ["kilometer", "kilometers"]}, {"vs.": "versus"} or ["Pope", "King"].
Result<Readings> readings(const Json& json, const char* key, const std::string& name) {
    const std::string place = std::string("\"") + key + "\" ";
    const auto member = json.find(key);
    if (member == json.end()) return bad_table(name, place + "is missing");
    Readings out;
    for (const auto& item : member->items()) {
        const Json& value = item.value();
        Reading reading;
        if (value.is_array() && value.size() == 2 && value[0].is_string() && value[1].is_string()) {
            reading = {decode_utf8(item.key()), decode_utf8(value[0].get_ref<const std::string&>()),
                       decode_utf8(value[1].get_ref<const std::string&>())};
        } else if (value.is_string() && member->is_array()) {
            reading.written = decode_utf8(value.get_ref<const std::string&>());
        } else if (value.is_string()) {
            reading = {decode_utf8(item.key()), decode_utf8(value.get_ref<const std::string&>()), {}};
        } else {
            return bad_table(name, place + "holds something that is no reading");
        }
        if (reading.written.empty()) return bad_table(name, place + "holds an empty key");
        out.push_back(std::move(reading));
    }
    return out;
}

Status fill_months(NormaliserTables& tables, const Readings& months, const std::string& name) {
    if (months.size() != 12) return bad_table(name, "\"months\" does not hold twelve months");
    for (const Reading& month : months) {
        tables.month_names.push_back(month.one);
        tables.months.emplace_back(month.one, month.one);
        tables.months.emplace_back(capitalize(month.written), month.one);
        if (month.written == U"sep") tables.months.emplace_back(U"Sept", month.one);
    }
    std::stable_sort(tables.months.begin(), tables.months.end(),
                     [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
    return {};
}

}  // namespace

Result<NormaliserTables> NormaliserTables::parse(std::string_view text, const std::string& name) {
    CODA_TRY(const Json json, parse_json(text, name));
    NormaliserTables tables;
    CODA_TRY(const Readings months, readings(json, "months", name));
    CODA_CHECK(fill_months(tables, months, name));
    const std::array<std::pair<const char*, Readings*>, 6> members = {
        {{"titles", &tables.titles},
         {"abbreviations", &tables.abbreviations},
         {"units", &tables.units},
         {"currency", &tables.currencies},
         {"roman_cardinal", &tables.roman_cardinals},
         {"roman_ordinal", &tables.roman_ordinals}}};
    for (const auto& [key, target] : members) {
        CODA_TRY(*target, readings(json, key, name));
        longest_first(*target);
    }
    CODA_TRY(const Readings symbols, readings(json, "symbols", name));
    for (const Reading& symbol : symbols) {
        if (symbol.written.size() != 1)
            return bad_table(name, "\"symbols\" holds a key of several characters");
        tables.symbols.emplace_back(symbol.written[0], symbol.one);
    }
    return tables;
}

}  // namespace coda::models::hibari
