// Numbers with what belongs to them, where the package's normaliser knows too little. The functions run in
// the order in which they stand here: each takes what a later one would misread. Thread safety: free
// functions without state. Time is linear in the text.
#pragma once

#include "models/hibari/text/scan.h"

namespace coda::models::hibari {

Text read_times(Text text);         // 24-hour times, ISO times, dates with points, hours from and to
Text read_calculations(Text text);  // "12 - 5 = 7", "10 / 4", "1920x1080", "3e8", grouped digits
Text read_money(Text text);         // "$5.5", "$3bn", "5 €", "$5-$10", other currencies
Text read_counts(Text text);  // ranges, units, fractions, powers, "8/10", "10x", "~5", long digit strings

// A digit at `at`, and nothing before it that belongs to a number or a word.
inline bool number_starts(TextView text, size_t at) {
    return digit_at(text, at) && stands_free(text, at, U".,-/:'$£€¥");
}

}  // namespace coda::models::hibari
