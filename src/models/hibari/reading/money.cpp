#include "models/hibari/reading/quantities.h"
#include "models/hibari/text/scan.h"

#include <array>

namespace coda::models::hibari {

namespace {

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

}  // namespace

Text read_money(Text text) {
    for (const auto rule : {money_range, currency_after, money, foreign_currency})
        text = replace_all(text, rule);
    return text;
}

}  // namespace coda::models::hibari
