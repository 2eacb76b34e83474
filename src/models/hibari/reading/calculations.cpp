#include "models/hibari/reading/quantities.h"
#include "models/hibari/text/scan.h"

namespace coda::models::hibari {

namespace {

constexpr size_t kLongestEquation = 80;

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
        const bool size = c != U'×' || (!spaced && first.size() >= 3);
        if (word_at(text, number_end(text, second)) && c != U'×' &&
            at_or_nul(text, number_end(text, second)) != U'x')
            return std::nullopt;
        return Edit{second, first + (size ? U" by " : U" times ")};
    }
    if (spaced && (c == U'/' || c == U'÷')) return Edit{second, first + U" divided by "};
    if (spaced && c == U'+' && second == sign + 2) return Edit{second, first + U" plus "};
    return std::nullopt;
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

}  // namespace

Text read_calculations(Text text) {
    for (const auto rule : {grouped_digits, equation, operation, scientific}) text = replace_all(text, rule);
    return text;
}

}  // namespace coda::models::hibari
