// Which texts the lexicon reads as numbers. Thread safety: free functions without state.
#pragma once

#include "models/hibari/text/unicode.h"

namespace coda::models::hibari {

// Digits with points and commas, at the head of a word also with a minus sign, and an ending such as "th" or
// "s".
bool is_number(TextView text, bool head);

// The trailing small letters and apostrophes: "th" of "5th", "'s" of "1990's".
TextView number_ending(TextView text);

}  // namespace coda::models::hibari
