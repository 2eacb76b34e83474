#include "models/hibari/text/normalise.h"

#include "models/hibari/text/numbers.h"
#include "models/hibari/text/scan.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace coda::models::hibari {

namespace {

using Tables = NormaliserTables;
using Rule = std::optional<Edit> (*)(const Tables&, TextView, size_t);

// The longest written form at `at` for which `fits(end)` holds.
template <class Fits>
const Reading* longest_at(const Readings& readings, TextView text, size_t at, const Fits& fits) {
    for (const Reading& reading : readings) {
        if (starts_at(text, at, reading.written) && fits(at + reading.written.size())) return &reading;
    }
    return nullptr;
}

const Reading* reading_of(const Readings& readings, TextView written) {
    const auto found = std::find_if(readings.begin(), readings.end(),
                                    [&](const Reading& r) { return TextView(r.written) == written; });
    return found == readings.end() ? nullptr : &*found;
}

Text words_for(TextView number, const Reading& reading) {
    Text plain(number);
    std::erase(plain, U',');
    const bool single = plain == U"1" || plain == U"1.0" || plain == U"-1";
    return Text(number) + U" " + (single ? reading.one : reading.many);
}

// Times -----------------------------------------------------------------------------------------------

struct Meridiem {
    size_t end = 0;
    char32_t letter = 0;  // 'A' or 'P'; 0 when there is none
};

// " a.m.", "pm" and so on after a time; never followed by a letter or a digit.
std::optional<Meridiem> meridiem(TextView text, size_t at) {
    size_t i = skip_one_space(text, at);
    const char32_t letter = to_upper(at_or_nul(text, i));
    if (letter == U'A' || letter == U'P') {
        if (at_or_nul(text, ++i) == U'.') ++i;
        if (to_upper(at_or_nul(text, i)) == U'M') {
            ++i;
            const auto ends_here = [&](size_t end) {
                return !is_ascii_alpha(at_or_nul(text, end)) && !digit_at(text, end);
            };
            if (at_or_nul(text, i) == U'.' && ends_here(i + 1)) return Meridiem{i + 1, letter};
            if (ends_here(i)) return Meridiem{i, letter};
        }
    }
    if (digit_at(text, at)) return std::nullopt;
    return Meridiem{at, 0};
}

std::string spoken_time(int hour, int minute, std::optional<int> second, char32_t meridiem_letter) {
    std::string words = cardinal(hour);
    if (minute == 0) {
        if (meridiem_letter == 0 && !second) words += " o'clock";
    } else {
        words += (minute < 10 ? " oh " : " ") + cardinal(minute);
    }
    if (second) words += " and " + cardinal(*second) + (*second == 1 ? " second" : " seconds");
    return words;
}

std::optional<Edit> clock_time(const Tables&, TextView text, size_t at) {
    if (!digit_at(text, at) || !word_boundary(text, at)) return std::nullopt;
    const size_t hour_end = digits_end(text, at, 2);
    if (at_or_nul(text, hour_end) != U':') return std::nullopt;
    const size_t minute_end = digits_end(text, hour_end + 1, 2);
    if (minute_end != hour_end + 3) return std::nullopt;
    std::optional<int> second;
    size_t end = minute_end;
    std::optional<Meridiem> half;
    if (at_or_nul(text, end) == U':' && digits_end(text, end + 1, 2) == end + 3) {
        half = meridiem(text, end + 3);
        if (half) second = to_int(text.substr(end + 1, 2));
    }
    if (!half) half = meridiem(text, end);
    if (!half) return std::nullopt;
    end = half->end;
    const int hour = to_int(text.substr(at, hour_end - at));
    const int minute = to_int(text.substr(hour_end + 1, 2));
    if (hour > 24 || minute > 59 || second.value_or(0) > 59)
        return Edit{end, Text(text.substr(at, end - at))};
    Text words = from_ascii(spoken_time(hour, minute, second, half->letter));
    if (half->letter != 0) {  // with full stops, so that the lexicon spells the letters
        words += U' ';
        words += half->letter;
        words += at_or_nul(text, end) == U'.' ? U".M" : U".M.";
    }
    return Edit{end, words};
}

// Dates -----------------------------------------------------------------------------------------------

// "October twelfth, 2019"; nothing for a day or month that does not exist.
std::optional<Text> spoken_date(const Tables& tables, int month, int day, TextView year) {
    if (month < 1 || month > 12 || day < 1 || day > 31) return std::nullopt;
    Text words = tables.month_names[static_cast<size_t>(month - 1)] + U" " + from_ascii(ordinal(day));
    if (!year.empty()) words += U", " + Text(year);
    return words;
}

std::optional<Edit> iso_date(const Tables& tables, TextView text, size_t at) {
    if (!digit_at(text, at) || !word_boundary(text, at)) return std::nullopt;
    const auto is_dash = [&](size_t i) { return at_or_nul(text, i) == U'-'; };
    const bool matches = digits_end(text, at, 4) == at + 4 && is_dash(at + 4) &&
                         digits_end(text, at + 5, 2) == at + 7 && is_dash(at + 7) &&
                         digits_end(text, at + 8, 2) == at + 10 && word_boundary(text, at + 10);
    if (!matches) return std::nullopt;
    const auto words = spoken_date(tables, to_int(text.substr(at + 5, 2)), to_int(text.substr(at + 8, 2)),
                                   text.substr(at, 4));
    return Edit{at + 10, words.value_or(Text(text.substr(at, 10)))};
}

std::optional<Edit> us_date(const Tables& tables, TextView text, size_t at) {
    if (!digit_at(text, at) || !word_boundary(text, at)) return std::nullopt;
    const size_t first_end = digits_end(text, at, 2);
    if (at_or_nul(text, first_end) != U'/') return std::nullopt;
    const size_t second_end = digits_end(text, first_end + 1, 2);
    if (second_end == first_end + 1 || at_or_nul(text, second_end) != U'/') return std::nullopt;
    const size_t year_at = second_end + 1;
    const size_t end = digits_end(text, year_at, 4);
    if ((end != year_at + 4 && end != year_at + 2) || !word_boundary(text, end)) return std::nullopt;

    Text year(text.substr(year_at, end - year_at));
    if (year.size() == 2) year = (to_int(year) > 30 ? U"19" : U"20") + year;
    int month = to_int(text.substr(at, first_end - at));
    int day = to_int(text.substr(first_end + 1, second_end - first_end - 1));
    if (month > 12) std::swap(month, day);
    return Edit{end, spoken_date(tables, month, day, year).value_or(Text(text.substr(at, end - at)))};
}

const Text* month_at(const Tables& tables, TextView text, size_t at, size_t& end) {
    for (const auto& [written, name] : tables.months) {
        if (!starts_at(text, at, written)) continue;
        end = at + written.size();
        return &name;
    }
    return nullptr;
}

size_t skip_ordinal_ending(TextView text, size_t at) {
    constexpr std::array<TextView, 4> kEndings = {U"st", U"nd", U"rd", U"th"};
    for (const TextView ending : kEndings) {
        if (starts_at(text, at, ending)) return at + ending.size();
    }
    return at;
}

// The end of ", 2024" or " 2024" at `at`; `at` itself when there is none.
size_t year_after_date(TextView text, size_t at) {
    size_t i = at_or_nul(text, at) == U',' ? at + 1 : at;
    if (at_or_nul(text, i) != U' ') return at;
    ++i;
    return digits_end(text, i, 4) == i + 4 && word_boundary(text, i + 4) ? i + 4 : at;
}

std::optional<Edit> month_day(const Tables& tables, TextView text, size_t at) {
    if (!is_ascii_alpha(at_or_nul(text, at)) || !word_boundary(text, at)) return std::nullopt;
    size_t i = 0;
    const Text* month = month_at(tables, text, at, i);
    if (month == nullptr) return std::nullopt;
    if (at_or_nul(text, i) == U'.') ++i;
    if (at_or_nul(text, i) != U' ') return std::nullopt;
    const size_t day_at = i + 1;
    const size_t day_end = digits_end(text, day_at, 2);
    if (day_end == day_at) return std::nullopt;
    i = skip_ordinal_ending(text, day_end);
    const char32_t next = at_or_nul(text, i);
    if (!word_boundary(text, i) || is_ascii_digit(next) || next == U':' || next == U'%') return std::nullopt;
    const size_t end = year_after_date(text, i);
    const int day = to_int(text.substr(day_at, day_end - day_at));
    if (day < 1 || day > 31) return Edit{end, Text(text.substr(at, end - at))};
    return Edit{end, *month + U" " + from_ascii(ordinal(day)) + Text(text.substr(i, end - i))};
}

std::optional<Edit> day_month(const Tables& tables, TextView text, size_t at) {
    if (!word_at(text, at) || !word_boundary(text, at)) return std::nullopt;
    const size_t day_at = starts_at(text, at, U"the ") ? at + 4 : at;
    const size_t day_end = digits_end(text, day_at, 2);
    if (day_end == day_at || at_or_nul(text, day_end) != U' ') return std::nullopt;
    const size_t month_start = starts_at(text, day_end + 1, U"of ") ? day_end + 4 : day_end + 1;
    size_t end = 0;
    const Text* month = month_at(tables, text, month_start, end);
    if (month == nullptr || !word_boundary(text, end)) return std::nullopt;
    if (at_or_nul(text, end) == U'.') ++end;
    const int day = to_int(text.substr(day_at, day_end - day_at));
    if (day < 1 || day > 31) return Edit{end, Text(text.substr(at, end - at))};
    return Edit{end, U"the " + from_ascii(ordinal(day)) + U" of " + *month};
}

// Amounts ---------------------------------------------------------------------------------------------

struct Magnitude {
    size_t end = 0;
    Text word;
};

// "million", "k" and so on at `at`; a single letter must end a word.
std::optional<Magnitude> magnitude(TextView text, size_t at) {
    constexpr std::array<TextView, 5> kWords = {U"hundred", U"thousand", U"million", U"billion", U"trillion"};
    for (const TextView word : kWords) {
        if (starts_at(text, at, word)) return Magnitude{at + word.size(), Text(word)};
    }
    const char32_t letter = to_lower(at_or_nul(text, at));
    if ((letter != U'k' && letter != U'm' && letter != U'b') || !word_boundary(text, at + 1))
        return std::nullopt;
    return Magnitude{at + 1, Text(letter == U'k' ? U"thousand" : letter == U'm' ? U"million" : U"billion")};
}

// A magnitude with at most one space before it.
std::optional<Magnitude> spaced_magnitude(TextView text, size_t at) {
    return magnitude(text, skip_one_space(text, at));
}

std::optional<Edit> big_money(const Tables& tables, TextView text, size_t at) {
    const char32_t sign = at_or_nul(text, at);
    if (sign != U'$' && sign != U'£' && sign != U'€') return std::nullopt;
    const size_t end = number_end(text, at + 1);
    if (end == at + 1) return std::nullopt;
    const auto big = spaced_magnitude(text, end);
    const Reading* currency = reading_of(tables.currencies, TextView(&sign, 1));
    if (!big || currency == nullptr) return std::nullopt;
    return Edit{big->end, Text(text.substr(at + 1, end - at - 1)) + U" " + big->word + U" " + currency->many};
}

std::optional<Edit> cents(const Tables& tables, TextView text, size_t at) {
    if (!digit_at(text, at) || !stands_free(text, at, U".")) return std::nullopt;
    const size_t end = number_end(text, at);
    const size_t sign = skip_one_space(text, end);
    const Reading* currency = reading_of(tables.currencies, U"¢");
    if (at_or_nul(text, sign) != U'¢' || currency == nullptr) return std::nullopt;
    return Edit{sign + 1, words_for(text.substr(at, end - at), *currency)};
}

// The length of a currency's sign at `at` among those that the lexicon cannot read.
size_t currency_sign(TextView text, size_t at) {
    constexpr std::array<TextView, 8> kSigns = {U"¥", U"₹", U"₩", U"Rs.", U"Rs", U"USD", U"EUR", U"GBP"};
    for (const TextView sign : kSigns) {
        if (starts_at(text, at, sign)) return sign.size();
    }
    return 0;
}

std::optional<Edit> other_currency(const Tables& tables, TextView text, size_t at) {
    const size_t sign_length = currency_sign(text, at);
    if (sign_length == 0 || !stands_free(text, at, U"")) return std::nullopt;
    const size_t number_at = skip_one_space(text, at + sign_length);
    const size_t end = number_end(text, number_at);
    TextView sign = text.substr(at, sign_length);
    if (sign.back() == U'.') sign.remove_suffix(1);
    const Reading* currency = reading_of(tables.currencies, sign);
    if (end == number_at || currency == nullptr) return std::nullopt;
    const TextView number = text.substr(number_at, end - number_at);
    if (const auto big = spaced_magnitude(text, end)) {
        return Edit{big->end, Text(number) + U" " + big->word + U" " + currency->many};
    }
    return Edit{end, words_for(number, *currency)};
}

std::optional<Edit> degrees(const Tables&, TextView text, size_t at) {
    if (!stands_free(text, at, U".")) return std::nullopt;
    const size_t number_stop = signed_number_end(text, at);
    const size_t sign = skip_one_space(text, number_stop);
    if (number_stop == at || at_or_nul(text, sign) != U'°') return std::nullopt;
    static const Reading kDegree{U"°", U"degree", U"degrees"};
    const Text words = words_for(text.substr(at, number_stop - at), kDegree);
    for (const size_t i : {skip_one_space(text, sign + 1), sign + 1}) {
        const char32_t scale = at_or_nul(text, i);
        if (scale == U'C' && !word_at(text, i + 1)) return Edit{i + 1, words + U" Celsius"};
        if (scale == U'F' && !word_at(text, i + 1)) return Edit{i + 1, words + U" Fahrenheit"};
        if (!word_at(text, i)) return Edit{i, words};
    }
    return std::nullopt;
}

std::optional<Edit> unit(const Tables& tables, TextView text, size_t at) {
    if (!stands_free(text, at, U".")) return std::nullopt;
    const size_t end = signed_number_end(text, at);
    if (end == at) return std::nullopt;
    const size_t unit_at = skip_one_space(text, end);
    const Reading* found =
        longest_at(tables.units, text, unit_at, [&](size_t stop) { return !word_at(text, stop); });
    if (found == nullptr) return std::nullopt;
    return Edit{unit_at + found->written.size(), words_for(text.substr(at, end - at), *found)};
}

std::optional<Edit> fraction(const Tables& tables, TextView text, size_t at) {
    if (!digit_at(text, at) || !stands_free(text, at, U"./")) return std::nullopt;
    const size_t slash = digits_end(text, at, 2);
    if (at_or_nul(text, slash) != U'/') return std::nullopt;
    const size_t end = digits_end(text, slash + 1, 2);
    const char32_t next = at_or_nul(text, end);
    if (end == slash + 1 || word_at(text, end) || next == U'.' || next == U'/') return std::nullopt;

    constexpr std::array<TextView, 11> kParts = {U"",        U"",      U"half",  U"third",
                                                 U"quarter", U"fifth", U"sixth", U"seventh",
                                                 U"eighth",  U"ninth", U"tenth"};
    const int a = to_int(text.substr(at, slash - at)), b = to_int(text.substr(slash + 1, end - slash - 1));
    const Text count = from_ascii(std::to_string(a));
    if (0 < a && a < b && b <= 10) {
        if (b == 2) return Edit{end, U"one half"};
        return Edit{end, count + U" " + Text(kParts[static_cast<size_t>(b)]) + (a == 1 ? U"" : U"s")};
    }
    if (const auto date = spoken_date(tables, a, b, {}); date && a >= 1) return Edit{end, *date};
    return Edit{end, count + U" slash " + from_ascii(std::to_string(b))};
}

std::optional<Edit> range(const Tables&, TextView text, size_t at) {
    if (!digit_at(text, at) || !stands_free(text, at, U".-")) return std::nullopt;
    const size_t first_end = digits_end(text, at, 4);
    const size_t dash = skip_one_space(text, first_end);
    if (at_or_nul(text, dash) != U'-' && at_or_nul(text, dash) != U'–') return std::nullopt;
    const size_t second = skip_one_space(text, dash + 1);
    const size_t end = digits_end(text, second, 4);
    if (end == second || word_at(text, end) || contains(U".-%", at_or_nul(text, end))) return std::nullopt;
    return Edit{end,
                Text(text.substr(at, first_end - at)) + U" to " + Text(text.substr(second, end - second))};
}

std::optional<Edit> phone_number(const Tables&, TextView text, size_t at) {
    if (!digit_at(text, at) || !stands_free(text, at, U".-")) return std::nullopt;
    const auto digits_and_dash = [&](size_t i) {
        return digits_end(text, i, 3) == i + 3 && at_or_nul(text, i + 3) == U'-';
    };
    if (!digits_and_dash(at)) return std::nullopt;
    const size_t last = digits_and_dash(at + 4) ? at + 8 : at + 4;
    const size_t end = last + 4;
    if (digits_end(text, last, 4) != end || word_at(text, end)) return std::nullopt;
    if (at_or_nul(text, end) == U'.' || at_or_nul(text, end) == U'-') return std::nullopt;
    Text spelled;
    for (const char32_t c : text.substr(at, end - at)) {
        spelled += c == U'-' ? Text(U",") : Text{U' ', c};
    }
    return Edit{end, Text(strip(spelled))};
}

// Words -----------------------------------------------------------------------------------------------

std::optional<Edit> title(const Tables& tables, TextView text, size_t at) {
    if (!word_at(text, at) || !word_boundary(text, at)) return std::nullopt;
    const auto before_capital = [&](size_t end) {
        const size_t space = at_or_nul(text, end) == U'.' ? end + 1 : end;
        const char32_t next = at_or_nul(text, space + 1);
        return at_or_nul(text, space) == U' ' && next >= U'A' && next <= U'Z';
    };
    const Reading* found = longest_at(tables.titles, text, at, before_capital);
    if (found == nullptr) return std::nullopt;
    const size_t end = at + found->written.size();
    return Edit{at_or_nul(text, end) == U'.' ? end + 2 : end + 1, found->one + U" "};
}

std::optional<Edit> abbreviation(const Tables& tables, TextView text, size_t at) {
    if (!stands_free(text, at, U".")) return std::nullopt;
    const Reading* found =
        longest_at(tables.abbreviations, text, at, [&](size_t end) { return !word_at(text, end); });
    if (found == nullptr) return std::nullopt;
    const size_t end = at + found->written.size();
    const bool ends_sentence = end == text.size() && found->written.back() == U'.';
    return Edit{end, ends_sentence ? found->one + U"." : found->one};
}

std::optional<Edit> number_sign(const Tables&, TextView text, size_t at) {
    if (!starts_at(text, at, U"No") || !word_boundary(text, at)) return std::nullopt;
    const bool many = at_or_nul(text, at + 2) == U's';
    size_t end = at + (many ? 3 : 2);
    if (at_or_nul(text, end) != U'.') return std::nullopt;
    ++end;
    if (at_or_nul(text, end) == U' ') ++end;
    if (!digit_at(text, end)) return std::nullopt;
    return Edit{end, many ? U"Numbers " : U"Number "};
}

std::optional<Edit> hash_sign(const Tables&, TextView text, size_t at) {
    if (text[at] != U'#' || !digit_at(text, at + 1) || !stands_free(text, at, U"&")) return std::nullopt;
    return Edit{at + 1, U"number "};
}

std::optional<Edit> plus_sign(const Tables&, TextView text, size_t at) {
    if (text[at] != U'+' || !digit_at(text, at + 1) || !stands_free(text, at, U"+")) return std::nullopt;
    return Edit{at + 1, U"plus "};
}

int roman_digit(char32_t c) {
    constexpr TextView kLetters = U"IVXLCDM";
    constexpr std::array<int, 7> kValues = {1, 5, 10, 50, 100, 500, 1000};
    const size_t i = kLetters.find(c);
    return i == TextView::npos ? 0 : kValues[i];
}

Text to_roman(int n) {
    constexpr std::array<std::pair<int, TextView>, 12> kSteps = {{{900, U"CM"},
                                                                  {500, U"D"},
                                                                  {400, U"CD"},
                                                                  {100, U"C"},
                                                                  {90, U"XC"},
                                                                  {50, U"L"},
                                                                  {40, U"XL"},
                                                                  {10, U"X"},
                                                                  {9, U"IX"},
                                                                  {5, U"V"},
                                                                  {4, U"IV"},
                                                                  {1, U"I"}}};
    Text out;
    for (const auto& [value, letters] : kSteps) {
        for (; n >= value; n -= value) out += letters;
    }
    return out;
}

// A well-formed Roman numeral below 900 as a whole word, not followed by an apostrophe or point and a letter.
std::optional<std::pair<int, size_t>> roman_numeral(TextView text, size_t at) {
    constexpr size_t kLongest = 12;
    size_t end = at;
    while (word_at(text, end) && end - at <= kLongest) ++end;
    const TextView numeral = text.substr(std::min(at, text.size()), end - at);
    if (numeral.empty() || numeral.size() > kLongest) return std::nullopt;
    int value = 0;
    for (size_t i = 0; i < numeral.size(); ++i) {
        const int digit = roman_digit(numeral[i]);
        if (digit == 0) return std::nullopt;
        value += i + 1 < numeral.size() && roman_digit(numeral[i + 1]) > digit ? -digit : digit;
    }
    if (value <= 0 || value >= 900 || to_roman(value) != numeral || numeral[0] == U'D') return std::nullopt;
    if (contains(U".'’", at_or_nul(text, end)) && end < text.size() && word_at(text, end + 1))
        return std::nullopt;
    return std::pair{value, end};
}

struct NamedNumeral {
    Text name;
    int value;
    size_t end;
};

std::optional<NamedNumeral> named_numeral(const Readings& names, TextView text, size_t at) {
    if (!word_at(text, at) || !word_boundary(text, at)) return std::nullopt;
    std::optional<std::pair<int, size_t>> numeral;
    const Reading* name = longest_at(names, text, at, [&](size_t end) {
        if (at_or_nul(text, end) != U' ') return false;
        numeral = roman_numeral(text, end + 1);
        return numeral.has_value();
    });
    if (name == nullptr) return std::nullopt;
    return NamedNumeral{name->written, numeral->first, numeral->second};
}

std::optional<Edit> roman_cardinal(const Tables& tables, TextView text, size_t at) {
    const auto found = named_numeral(tables.roman_cardinals, text, at);
    if (!found) return std::nullopt;
    return Edit{found->end, found->name + U" " + from_ascii(std::to_string(found->value))};
}

std::optional<Edit> roman_ordinal(const Tables& tables, TextView text, size_t at) {
    const auto found = named_numeral(tables.roman_ordinals, text, at);
    if (!found) return std::nullopt;
    return Edit{found->end, found->name + U" the " + from_ascii(ordinal(found->value))};
}

// Symbols ---------------------------------------------------------------------------------------------

// "=", "<", ">" and "~" are words only between other things: "a = b", "a=b", but not at an end.
std::optional<size_t> between_things(TextView text, size_t at, char32_t symbol) {
    if (at == 0 || is_space(text[at - 1])) return std::nullopt;
    size_t i = text[at] == U' ' ? at + 1 : at;
    if (at_or_nul(text, i) != symbol) return std::nullopt;
    ++i;
    if (at_or_nul(text, i) == U' ') ++i;
    if (i >= text.size() || is_space(text[i])) return std::nullopt;
    return i;
}

Text replace_symbol(const Text& text, char32_t symbol, const Text& word) {
    const Text with = word.empty() ? Text(U" ") : U" " + word + U" ";
    const bool relation = contains(U"=<>~", symbol);
    return replace_all(text, [&](TextView t, size_t at) -> std::optional<Edit> {
        if (!relation) return t[at] == symbol ? std::optional(Edit{at + 1, with}) : std::nullopt;
        const auto end = between_things(t, at, symbol);
        return end ? std::optional(Edit{*end, with}) : std::nullopt;
    });
}

std::optional<Edit> space_before_mark(const Tables&, TextView text, size_t at) {
    if (text[at] != U' ') return std::nullopt;
    size_t i = at;
    while (at_or_nul(text, i) == U' ') ++i;
    if (!contains(U",.;:!?", at_or_nul(text, i)) || i >= text.size()) return std::nullopt;
    return Edit{i, {}};
}

// The order matters: each rule sees what the ones before it left.
constexpr std::array<Rule, 20> kRules = {clock_time,     iso_date,     us_date,     big_money, cents,
                                         other_currency, degrees,      unit,        month_day, day_month,
                                         title,          abbreviation, number_sign, hash_sign, roman_cardinal,
                                         roman_ordinal,  phone_number, fraction,    range,     plus_sign};

}  // namespace

Text Normaliser::operator()(TextView text) const {
    Text out = fold_spaces(text);
    for (char32_t& c : out) {
        if (c == U'’') c = U'\'';
        if (c == U'‒') c = U'-';
        if (c == U'―') c = U'—';
    }
    for (const Rule rule : kRules) {
        out = replace_all(out, [&](TextView t, size_t at) { return rule(tables_, t, at); });
    }
    for (const auto& [symbol, word] : tables_.symbols) {
        if (contains(out, symbol)) out = replace_symbol(out, symbol, word);
    }
    return replace_all(fold_spaces(out),
                       [&](TextView t, size_t at) { return space_before_mark(tables_, t, at); });
}

bool Normaliser::is_title(TextView word) const {
    return reading_of(tables_.titles, word) != nullptr;
}

}  // namespace coda::models::hibari
