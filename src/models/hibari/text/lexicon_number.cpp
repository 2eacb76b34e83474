#include "models/hibari/text/lexicon_number.h"

#include "models/hibari/text/lexicon.h"
#include "models/hibari/text/numbers.h"
#include "models/hibari/text/scan.h"

#include <algorithm>
#include <array>

namespace coda::models::hibari {

namespace {

bool is_ordinal_ending(TextView ending) {
    return ending == U"st" || ending == U"nd" || ending == U"rd" || ending == U"th";
}

struct CurrencyWords {
    char32_t sign;
    TextView whole, part;
};
constexpr std::array<CurrencyWords, 3> kCurrencies = {
    {{U'$', U"dollar", U"cent"}, {U'£', U"pound", U"pence"}, {U'€', U"euro", U"cent"}}};

const CurrencyWords* currency_words(char32_t sign) {
    const auto found = std::find_if(kCurrencies.begin(), kCurrencies.end(),
                                    [&](const CurrencyWords& c) { return c.sign == sign; });
    return found == kCurrencies.end() ? nullptr : &*found;
}

Text without_commas(TextView text) {
    Text out(text);
    std::erase(out, U',');
    return out;
}

// An amount with at most two decimals.
bool is_amount(TextView number) {
    const auto points = std::count(number.begin(), number.end(), U'.');
    return points == 0 || (points == 1 && number.size() - number.find(U'.') <= 3);
}

std::string spelled_digits(TextView digits) {
    std::string words;
    for (const char32_t d : digits) words += cardinal(static_cast<int>(d - U'0')) + " ";
    return words;
}

bool is_one(TextView digits) {
    const size_t first = digits.find_first_not_of(U'0');
    return first != TextView::npos && digits.substr(first) == U"1";
}

bool is_zero(TextView digits) {
    return digits.find_first_not_of(U'0') == TextView::npos;
}

}  // namespace

bool is_number(TextView text, bool head) {
    if (std::none_of(text.begin(), text.end(), is_ascii_digit)) return false;
    constexpr std::array<TextView, 9> kEndings = {U"ing", U"'d", U"ed", U"'s", U"st",
                                                  U"nd",  U"rd", U"th", U"s"};
    for (const TextView ending : kEndings) {
        if (text.size() < ending.size() || text.substr(text.size() - ending.size()) != ending) continue;
        text.remove_suffix(ending.size());
        break;
    }
    if (head && !text.empty() && text.front() == U'-') text.remove_prefix(1);
    return std::all_of(text.begin(), text.end(),
                       [](char32_t c) { return is_ascii_digit(c) || c == U',' || c == U'.'; });
}

TextView number_ending(TextView text) {
    size_t at = text.size();
    while (at > 0 && ((text[at - 1] >= U'a' && text[at - 1] <= U'z') || text[at - 1] == U'\'')) --at;
    return text.substr(at);
}

void Lexicon::append(std::optional<Text> phonemes, Text& out) const {
    if (!phonemes) return;
    if (!out.empty()) out += U' ';
    out += *phonemes;
}

void Lexicon::append_words(std::string_view words, Text& out) const {
    for (size_t at = 0; at < words.size();) {
        size_t end = at;
        while (end < words.size() && words[end] >= 'a' && words[end] <= 'z') ++end;
        const std::string_view word = words.substr(at, end - at);
        if (!word.empty() && word != "and") {
            append(plain(from_ascii(word), word == "point" ? Stress(-2.0f) : std::nullopt), out);
        }
        at = end + 1;
    }
}

void Lexicon::append_digits(TextView digits, Text& out) const {
    append_words(cardinal(to_ascii(digits)), out);
}

// "B42" forty-two, "A380" three eighty, "F105" one oh five, "X1234" digit by digit.
void Lexicon::append_inner_digits(TextView digits, Text& out) const {
    if (digits.empty()) return;
    if (digits[0] == U'0' || digits.size() > 3) {
        append_words(spelled_digits(digits), out);
    } else if (digits.size() == 3 && digits.substr(1) != U"00") {
        append_digits(digits.substr(0, 1), out);
        if (digits[1] == U'0') {
            append(plain(U"O", -2.0f), out);
            append_digits(digits.substr(2), out);
        } else {
            append_digits(digits.substr(1), out);
        }
    } else {
        append_digits(digits, out);
    }
}

// Numbers with several points ("1.2.3"), each part by itself.
void Lexicon::append_decimal_parts(TextView number, Text& out) const {
    for (size_t at = 0; at <= number.size();) {
        const size_t end = std::min(number.find(U'.', at), number.size());
        const TextView part = number.substr(at, end - at);
        at = end + 1;
        if (part.empty()) continue;
        const bool round = is_zero(part.substr(1));
        if (part[0] == U'0' || (part.size() != 2 && !round)) {
            append_words(spelled_digits(part), out);
        } else {
            append_digits(part, out);
        }
    }
}

void Lexicon::append_money(TextView number, char32_t currency, Text& out) const {
    const CurrencyWords& words = *currency_words(currency);
    const size_t point = number.find(U'.');
    const TextView whole = number.substr(0, point);
    const TextView part = point == TextView::npos ? TextView() : number.substr(point + 1);
    const auto append_amount = [&](TextView amount, TextView unit) {
        append_digits(amount, out);
        const bool in_plural = !is_one(amount) && unit != U"pence";
        append(in_plural ? with_s(plain(unit)) : plain(unit), out);
    };
    if (point == TextView::npos || is_zero(part)) return append_amount(whole, words.whole);
    if (!is_zero(whole)) {
        append_amount(whole, words.whole);
        append(plain(U"and"), out);
    }
    append_amount(part, words.part);
}

std::optional<Text> Lexicon::number(TextView text, char32_t currency, bool head) const {
    const TextView ending = number_ending(text);
    TextView digits = text.substr(0, text.size() - ending.size());
    Text out;
    const bool negative = !digits.empty() && digits.front() == U'-';
    if (negative) {
        append(plain(U"minus"), out);
        digits.remove_prefix(1);
    }
    const Text compact = without_commas(digits);
    if (std::none_of(compact.begin(), compact.end(), is_ascii_digit)) return std::nullopt;
    const bool whole = all_ascii_digits(digits);
    const auto points = std::count(digits.begin(), digits.end(), U'.');
    const bool money = currency_words(currency) != nullptr;

    if (whole && is_ordinal_ending(ending)) {
        append_words(ordinal(to_ascii(digits)), out);
    } else if (!negative && whole && digits.size() == 4 && !money) {
        append_words(year(to_int(digits)), out);
    } else if (!head && points == 0) {
        append_inner_digits(compact, out);
    } else if (!head || points > 1) {
        append_decimal_parts(compact, out);
    } else if (money && is_amount(digits)) {
        append_money(compact, currency, out);
    } else if (points == 0) {
        append_words(is_ordinal_ending(ending) ? ordinal(to_ascii(compact)) : cardinal(to_ascii(compact)),
                     out);
    } else if (compact[0] == U'.') {
        append_words("point " + spelled_digits(TextView(compact).substr(1)), out);
    } else {
        append_words(decimal(to_ascii(compact)), out);
    }
    if (out.empty()) return std::nullopt;
    if (ending == U"s" || ending == U"'s") return with_s(out);
    if (ending == U"ed" || ending == U"'d") return with_ed(out);
    if (ending == U"ing") return with_ing(out);
    return out;
}

std::optional<Text> Lexicon::with_currency(std::optional<Text> phonemes, char32_t currency) const {
    const CurrencyWords* words = currency_words(currency);
    if (!phonemes || words == nullptr) return phonemes;
    append(with_s(plain(words->whole)), *phonemes);
    return phonemes;
}

}  // namespace coda::models::hibari
