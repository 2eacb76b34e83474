// Numbers said in words, joined to digits in place: "two hundred and forty" -> "240", "three point one four"
// -> "3.14", "a hundred" -> "100". A row of single digits ("five five five") stays a row.
#pragma once

#include <vector>

namespace coda::tools {

struct Word;
void join_numbers(std::vector<Word>& words);

}  // namespace coda::tools
