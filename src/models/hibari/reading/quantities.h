// Numbers with what belongs to them, where the package's normaliser knows too little: 24-hour times, dates
// with points, ranges, amounts of money, units, fractions, powers, dimensions, long digit strings. Thread
// safety: a free function without state. Time is linear in the text.
#pragma once

#include "models/hibari/text/unicode.h"

namespace coda::models::hibari {

Text read_quantities(Text text);

}  // namespace coda::models::hibari
