#include "models/hibari/reading/quantities.h"

#include "models/hibari/reading/units.h"
#include "models/hibari/text/numbers.h"
#include "models/hibari/text/scan.h"

#include <algorithm>
#include <array>

namespace coda::models::hibari {

namespace {

constexpr size_t kLongestEquation = 80;
constexpr size_t kLongestPlainNumber = 12;  // longer digit strings are codes, not quantities

Text digits_apart(TextView digits) {
    Text out;
    for (const char32_t d : digits) {
        if (!out.empty()) out += U' ';
        out += d;
    }
    return out;
}

// Nothing that belongs to a number or a word stands before `at`.
bool number_starts(TextView text, size_t at) {
    return digit_at(text, at) && stands_free(text, at, U".,-/:'$£€¥");
}

// Times and dates
// -----------------------------------------------------------------------------------------------

constexpr std::array<TextView, 12> kMonths = {U"January",   U"February", U"March",    U"April",
                                              U"May",       U"June",     U"July",     U"August",
                                              U"September", U"October",  U"November", U"December"};

// "14:30" as "2:30 PM"; a time that may be on the 12-hour clock stays.
Text spoken_clock(TextView time) {
    const size_t colon = time.find(U':');
    const int hour = to_int(time.substr(0, colon)), minute = to_int(time.substr(colon + 1));
    const bool day_hour = hour >= 13 || hour == 0 || time[0] == U'0';
    if (!day_hour || hour > 23 || minute > 59) return Text(time);
    Text out = from_ascii(std::to_string(hour % 12 == 0 ? 12 : hour % 12));
    if (minute != 0) out += time.substr(colon);
    return out + (hour < 12 ? U" AM" : U" PM");
}

std::optional<Edit> day_clock(TextView text, size_t at) {
    if (!number_starts(text, at)) return std::nullopt;
    const size_t hour_end = digits_end(text, at, 2), end = hour_end + 3;
    if (at_or_nul(text, hour_end) != U':' || digits_end(text, hour_end + 1, 3) != end) return std::nullopt;
    if (word_at(text, end) || (contains(U":.,-–/", at_or_nul(text, end)) && digit_at(text, end + 1)))
        return std::nullopt;
    const size_t after_space = skip_one_space(text, end);
    const char32_t half = to_lower(at_or_nul(text, after_space));
    if ((half == U'a' || half == U'p') && contains(U".mM", at_or_nul(text, after_space + 1)))
        return std::nullopt;
    return Edit{end, spoken_clock(text.substr(at, end - at))};
}

// "9:00–17:00": the dash between two times.
std::optional<Edit> time_range(TextView text, size_t at) {
    if (!number_starts(text, at)) return std::nullopt;
    const auto time_end = [&](size_t i) {
        const size_t hour_end = digits_end(text, i, 2);
        const bool time = hour_end > i && at_or_nul(text, hour_end) == U':' &&
                          digits_end(text, hour_end + 1, 3) == hour_end + 3;
        return time ? hour_end + 3 : i;
    };
    const size_t first_end = time_end(at), dash = skip_one_space(text, first_end);
    if (first_end == at || !contains(U"-–", at_or_nul(text, dash)) || dash >= text.size())
        return std::nullopt;
    const size_t second = skip_one_space(text, dash + 1);
    if (time_end(second) == second) return std::nullopt;
    return Edit{second, spoken_clock(text.substr(at, first_end - at)) + U" to "};
}

// "9am–5pm"
std::optional<Edit> half_day_range(TextView text, size_t at) {
    if (!contains(U"-–", text[at]) || at < 3 || to_lower(text[at - 1]) != U'm' || !digit_at(text, at + 1))
        return std::nullopt;
    const bool half =
        contains(U"aApP", text[at - 2]) && (is_ascii_digit(text[at - 3]) || text[at - 3] == U' ');
    return half ? std::optional(Edit{at + 1, U" to "}) : std::nullopt;
}

// "2024-03-05T14:30:00Z" as "2024-03-05, 14:30 U T C".
std::optional<Edit> date_and_time(TextView text, size_t at) {
    if (!number_starts(text, at) || digits_end(text, at, 4) != at + 4) return std::nullopt;
    const auto pair = [&](size_t i, char32_t mark) {
        return at_or_nul(text, i) == mark && digits_end(text, i + 1, 2) == i + 3;
    };
    if (!pair(at + 4, U'-') || !pair(at + 7, U'-') || !pair(at + 11 - 1, U'T') || !pair(at + 13, U':'))
        return std::nullopt;
    size_t end = at + 16;
    if (pair(end, U':')) end += 3;
    if (at_or_nul(text, end) == U'.') end = digits_end(text, end + 1);
    Text zone;
    if (at_or_nul(text, end) == U'Z') {
        zone = U" UTC";
        ++end;
    } else if (contains(U"+-", at_or_nul(text, end)) && digits_end(text, end + 1, 2) == end + 3) {
        end += 3;
        if (pair(end, U':')) end += 3;
    }
    if (word_at(text, end)) return std::nullopt;
    return Edit{end, Text(text.substr(at, 10)) + U", " + Text(text.substr(at + 11, 5)) + zone};
}

// "05.03.2024" as "5 March 2024": with points the day comes first.
std::optional<Edit> pointed_date(TextView text, size_t at) {
    if (!number_starts(text, at)) return std::nullopt;
    const size_t day_end = digits_end(text, at, 2);
    const size_t month_end = digits_end(text, day_end + 1, 2);
    const size_t end = digits_end(text, month_end + 1, 5);
    if (at_or_nul(text, day_end) != U'.' || at_or_nul(text, month_end) != U'.' || end != month_end + 5 ||
        month_end == day_end + 1 || word_at(text, end)) {
        return std::nullopt;
    }
    const int day = to_int(text.substr(at, day_end - at));
    const int month = to_int(text.substr(day_end + 1, month_end - day_end - 1));
    if (day < 1 || day > 31 || month < 1 || month > 12) return std::nullopt;
    return Edit{end, from_ascii(std::to_string(day)) + U" " + Text(kMonths[static_cast<size_t>(month - 1)]) +
                         U" " + Text(text.substr(month_end + 1, 4))};
}

// "2024-05" as "May 2024".
std::optional<Edit> year_and_month(TextView text, size_t at) {
    if (!number_starts(text, at) || digits_end(text, at, 5) != at + 4 || at_or_nul(text, at + 4) != U'-')
        return std::nullopt;
    const size_t end = at + 7;
    if (digits_end(text, at + 5, 3) != end || word_at(text, end) || at_or_nul(text, end) == U'-')
        return std::nullopt;
    const int year = to_int(text.substr(at, 4)), month = to_int(text.substr(at + 5, 2));
    if (year < 1500 || year > 2100 || month < 1 || month > 12 || text[at + 5] > U'1') return std::nullopt;
    return Edit{end, Text(kMonths[static_cast<size_t>(month - 1)]) + U" " + Text(text.substr(at, 4))};
}

// Calculations
// --------------------------------------------------------------------------------------------------

Text operator_word(char32_t c) {
    switch (c) {
        case U'+':
            return U" plus ";
        case U'-':
        case U'−':
        case U'–':
            return U" minus ";
        case U'*':
        case U'×':
        case U'x':
            return U" times ";
        case U'/':
        case U'÷':
            return U" divided by ";
        default:
            return {};
    }
}

// "12 - 5 =" and "(3+4)*2 =": before an equals sign, signs between numbers are operations.
std::optional<Edit> equation(TextView text, size_t at) {
    if (!number_starts(text, at) && !(text[at] == U'(' && digit_at(text, at + 1))) return std::nullopt;
    size_t end = at;
    bool operation = false;
    while (
        end < text.size() && end - at < kLongestEquation &&
        (is_ascii_digit(text[end]) || contains(U" .,()%", text[end]) || !operator_word(text[end]).empty())) {
        operation = operation || !operator_word(text[end]).empty();
        ++end;
    }
    if (!operation || at_or_nul(text, end) != U'=' || at_or_nul(text, end + 1) == U'=') return std::nullopt;
    Text out;
    char32_t before = 0;  // the last character that is not a space
    for (const char32_t c : text.substr(at, end - at)) {
        const Text word = operator_word(c);
        if (word.empty()) {
            if (c != U'(' && c != U')') out += c;
        } else if ((c == U'-' || c == U'−') && !is_ascii_digit(before) && before != U')') {
            out += U" minus ";
        } else {
            out += word;
        }
        if (c != U' ') before = c;
    }
    return Edit{end, out};
}

// "10 / 4" with spaces is a division; "10 × 4" and "10*4" a product; "1920x1080" a size.
std::optional<Edit> operation(TextView text, size_t at) {
    if (!number_starts(text, at)) return std::nullopt;
    const size_t first_end = number_end(text, at);
    const bool spaced = at_or_nul(text, first_end) == U' ';
    const size_t sign = spaced ? first_end + 1 : first_end;
    const char32_t c = at_or_nul(text, sign);
    const size_t second = at_or_nul(text, sign + 1) == U' ' ? sign + 2 : sign + 1;
    if (!digit_at(text, second)) return std::nullopt;
    const Text first(text.substr(at, first_end - at));
    if (c == U'×' || c == U'x' || c == U'X') {
        const bool size = !spaced && (c != U'×' || first.size() >= 3);
        if (word_at(text, number_end(text, second)) && c != U'×' &&
            at_or_nul(text, number_end(text, second)) != U'x')
            return std::nullopt;
        return Edit{second, first + (size ? U" by " : U" times ")};
    }
    if (spaced && (c == U'/' || c == U'÷')) return Edit{second, first + U" divided by "};
    if (spaced && c == U'+' && second == sign + 2) return Edit{second, first + U" plus "};
    return std::nullopt;
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

// "3e8", "1.5E-6"
std::optional<Edit> scientific(TextView text, size_t at) {
    if (!number_starts(text, at)) return std::nullopt;
    const size_t end = number_end(text, at);
    if (to_lower(at_or_nul(text, end)) != U'e') return std::nullopt;
    size_t exponent = end + 1;
    const bool minus = at_or_nul(text, exponent) == U'-';
    if (minus || at_or_nul(text, exponent) == U'+') ++exponent;
    const size_t stop = digits_end(text, exponent, 3);
    if (stop == exponent || word_at(text, stop)) return std::nullopt;
    return Edit{stop, Text(text.substr(at, end - at)) + U" times 10 to the power of " +
                          (minus ? U"minus " : U"") + Text(text.substr(exponent, stop - exponent))};
}

// Money
// ---------------------------------------------------------------------------------------------------------

struct CurrencyName {
    TextView sign, one, many;
};
constexpr std::array<CurrencyName, 14> kForeign = {{{U"₽", U"ruble", U"rubles"},
                                                    {U"₺", U"lira", U"lira"},
                                                    {U"₫", U"dong", U"dong"},
                                                    {U"₱", U"peso", U"pesos"},
                                                    {U"₪", U"shekel", U"shekels"},
                                                    {U"฿", U"baht", U"baht"},
                                                    {U"₴", U"hryvnia", U"hryvnias"},
                                                    {U"₦", U"naira", U"naira"},
                                                    {U"₿", U"bitcoin", U"bitcoins"},
                                                    {U"₩", U"won", U"won"},
                                                    {U"₹", U"rupee", U"rupees"},
                                                    {U"¥", U"yen", U"yen"},
                                                    {U"CHF", U"Swiss franc", U"Swiss francs"},
                                                    {U"R$", U"real", U"reais"}}};

bool is_single(TextView number) {
    return number == U"1";
}

// The word for a magnitude written after an amount ("bn", "M", "million"), and where it ends.
Text magnitude_word(TextView text, size_t at, size_t& end) {
    constexpr std::array<std::pair<TextView, TextView>, 13> kMagnitudes = {{{U"thousand", U"thousand"},
                                                                            {U"million", U"million"},
                                                                            {U"billion", U"billion"},
                                                                            {U"trillion", U"trillion"},
                                                                            {U"bn", U"billion"},
                                                                            {U"mn", U"million"},
                                                                            {U"tn", U"trillion"},
                                                                            {U"k", U"thousand"},
                                                                            {U"K", U"thousand"},
                                                                            {U"m", U"million"},
                                                                            {U"M", U"million"},
                                                                            {U"B", U"billion"},
                                                                            {U"T", U"trillion"}}};
    const size_t start = skip_one_space(text, at);
    for (const auto& [written, word] : kMagnitudes) {
        if (written.size() <= 2 && start > at)
            continue;  // a letter belongs to the number only when it touches it
        end = start + written.size();
        if (starts_at(text, start, written) && !word_at(text, end)) return Text(word);
    }
    end = at;
    return {};
}

// "$3bn", "$5.5", "€5,50", "US$5": into what the package reads well.
std::optional<Edit> money(TextView text, size_t at) {
    size_t sign = at;
    if (starts_at(text, at, U"US$") || starts_at(text, at, U"A$") || starts_at(text, at, U"C$")) {
        if (at > 0 && is_word(text[at - 1])) return std::nullopt;
        sign = text.find(U'$', at);
    }
    if (!contains(U"$£€", text[sign])) return std::nullopt;
    const size_t number = at_or_nul(text, sign + 1) == U' ' ? sign + 2 : sign + 1;
    size_t end = number_end(text, number);
    if (end == number) return std::nullopt;
    Text amount(text.substr(number, end - number));
    const bool comma_decimals =
        at_or_nul(text, end) == U',' && digits_end(text, end + 1, 3) == end + 3 && !contains(amount, U'.');
    if (comma_decimals && text[sign] == U'€') {
        amount += U"." + Text(text.substr(end + 1, 2));
        end += 3;
    }
    size_t after = 0;
    const Text big = magnitude_word(text, end, after);
    const bool one_decimal = amount.size() >= 2 && amount[amount.size() - 2] == U'.';
    if (big.empty() && one_decimal) amount += U'0';
    const Text with = Text{text[sign]} + amount + (big.empty() ? U"" : U" " + big);
    return Edit{after, with};
}

// "$5-$10", "£2–3 million"
std::optional<Edit> money_range(TextView text, size_t at) {
    if (!contains(U"-–", text[at]) || at == 0) return std::nullopt;
    size_t back = at;
    if (back > 0 && text[back - 1] == U' ') --back;
    size_t start = back;
    while (start > 0 && back - start < 20 && (is_alnum(text[start - 1]) || contains(U".,", text[start - 1])))
        --start;
    if (start == back || start == 0 || !contains(U"$£€", text[start - 1])) return std::nullopt;
    const size_t next = skip_one_space(text, at + 1);
    if (contains(U"$£€", at_or_nul(text, next)) && digit_at(text, next + 1)) return Edit{next, U" to "};
    if (!digit_at(text, next)) return std::nullopt;
    return Edit{next, Text(U" to ") + text[start - 1]};
}

// "5 €" and "5€", "500 ₽" and "₽500".
std::optional<Edit> currency_after(TextView text, size_t at) {
    if (!number_starts(text, at)) return std::nullopt;
    const size_t end = number_end(text, at), sign = skip_one_space(text, end);
    const Text number(text.substr(at, end - at));
    const char32_t c = at_or_nul(text, sign);
    if (contains(U"€£$", c) && !digit_at(text, sign + 1) && sign < text.size())
        return Edit{sign + 1, Text{c} + number};
    for (const CurrencyName& currency : kForeign) {
        const size_t stop = sign + currency.sign.size();
        if (starts_at(text, sign, currency.sign) && !word_at(text, stop)) {
            return Edit{stop, number + U" " + Text(is_single(number) ? currency.one : currency.many)};
        }
    }
    return std::nullopt;
}

std::optional<Edit> foreign_currency(TextView text, size_t at) {
    if (at > 0 && is_word(text[at - 1])) return std::nullopt;
    for (const CurrencyName& currency : kForeign) {
        if (!starts_at(text, at, currency.sign)) continue;
        const size_t number = skip_one_space(text, at + currency.sign.size());
        const size_t end = number_end(text, number);
        if (end == number) return std::nullopt;
        size_t after = 0;
        const Text big = magnitude_word(text, end, after);
        const Text amount(text.substr(number, end - number));
        return Edit{after, amount + (big.empty() ? U"" : U" " + big) + U" " +
                               Text(is_single(amount) && big.empty() ? currency.one : currency.many)};
    }
    return std::nullopt;
}

// Counts
// --------------------------------------------------------------------------------------------------------

// "1 000 000" and "1_000_000" and "1'000'000" as "1000000".
std::optional<Edit> grouped_digits(TextView text, size_t at) {
    if (!number_starts(text, at)) return std::nullopt;
    size_t end = digits_end(text, at, 3);
    const char32_t separator = at_or_nul(text, end);
    if (!contains(U" _'’\u2009\u202f\u00a0", separator) || end >= text.size()) return std::nullopt;
    Text digits(text.substr(at, end - at));
    size_t groups = 0;
    while (at_or_nul(text, end) == separator && digits_end(text, end + 1, 4) == end + 4) {
        digits += text.substr(end + 1, 3);
        end += 4;
        ++groups;
    }
    if (groups < (separator == U' ' ? 2u : 1u) || word_at(text, end)) return std::nullopt;
    return Edit{end, digits};
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
    return Edit{found->end,
                Text(number) + U" " + (adjective || is_single(number) ? found->one : found->many)};
}

// "10x faster" as "10 times faster".
std::optional<Edit> times_as_much(TextView text, size_t at) {
    if (!number_starts(text, at)) return std::nullopt;
    const size_t end = number_end(text, at);
    if (to_lower(at_or_nul(text, end)) != U'x' && at_or_nul(text, end) != U'×') return std::nullopt;
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

Text read_quantities(Text text) {
    using Rule = std::optional<Edit> (*)(TextView, size_t);
    // Earlier rules take what later ones would misread: a date before a range, a range before its unit.
    constexpr std::array<Rule, 25> kRules = {date_and_time,
                                             time_range,
                                             day_clock,
                                             pointed_date,
                                             year_and_month,
                                             grouped_digits,
                                             equation,
                                             operation,
                                             scientific,
                                             money_range,
                                             currency_after,
                                             money,
                                             foreign_currency,
                                             feet_and_inches,
                                             slashed_numbers,
                                             vulgar_fraction,
                                             range,
                                             unit,
                                             power,
                                             times_as_much,
                                             comparison,
                                             minus_sign,
                                             per_mille,
                                             long_digits,
                                             half_day_range};
    for (const Rule rule : kRules) text = replace_all(text, rule);
    return text;
}

}  // namespace coda::models::hibari
