// The word tables of the normaliser: the package's normalize.json.
// Thread safety: a value type.
#pragma once

#include "base/result.h"
#include "models/hibari/text/unicode.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace coda::models::hibari {

// How a written form is read: "km" as "kilometer", of more than one "kilometers".
struct Reading {
    Text written, one, many;  // `many` is empty where the table gives no plural
};
using Readings = std::vector<Reading>;  // the longest `written` first

struct NormaliserTables {
    // `json` is the text of normalize.json; `name` stands for the file in errors.
    static Result<NormaliserTables> parse(std::string_view json, const std::string& name);

    std::vector<std::pair<Text, Text>> months;  // every written form and its full name, the longest first
    std::vector<Text> month_names;              // from January on
    Readings titles, abbreviations, units, currencies, roman_cardinals, roman_ordinals;
    std::vector<std::pair<char32_t, Text>> symbols;  // in the table's order
};

}  // namespace coda::models::hibari
