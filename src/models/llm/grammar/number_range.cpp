#include "models/llm/grammar/number_range.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

namespace coda::models::llm::grammar {
namespace {

using Rule = Builder::Rule;

constexpr int64_t kMaxDigits = 15;  // of an unbounded side

Rule digit(Builder& builder, char from, char to) {
    ByteSet set;
    for (int c = from; c <= to; ++c) set.set(static_cast<size_t>(c));
    return builder.bytes(set);
}
Rule digits(Builder& builder, int64_t least, int64_t most) {
    return builder.repeat(digit(builder, '0', '9'), least, most);
}

// Numbers of one length between two texts of digits.
Rule same_length(Builder& builder, std::string_view from, std::string_view to) {
    if (from.empty()) return builder.nothing();
    const char low = from[0], high = to[0];
    const auto rest = static_cast<int64_t>(from.size()) - 1;
    if (low == high)
        return builder.sequence(
            {digit(builder, low, low), same_length(builder, from.substr(1), to.substr(1))});
    const std::string nines(from.size() - 1, '9'), zeros(from.size() - 1, '0');
    std::vector<Rule> options = {
        builder.sequence({digit(builder, low, low), same_length(builder, from.substr(1), nines)}),
        builder.sequence({digit(builder, high, high), same_length(builder, zeros, to.substr(1))})};
    if (low + 1 < high)
        options.push_back(
            builder.sequence({digit(builder, static_cast<char>(low + 1), static_cast<char>(high - 1)),
                              digits(builder, rest, rest)}));
    return builder.choice(options);
}

// Whole numbers from `from` to `to` (empty: without end), both without leading zeros.
Rule whole_range(Builder& builder, const std::string& from, const std::string& to) {
    std::vector<Rule> options;
    if (to.empty()) {
        const auto length = static_cast<int64_t>(from.size());
        options.push_back(same_length(builder, from, std::string(from.size(), '9')));
        if (length < 18)
            options.push_back(builder.sequence(
                {digit(builder, '1', '9'), digits(builder, length, std::max(length, kMaxDigits))}));
        return builder.choice(options);
    }
    for (size_t length = from.size(); length <= to.size(); ++length) {
        const std::string low = length == from.size() ? from : "1" + std::string(length - 1, '0');
        const std::string high = length == to.size() ? to : std::string(length, '9');
        options.push_back(same_length(builder, low, high));
    }
    return builder.choice(options);
}

std::string absolute_text(int64_t value) {
    return value < 0 ? std::to_string(value).substr(1) : std::to_string(value);
}

// ---- fractions: texts of digits d, at least one, with 0.low <= 0.d <= 0.high

// What may follow equal digits: 0.d >= 0.rest of the bound.
Rule fraction_from(Builder& builder, std::string_view low, bool inclusive, int64_t room) {
    if (low.empty()) {
        if (inclusive) return digits(builder, 0, room);
        // Something other than zeros.
        if (room <= 0) return builder.choice({});
        return builder.choice(
            {builder.sequence({digit(builder, '1', '9'), digits(builder, 0, room - 1)}),
             builder.sequence({digit(builder, '0', '0'), fraction_from(builder, low, false, room - 1)})});
    }
    std::vector<Rule> options = {builder.sequence(
        {digit(builder, low[0], low[0]), fraction_from(builder, low.substr(1), inclusive, room - 1)})};
    if (low[0] < '9')
        options.push_back(builder.sequence(
            {digit(builder, static_cast<char>(low[0] + 1), '9'), digits(builder, 0, room - 1)}));
    return builder.choice(options);
}

Rule fraction_to(Builder& builder, std::string_view high, bool inclusive, int64_t room) {
    if (high.empty())
        return inclusive ? builder.repeat(digit(builder, '0', '0'), 0, room) : builder.choice({});
    std::vector<Rule> options = {builder.sequence(
        {digit(builder, high[0], high[0]), fraction_to(builder, high.substr(1), inclusive, room - 1)})};
    if (high[0] > '0')
        options.push_back(builder.sequence(
            {digit(builder, '0', static_cast<char>(high[0] - 1)), digits(builder, 0, room - 1)}));
    // Ending early is less than the bound, whose last digit is no zero.
    options.push_back(builder.nothing());
    return builder.choice(options);
}

Rule fraction_between(Builder& builder, std::string_view low, bool low_inclusive, std::string_view high,
                      bool high_inclusive, int64_t room) {
    if (low.empty()) {
        // The lower side is at zero: above it, or at it where it counts.
        if (low_inclusive) return fraction_to(builder, high, high_inclusive, room);
        if (high.empty() || room <= 0) return builder.choice({});
        std::vector<Rule> options;
        if (high[0] > '0') {
            if (high[0] > '1')
                options.push_back(builder.sequence(
                    {digit(builder, '1', static_cast<char>(high[0] - 1)), digits(builder, 0, room - 1)}));
            options.push_back(
                builder.sequence({digit(builder, high[0], high[0]),
                                  fraction_to(builder, high.substr(1), high_inclusive, room - 1)}));
            options.push_back(
                builder.sequence({digit(builder, '0', '0'), fraction_from(builder, "", false, room - 1)}));
        } else {
            options.push_back(builder.sequence(
                {digit(builder, '0', '0'),
                 fraction_between(builder, "", false, high.substr(1), high_inclusive, room - 1)}));
        }
        return builder.choice(options);
    }
    const char first = low[0], last = high.empty() ? '0' : high[0];
    const std::string_view high_rest = high.empty() ? high : high.substr(1);
    if (first > last) return builder.choice({});
    if (first == last)
        return builder.sequence(
            {digit(builder, first, first),
             fraction_between(builder, low.substr(1), low_inclusive, high_rest, high_inclusive, room - 1)});
    std::vector<Rule> options = {
        builder.sequence(
            {digit(builder, first, first), fraction_from(builder, low.substr(1), low_inclusive, room - 1)}),
        builder.sequence(
            {digit(builder, last, last), fraction_to(builder, high_rest, high_inclusive, room - 1)})};
    if (first + 1 < last)
        options.push_back(
            builder.sequence({digit(builder, static_cast<char>(first + 1), static_cast<char>(last - 1)),
                              digits(builder, 0, room - 1)}));
    return builder.choice(options);
}

constexpr int64_t kFractionDigits = 16;

std::string plus_one(std::string digits) {
    for (size_t i = digits.size(); i-- > 0;) {
        if (digits[i] != '9') {
            ++digits[i];
            return digits;
        }
        digits[i] = '0';
    }
    return "1" + digits;
}

std::string minus_one(std::string digits) {
    for (size_t i = digits.size(); i-- > 0;) {
        if (digits[i] != '0') {
            --digits[i];
            break;
        }
        digits[i] = '9';
    }
    const size_t first = std::min(digits.find_first_not_of('0'), digits.size() - 1);
    return digits.substr(first);
}

bool at_most(const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() < b.size() : a <= b;
}

// Numbers without sign.
Rule positive_range(Builder& builder, const DecimalBound& low, const std::optional<DecimalBound>& high) {
    std::vector<Rule> options;
    const Rule any_fraction = builder.sequence({builder.literal("."), digits(builder, 1, kFractionDigits)});
    if (high && high->whole == low.whole) {
        const Rule whole = builder.literal(low.whole);
        if (low.fraction.empty() && low.inclusive && (!high->fraction.empty() || high->inclusive))
            options.push_back(whole);
        // Written with a first digit of its own, so that the point is never bare.
        for (char c = '0'; c <= '9'; ++c) {
            const std::string first(1, c);
            const std::string_view low_rest =
                low.fraction.empty() ? std::string_view() : std::string_view(low.fraction).substr(1);
            const std::string_view high_rest =
                high->fraction.empty() ? std::string_view() : std::string_view(high->fraction).substr(1);
            const char from = low.fraction.empty() ? '0' : low.fraction[0],
                       to = high->fraction.empty() ? '0' : high->fraction[0];
            if (c < from || c > to) continue;
            Rule rest = digits(builder, 0, kFractionDigits - 1);
            if (c == from && c == to)
                rest = fraction_between(builder, low_rest, low.inclusive, high_rest, high->inclusive,
                                        kFractionDigits - 1);
            else if (c == from)
                rest = fraction_from(builder, low_rest, low.inclusive, kFractionDigits - 1);
            else if (c == to)
                rest = fraction_to(builder, high_rest, high->inclusive, kFractionDigits - 1);
            options.push_back(builder.sequence({whole, builder.literal("." + first), rest}));
        }
        return builder.choice(options);
    }
    // The bound's own whole part, then those between.
    const DecimalBound top = {false, low.whole, std::string(kFractionDigits, '9'), true};
    options.push_back(positive_range(builder, low, top));
    const std::string from = plus_one(low.whole);
    if (!high) {
        options.push_back(builder.sequence({whole_range(builder, from, ""), builder.optional(any_fraction)}));
        return builder.choice(options);
    }
    const std::string to = minus_one(high->whole);
    if (at_most(from, to))
        options.push_back(builder.sequence({whole_range(builder, from, to), builder.optional(any_fraction)}));
    options.push_back(positive_range(builder, {false, high->whole, "", true}, high));
    return builder.choice(options);
}

}  // namespace

Rule integer_range(Builder& builder, std::optional<int64_t> least, std::optional<int64_t> most) {
    std::vector<Rule> options;
    if (!most || *most >= 0) {
        const int64_t from = std::max<int64_t>(least.value_or(0), 0);
        if (!most || from <= *most)
            options.push_back(whole_range(builder, std::to_string(from), most ? std::to_string(*most) : ""));
    }
    if (!least || *least < 0) {
        const int64_t to = std::min<int64_t>(most.value_or(-1), -1);
        if (!least || *least <= to)
            options.push_back(
                builder.sequence({builder.literal("-"), whole_range(builder, absolute_text(to),
                                                                    least ? absolute_text(*least) : "")}));
    }
    return builder.choice(options);
}

std::optional<DecimalBound> DecimalBound::of(double value, bool inclusive) {
    if (!std::isfinite(value) || std::fabs(value) >= 1e15) return std::nullopt;
    const std::string text = fmt::format("{:.15f}", std::fabs(value));
    if (std::stod(text) != std::fabs(value)) return std::nullopt;
    // The shortest digits that mean the same number.
    std::string digits = text;
    for (int places = 0; places <= 15; ++places) {
        digits = fmt::format("{:.{}f}", std::fabs(value), places);
        if (std::stod(digits) == std::fabs(value)) break;
    }
    DecimalBound out;
    out.negative = std::signbit(value) && value != 0;
    out.inclusive = inclusive;
    const size_t point = digits.find('.');
    out.whole = digits.substr(0, point);
    if (point != std::string::npos) out.fraction = digits.substr(point + 1);
    while (!out.fraction.empty() && out.fraction.back() == '0') out.fraction.pop_back();
    return out;
}

Rule number_range(Builder& builder, const std::optional<DecimalBound>& least,
                  const std::optional<DecimalBound>& most) {
    std::vector<Rule> options;
    const DecimalBound zero;
    if (!most || !most->negative) {
        const bool from_bound = least && !least->negative;
        const bool possible = !from_bound || !most || at_most(least->whole, most->whole);
        if (possible) options.push_back(positive_range(builder, from_bound ? *least : zero, most));
    }
    if (!least || least->negative) {
        // The sign turns the bounds round; no negative zero.
        DecimalBound low = zero;
        low.inclusive = false;
        if (most && most->negative) low = *most;
        std::optional<DecimalBound> high = least;
        if (!high || at_most(low.whole, high->whole))
            options.push_back(builder.sequence({builder.literal("-"), positive_range(builder, low, high)}));
    }
    return builder.choice(options);
}

}  // namespace coda::models::llm::grammar
