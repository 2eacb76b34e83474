#include "models/hibari/text/numbers.h"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

namespace coda::models::hibari {

namespace {

constexpr std::array<const char*, 20> kOnes = {"zero",    "one",     "two",       "three",    "four",
                                               "five",    "six",     "seven",     "eight",    "nine",
                                               "ten",     "eleven",  "twelve",    "thirteen", "fourteen",
                                               "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
constexpr std::array<const char*, 10> kTens = {"",      "",      "twenty",  "thirty", "forty",
                                               "fifty", "sixty", "seventy", "eighty", "ninety"};
constexpr std::array<const char*, 12> kScales = {"",           "thousand",    "million",     "billion",
                                                 "trillion",   "quadrillion", "quintillion", "sextillion",
                                                 "septillion", "octillion",   "nonillion",   "decillion"};
constexpr size_t kMaxDigits = 3 * kScales.size();

std::string below_thousand(int n) {
    std::string words;
    if (n >= 100) {
        words = fmt::format("{} hundred", kOnes[static_cast<size_t>(n / 100)]);
        n %= 100;
        if (n == 0) return words;
        words += " and ";
    }
    if (n < 20) return words + kOnes[static_cast<size_t>(n)];
    words += kTens[static_cast<size_t>(n / 10)];
    if (n % 10 != 0) words += fmt::format("-{}", kOnes[static_cast<size_t>(n % 10)]);
    return words;
}

std::string digit_by_digit(std::string_view digits) {
    std::string words;
    for (const char d : digits) {
        if (!words.empty()) words += ' ';
        words += kOnes[static_cast<size_t>(d - '0')];
    }
    return words;
}

// "one thousand and one", but "one thousand, one hundred" and "five million, two thousand".
bool takes_and(const std::string& last_group) {
    return last_group.find(' ') == std::string::npos;
}

std::string ordinal_word(const std::string& word) {
    constexpr std::array<std::pair<const char*, const char*>, 7> kIrregular = {{{"one", "first"},
                                                                                {"two", "second"},
                                                                                {"three", "third"},
                                                                                {"five", "fifth"},
                                                                                {"eight", "eighth"},
                                                                                {"nine", "ninth"},
                                                                                {"twelve", "twelfth"}}};
    for (const auto& [from, to] : kIrregular) {
        if (word == from) return to;
    }
    if (!word.empty() && word.back() == 'y') return word.substr(0, word.size() - 1) + "ieth";
    return word + "th";
}

}  // namespace

std::string cardinal(std::string_view digits) {
    digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
    if (digits.empty()) return kOnes[0];
    if (digits.size() > kMaxDigits) return digit_by_digit(digits);

    std::vector<std::string> groups;
    for (size_t scale = (digits.size() - 1) / 3 + 1; scale-- > 0;) {
        const size_t length = digits.size() - 3 * scale;
        int value = 0;
        for (const char d : digits.substr(0, length)) value = value * 10 + (d - '0');
        digits.remove_prefix(length);
        if (value == 0) continue;
        groups.push_back(below_thousand(value));
        if (scale > 0) groups.back() += fmt::format(" {}", kScales[scale]);
    }
    std::string words = groups.front();
    for (size_t i = 1; i < groups.size(); ++i) {
        words += i + 1 == groups.size() && takes_and(groups[i]) ? " and " : ", ";
        words += groups[i];
    }
    return words;
}

std::string cardinal(int n) {
    return cardinal(std::to_string(n));
}

std::string ordinal(std::string_view digits) {
    const std::string words = cardinal(digits);
    const size_t last = words.find_last_of(" -");
    if (last == std::string::npos) return ordinal_word(words);
    return words.substr(0, last + 1) + ordinal_word(words.substr(last + 1));
}

std::string ordinal(int n) {
    return ordinal(std::to_string(n));
}

std::string year(int n) {
    const int high = n / 100, low = n % 100;
    if (high == 0 || (high % 10 == 0 && low < 10) || high >= 100) return cardinal(n);
    if (low == 0) return cardinal(high) + " hundred";
    return cardinal(high) + (low < 10 ? " oh-" : " ") + cardinal(low);
}

std::string decimal(std::string_view number) {
    const size_t point = std::min(number.find('.'), number.size());
    std::string words = cardinal(number.substr(0, point));
    std::string_view fraction = number.substr(std::min(point + 1, number.size()));
    fraction = fraction.substr(0, fraction.find_last_not_of('0') + 1);
    if (!fraction.empty()) words += " point " + digit_by_digit(fraction);
    return words;
}

}  // namespace coda::models::hibari
