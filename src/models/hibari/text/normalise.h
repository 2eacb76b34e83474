// The package's text normalisation: readings that the lexicon's rules cannot produce on their own (times,
// dates, units, abbreviations, titles, other currencies, Roman numerals, ranges, fractions, phone numbers,
// symbols). Plain numbers, $/£/€ amounts and percentages stay for the lexicon. The word tables are the
// package's normalize.json. Thread safety: immutable after parse.
#pragma once

#include "base/result.h"
#include "models/hibari/text/unicode.h"

#include <string>
#include <utility>
#include <vector>

namespace coda::models::hibari {

// How a written form is read: "km" as "kilometer", of more than one "kilometers".
struct Reading {
    Text written, one, many;  // `many` is empty where the table gives no plural
};
using Readings = std::vector<Reading>;  // the longest `written` first

struct NormaliserTables {
    std::vector<std::pair<Text, Text>> months;  // every written form and its full name, the longest first
    std::vector<Text> month_names;              // from January on
    Readings titles, abbreviations, units, currencies, roman_cardinals, roman_ordinals;
    std::vector<std::pair<char32_t, Text>> symbols;  // in the table's order
};

class Normaliser {
  public:
    // `json` is the text of normalize.json; `name` stands for the file in errors.
    static Result<Normaliser> parse(std::string_view json, const std::string& name);

    // One line of text, whitespace folded to single spaces.
    Text operator()(TextView text) const;

    // True for "Dr", "Prof" and the like: words whose full stop does not end a sentence.
    bool is_title(TextView word) const;

  private:
    NormaliserTables tables_;
};

}  // namespace coda::models::hibari
