// English number words, as num2words writes them: "one thousand, two hundred and thirty-four".
// Numbers are strings of ASCII digits of any length; beyond decillions the digits are read one by one.
// Thread safety: free functions without state.
#pragma once

#include <string>
#include <string_view>

namespace coda::models::hibari {

std::string cardinal(std::string_view digits);
std::string cardinal(int n);                   // n >= 0
std::string ordinal(std::string_view digits);  // "twenty-third"
std::string ordinal(int n);
std::string year(int n);                       // 0 .. 9999: "nineteen oh-five", "two thousand and five"
std::string decimal(std::string_view number);  // "3.140": "three point one four"

}  // namespace coda::models::hibari
