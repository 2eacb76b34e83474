#include "models/hibari/reading/quantities.h"
#include "models/hibari/reading/units.h"
#include "models/hibari/text/scan.h"

#include <algorithm>
#include <array>

namespace coda::models::hibari {

namespace {

constexpr size_t kLongestLine = 2000;       // before a mark of inches, to be searched for quotes
constexpr size_t kLongestPlainNumber = 12;  // longer digit strings are codes, not quantities

Text digits_apart(TextView digits) {
    Text out;
    for (const char32_t d : digits) {
        if (!out.empty()) out += U' ';
        out += d;
    }
    return out;
}

int superscript_digit(char32_t c) {
    constexpr TextView kDigits = U"⁰¹²³⁴⁵⁶⁷⁸⁹";
    const size_t i = kDigits.find(c);
    return i == TextView::npos ? -1 : static_cast<int>(i);
}

Text power_words(const Text& exponent) {
    if (exponent == U"2") return U" squared";
    if (exponent == U"3") return U" cubed";
    return U" to the power of " + exponent;
}

// "10⁶", "x^2", "10^-3", "2^{n}".
std::optional<Edit> power(TextView text, size_t at) {
    if (at == 0 || !(is_alnum(text[at - 1]) || text[at - 1] == U')')) return std::nullopt;
    Text exponent;
    size_t end = at;
    if (text[at] == U'^') {
        ++end;
        const bool braces = at_or_nul(text, end) == U'{';
        if (braces) ++end;
        if (contains(U"-−", at_or_nul(text, end)) && word_at(text, end + 1)) {
            exponent = U"minus ";
            ++end;
        }
        const size_t start = end;
        while (word_at(text, end) && end - start < 12 && text[end] != U'_') ++end;
        if (end == start) return std::nullopt;
        exponent += text.substr(start, end - start);
        if (braces && at_or_nul(text, end) == U'}') ++end;
        return Edit{end, power_words(exponent)};
    }
    if (text[at] == U'⁻') {
        exponent = U"minus ";
        ++end;
    }
    const size_t start = end;
    for (; end < text.size() && superscript_digit(text[end]) >= 0; ++end) {
        exponent += U'0' + static_cast<char32_t>(superscript_digit(text[end]));
    }
    if (end == start || (end == at + 1 && text[at] == U'¹')) return std::nullopt;
    return Edit{end, power_words(exponent)};
}

std::optional<Edit> long_digits(TextView text, size_t at) {
    if (!digit_at(text, at) || (at > 0 && (is_alnum(text[at - 1]) || contains(U".,", text[at - 1]))))
        return std::nullopt;
    const size_t end = digits_end(text, at);
    if (end - at <= kLongestPlainNumber) return std::nullopt;
    return Edit{end, digits_apart(text.substr(at, end - at))};
}

// "5–10", "1.5-2.5", "10-15%": what a hyphen between numbers means when nothing says otherwise.
std::optional<Edit> range(TextView text, size_t at) {
    if (!number_starts(text, at) && !(digit_at(text, at) && at > 0 && contains(U"~≈", text[at - 1])))
        return std::nullopt;
    size_t first_end = number_end(text, at);
    const TextView first = text.substr(at, first_end - at);
    if (contains(U"%°", at_or_nul(text, first_end)) && first_end < text.size()) ++first_end;
    const size_t dash = skip_one_space(text, first_end);
    const char32_t c = at_or_nul(text, dash);
    if (c != U'-' && c != U'–' && c != U'‑') return std::nullopt;
    const bool spaced = dash > first_end;
    const size_t second = spaced ? skip_one_space(text, dash + 1) : dash + 1;
    const size_t end = number_end(text, second);
    if (end == second || (spaced && second == dash + 1)) return std::nullopt;
    const TextView last = text.substr(second, end - second);
    const char32_t next = at_or_nul(text, end);
    if (contains(U"-/:", next) && end < text.size()) return std::nullopt;
    if (word_at(text, end) && !unit_at(text, end)) return std::nullopt;
    if (!spaced && c == U'-' && (first.size() > 4 || (first.size() == 3 && last.size() == 4)))
        return std::nullopt;
    return Edit{end, Text(text.substr(at, first_end - at)) + U" to " + Text(last)};
}

struct VulgarFraction {
    char32_t sign;
    TextView words;
};
constexpr std::array<VulgarFraction, 15> kFractions = {{{U'½', U"one half"},
                                                        {U'¼', U"one quarter"},
                                                        {U'¾', U"three quarters"},
                                                        {U'⅓', U"one third"},
                                                        {U'⅔', U"two thirds"},
                                                        {U'⅕', U"one fifth"},
                                                        {U'⅖', U"two fifths"},
                                                        {U'⅗', U"three fifths"},
                                                        {U'⅘', U"four fifths"},
                                                        {U'⅙', U"one sixth"},
                                                        {U'⅚', U"five sixths"},
                                                        {U'⅛', U"one eighth"},
                                                        {U'⅜', U"three eighths"},
                                                        {U'⅝', U"five eighths"},
                                                        {U'⅞', U"seven eighths"}}};

// "2½" as "2 and one half".
std::optional<Edit> vulgar_fraction(TextView text, size_t at) {
    for (const auto& [sign, words] : kFractions) {
        if (text[at] != sign) continue;
        const bool touches = at > 0 && is_ascii_digit(text[at - 1]);
        const bool near = at > 1 && text[at - 1] == U' ' && is_ascii_digit(text[at - 2]);
        const Text before = touches                           ? U" and "
                            : near                            ? U"and "
                            : at > 0 && is_word(text[at - 1]) ? U" "
                                                              : U"";
        const bool more = word_at(text, at + 1);
        return Edit{at + 1, before + Text(words) + (more ? U" " : U"")};
    }
    return std::nullopt;
}

// "1 1/2" as "1 and 1/2"; "8/10" as "8 out of 10"; "24/7" as "24 7".
std::optional<Edit> slashed_numbers(TextView text, size_t at) {
    if (!number_starts(text, at)) return std::nullopt;
    size_t first_end = digits_end(text, at, 4);
    if (at_or_nul(text, first_end) == U' ') {
        const size_t top = first_end + 1, slash = digits_end(text, top, 2),
                     bottom_end = digits_end(text, slash + 1, 3);
        const bool mixed = slash > top && at_or_nul(text, slash) == U'/' && bottom_end > slash + 1 &&
                           bottom_end < slash + 4 && !word_at(text, bottom_end) &&
                           at_or_nul(text, bottom_end) != U'/';
        if (!mixed ||
            to_int(text.substr(top, slash - top)) >= to_int(text.substr(slash + 1, bottom_end - slash - 1)))
            return std::nullopt;
        return Edit{top, Text(text.substr(at, first_end - at)) + U" and "};
    }
    if (at_or_nul(text, first_end) == U'.' && digit_at(text, first_end + 1)) first_end = number_end(text, at);
    if (at_or_nul(text, first_end) != U'/') return std::nullopt;
    const size_t end = digits_end(text, first_end + 1, 4);
    const TextView first = text.substr(at, first_end - at),
                   last = text.substr(first_end + 1, end - first_end - 1);
    if (last.empty() || word_at(text, end) ||
        (contains(U"/.-", at_or_nul(text, end)) && word_at(text, end + 1)))
        return std::nullopt;
    if (first == U"24" && last == U"7") return Edit{end, U"24 7"};
    if (first == U"50" && last == U"50") return Edit{end, U"50 50"};
    const bool out_of = last == U"10" || last == U"100" || last == U"20" || first == last;
    if (!out_of && first.find(U'.') == TextView::npos) return std::nullopt;
    return Edit{end, Text(first) + U" out of " + Text(last)};
}

// 5'10" and 6'
std::optional<Edit> feet_and_inches(TextView text, size_t at) {
    if (!number_starts(text, at)) return std::nullopt;
    const size_t feet_end = digits_end(text, at, 2);
    if (!contains(U"'’′", at_or_nul(text, feet_end)) || feet_end >= text.size()) return std::nullopt;
    const size_t inches_end = digits_end(text, feet_end + 1, 2);
    if (inches_end == feet_end + 1) return std::nullopt;
    const bool closed = contains(U"\"”″", at_or_nul(text, inches_end)) && inches_end < text.size();
    if (!closed && text[feet_end] != U'′') return std::nullopt;
    return Edit{inches_end + (closed ? 1 : 0),
                Text(text.substr(at, feet_end - at)) + U" foot " +
                    Text(text.substr(feet_end + 1, inches_end - feet_end - 1))};
}

std::optional<Edit> unit(TextView text, size_t at) {
    const bool start = digit_at(text, at) && stands_free(text, at, U".,$£€¥");
    if (!start) return std::nullopt;
    const size_t end = number_end(text, at);
    size_t sign = skip_one_space(text, end);
    if (at_or_nul(text, sign) == U'-' && sign == end) ++sign;  // "5-km run"
    auto found = unit_at(text, sign);
    const bool spaced_second = sign == end + 1 && text[end] == U' ' && at_or_nul(text, sign) == U's' &&
                               !word_at(text, sign + 1) && !contains(U"'’", at_or_nul(text, sign + 1));
    if (!found && spaced_second) found = UnitReading{sign + 1, U"second", U"seconds"};
    if (!found) return std::nullopt;
    const TextView number = text.substr(at, end - at);
    const bool adjective = sign > end && text[sign - 1] == U'-';
    return Edit{found->end, Text(number) + U" " + (adjective || number == U"1" ? found->one : found->many)};
}

// "10x faster" as "10 times faster".
std::optional<Edit> times_as_much(TextView text, size_t at) {
    if (!number_starts(text, at)) return std::nullopt;
    const size_t end = number_end(text, at);
    if (at_or_nul(text, end) != U'x' && at_or_nul(text, end) != U'×') return std::nullopt;
    if (word_at(text, end + 1) || digit_at(text, skip_one_space(text, end + 1))) return std::nullopt;
    return Edit{end + 1, Text(text.substr(at, end - at)) + U" times"};
}

// "<5", "> 5", "~5", "≈5" at the start of a word; between words they are read later.
std::optional<Edit> comparison(TextView text, size_t at) {
    if (at > 0 && !is_space(text[at - 1]) && !contains(U"(\"“", text[at - 1])) return std::nullopt;
    constexpr std::array<std::pair<TextView, TextView>, 7> kSigns = {{{U"<=", U"at most "},
                                                                      {U">=", U"at least "},
                                                                      {U"≤", U"at most "},
                                                                      {U"≥", U"at least "},
                                                                      {U"<", U"less than "},
                                                                      {U">", U"more than "},
                                                                      {U"~", U"about "}}};
    const bool first = at == 0 || contains(U"(\"“", text[at - 1]) || (at > 1 && !is_alnum(text[at - 2]));
    for (const auto& [sign, words] : kSigns) {
        if (!starts_at(text, at, sign)) continue;
        const size_t spaceless = at + sign.size();
        const size_t number = skip_one_space(text, spaceless);
        const bool fits = digit_at(text, number) || contains(U"$£€.-", at_or_nul(text, number));
        if (fits && (number == spaceless || first)) return Edit{number, Text(words)};
    }
    return std::nullopt;
}

// 15.6" as "15.6 inches", where no quotation is open.
std::optional<Edit> inches(TextView text, size_t at) {
    if (!number_starts(text, at)) return std::nullopt;
    const size_t end = number_end(text, at);
    if (at_or_nul(text, end) != U'"' && at_or_nul(text, end) != U'″') return std::nullopt;
    if (word_at(text, end + 1)) return std::nullopt;
    const size_t window = at > kLongestLine ? at - kLongestLine : 0;
    const TextView before = text.substr(window, at - window);
    const size_t line = before.rfind(U'\n') + 1;  // 0 where there is none
    if (line == 0 && window > 0) return std::nullopt;
    const TextView so_far = before.substr(line);
    if (std::count(so_far.begin(), so_far.end(), U'"') % 2 != 0) return std::nullopt;
    const TextView number = text.substr(at, end - at);
    return Edit{end + 1, Text(number) + (number == U"1" ? U" inch" : U" inches")};
}

// "1.5M users" as "1.5 million users", "300K" as "300 thousand".
std::optional<Edit> abbreviated_magnitude(TextView text, size_t at) {
    if (!number_starts(text, at)) return std::nullopt;
    const size_t end = number_end(text, at);
    const char32_t letter = at_or_nul(text, end);
    if ((letter != U'K' && letter != U'M' && letter != U'B') || word_at(text, end + 1)) return std::nullopt;
    const bool counts_something = at_or_nul(text, end + 1) == U' ' && is_lower(at_or_nul(text, end + 2));
    if (end - at < 2 && (letter == U'K' || !counts_something)) return std::nullopt;  // 4K, 2B
    const Text word = letter == U'K' ? U" thousand" : letter == U'M' ? U" million" : U" billion";
    return Edit{end + 1, Text(text.substr(at, end - at)) + word};
}

// "978-3-16-148410-0": three groups of digits or more are a code.
std::optional<Edit> hyphenated_code(TextView text, size_t at) {
    if (!number_starts(text, at)) return std::nullopt;
    size_t end = digits_end(text, at), groups = 1;
    while (at_or_nul(text, end) == U'-' && digit_at(text, end + 1)) {
        end = digits_end(text, end + 1);
        ++groups;
    }
    const bool date = groups == 3 && end - at == 10 && text[at + 4] == U'-' && text[at + 7] == U'-';
    if (groups < 3 || date || word_at(text, end)) return std::nullopt;
    Text out;
    for (const char32_t c : text.substr(at, end - at)) {
        if (c != U'-' && !out.empty()) out += U' ';
        out += c == U'-' ? U',' : c;
    }
    return Edit{end, out};
}

// A minus sign that is typed as such.
std::optional<Edit> minus_sign(TextView text, size_t at) {
    if (text[at] != U'−') return std::nullopt;
    const bool spaced = at > 0 && text[at - 1] == U' ';
    return Edit{skip_one_space(text, at + 1), spaced || at == 0 ? U"minus " : U" minus "};
}

std::optional<Edit> per_mille(TextView text, size_t at) {
    if (text[at] != U'‰') return std::nullopt;
    return Edit{at + 1, U" per mille"};
}

}  // namespace

Text read_counts(Text text) {
    for (const auto rule :
         {hyphenated_code, feet_and_inches, inches, abbreviated_magnitude, slashed_numbers, vulgar_fraction,
          range, unit, power, times_as_much, comparison, minus_sign, per_mille, long_digits})
        text = replace_all(text, rule);
    return text;
}

}  // namespace coda::models::hibari
