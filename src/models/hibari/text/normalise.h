// The package's text normalisation: readings that the lexicon's rules cannot produce on their own (times,
// dates, units, abbreviations, titles, other currencies, Roman numerals, ranges, fractions, phone numbers,
// symbols). Plain numbers, $/£/€ amounts and percentages stay for the lexicon. The word tables are the
// package's normalize.json. Thread safety: immutable after parse.
#pragma once

#include "base/result.h"
#include "models/hibari/text/normaliser_tables.h"
#include "models/hibari/text/unicode.h"

#include <string>

namespace coda::models::hibari {

class Normaliser {
  public:
    // `json` is the text of normalize.json; `name` stands for the file in errors.
    static Result<Normaliser> parse(std::string_view json, const std::string& name) {
        return NormaliserTables::parse(json, name).map([](NormaliserTables t) {
            return Normaliser(std::move(t));
        });
    }

    // One line of text, whitespace folded to single spaces.
    Text operator()(TextView text) const;

    // True for "Dr", "Prof" and the like: words whose full stop does not end a sentence.
    bool is_title(TextView word) const;

  private:
    explicit Normaliser(NormaliserTables tables) : tables_(std::move(tables)) {}

    NormaliserTables tables_;
};

}  // namespace coda::models::hibari
