#include "tools/units.h"

#include "tools/words.h"

#include <array>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

namespace coda::tools {

enum class Kind { length, mass, volume, time, temperature, area, speed, data };

struct Unit {
    Kind kind;
    std::string_view one, many;
    std::string_view others;           // further names, separated by '|'
    long long numerator, denominator;  // in the kind's base unit: m, g, ml, s, K, m^2, m/s, byte
    long long offset_numerator = 0;    // temperatures: base = factor * (value + offset)
    long long offset_denominator = 1;
};

namespace {

constexpr std::array kUnits = {
    Unit{Kind::length, "meter", "meters", "m", 1, 1},
    Unit{Kind::length, "kilometer", "kilometers", "km|kms|k", 1000, 1},
    Unit{Kind::length, "centimeter", "centimeters", "cm|cms", 1, 100},
    Unit{Kind::length, "millimeter", "millimeters", "mm", 1, 1000},
    Unit{Kind::length, "inch", "inches", "in", 254, 10000},
    Unit{Kind::length, "foot", "feet", "ft", 3048, 10000},
    Unit{Kind::length, "yard", "yards", "yd|yds", 9144, 10000},
    Unit{Kind::length, "mile", "miles", "mi", 1609344, 1000},
    Unit{Kind::length, "nautical mile", "nautical miles", "", 1852, 1},
    Unit{Kind::mass, "gram", "grams", "g|gramme|grammes", 1, 1},
    Unit{Kind::mass, "kilogram", "kilograms", "kg|kgs|kilo|kilos|kilogramme|kilogrammes", 1000, 1},
    Unit{Kind::mass, "milligram", "milligrams", "mg", 1, 1000},
    Unit{Kind::mass, "tonne", "tonnes", "metric ton|metric tons", 1000000, 1},
    Unit{Kind::mass, "ounce", "ounces", "oz", 28349523125, 1000000000},
    Unit{Kind::mass, "pound", "pounds", "lb|lbs", 45359237, 100000},
    Unit{Kind::mass, "stone", "stone", "stones", 635029318, 100000},
    Unit{Kind::mass, "ton", "tons", "us ton|us tons|short ton|short tons", 90718474, 100},
    Unit{Kind::volume, "milliliter", "milliliters", "ml|millilitre|millilitres", 1, 1},
    Unit{Kind::volume, "liter", "liters", "l", 1000, 1},
    Unit{Kind::volume, "centiliter", "centiliters", "cl", 10, 1},
    Unit{Kind::volume, "deciliter", "deciliters", "dl", 100, 1},
    Unit{Kind::volume, "teaspoon", "teaspoons", "tsp", 492892159375, 100000000000},
    Unit{Kind::volume, "tablespoon", "tablespoons", "tbsp", 1478676478125, 100000000000},
    Unit{Kind::volume, "fluid ounce", "fluid ounces", "fl oz", 295735295625, 10000000000},
    Unit{Kind::volume, "cup", "cups", "", 2365882365, 10000000},
    Unit{Kind::volume, "pint", "pints", "pt|pts", 473176473, 1000000},
    Unit{Kind::volume, "quart", "quarts", "qt|qts", 946352946, 1000000},
    Unit{Kind::volume, "gallon", "gallons", "gal|us gallon|us gallons", 3785411784, 1000000},
    Unit{Kind::time, "second", "seconds", "sec|secs|s", 1, 1},
    Unit{Kind::time, "millisecond", "milliseconds", "ms", 1, 1000},
    Unit{Kind::time, "minute", "minutes", "min|mins", 60, 1},
    Unit{Kind::time, "hour", "hours", "hr|hrs|h", 3600, 1},
    Unit{Kind::time, "day", "days", "", 86400, 1},
    Unit{Kind::time, "week", "weeks", "", 604800, 1},
    Unit{Kind::time, "fortnight", "fortnights", "", 1209600, 1},
    Unit{Kind::time, "year", "years", "", 31536000, 1},
    Unit{Kind::time, "leap year", "leap years", "", 31622400, 1},
    Unit{Kind::temperature, "degree Celsius", "degrees Celsius",
         "celsius|c|centigrade|degrees centigrade|degrees c", 1, 1, 27315, 100},
    Unit{Kind::temperature, "degree Fahrenheit", "degrees Fahrenheit", "fahrenheit|f|degrees f", 5, 9, 45967,
         100},
    Unit{Kind::temperature, "kelvin", "kelvin", "kelvins|k|degrees kelvin", 1, 1},
    Unit{Kind::area, "square meter", "square meters", "", 1, 1},
    Unit{Kind::area, "square kilometer", "square kilometers", "", 1000000, 1},
    Unit{Kind::area, "square foot", "square feet", "", 9290304, 100000000},
    Unit{Kind::area, "square mile", "square miles", "", 2589988110336, 1000000},
    Unit{Kind::area, "hectare", "hectares", "", 10000, 1},
    Unit{Kind::area, "acre", "acres", "", 40468564224, 10000000},
    Unit{Kind::speed, "meter per second", "meters per second", "m/s", 1, 1},
    Unit{Kind::speed, "kilometer per hour", "kilometers per hour",
         "kph|kmh|kilometers an hour|km per hour|km / h", 1000, 3600},
    Unit{Kind::speed, "mile per hour", "miles per hour", "mph|miles an hour", 1609344, 3600000},
    Unit{Kind::speed, "knot", "knots", "", 1852, 3600},
    Unit{Kind::data, "byte", "bytes", "", 1, 1},
    Unit{Kind::data, "bit", "bits", "", 1, 8},
    Unit{Kind::data, "kilobyte", "kilobytes", "kb", 1000, 1},
    Unit{Kind::data, "megabyte", "megabytes", "mb|megs", 1000000, 1},
    Unit{Kind::data, "gigabyte", "gigabytes", "gb|gigs", 1000000000, 1},
    Unit{Kind::data, "terabyte", "terabytes", "tb", 1000000000000, 1},
    Unit{Kind::data, "kibibyte", "kibibytes", "", 1024, 1},
    Unit{Kind::data, "mebibyte", "mebibytes", "", 1048576, 1},
    Unit{Kind::data, "gibibyte", "gibibytes", "", 1073741824, 1},
};

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

// Every name of every unit; of one that two units share, the first has it.
std::unordered_map<std::string, const Unit*> named_units() {
    std::unordered_map<std::string, const Unit*> names;
    for (const Unit& unit : kUnits) {
        names.emplace(lower(unit.one), &unit);
        names.emplace(lower(unit.many), &unit);
        for (std::string_view rest = unit.others; !rest.empty();) {
            const size_t bar = std::min(rest.find('|'), rest.size());
            names.emplace(rest.substr(0, bar), &unit);
            rest.remove_prefix(std::min(bar + 1, rest.size()));
        }
    }
    return names;
}

const Unit* smaller_part(const Unit& unit) {
    const std::string part = unit.one == "foot"    ? "inch"
                             : unit.one == "pound" ? "ounce"
                             : unit.one == "stone" ? "pound"
                                                   : "";
    return part.empty() ? nullptr : find_unit(std::array{part});
}

std::optional<Rational> to_base(const Rational& amount, const Unit& unit) {
    const std::optional<Rational> moved =
        amount.plus(*Rational::fraction(unit.offset_numerator, unit.offset_denominator));
    return moved ? moved->times(*Rational::fraction(unit.numerator, unit.denominator)) : std::nullopt;
}

std::optional<Rational> from_base(const Rational& base, const Unit& unit) {
    const std::optional<Rational> scaled = base.over(*Rational::fraction(unit.numerator, unit.denominator));
    return scaled ? scaled->minus(*Rational::fraction(unit.offset_numerator, unit.offset_denominator))
                  : std::nullopt;
}

// How many words at the start name a unit; the longest name wins.
size_t unit_at(std::span<const std::string> words, const Unit*& unit) {
    for (size_t n = std::min<size_t>(3, words.size()); n > 0; --n)
        if ((unit = find_unit(words.first(n)))) return n;
    return 0;
}

// "5 foot 11" and "6 pounds 4 ounces": what follows the first unit is its smaller part.
std::optional<Quantity> with_part(Quantity quantity, std::span<const std::string> rest) {
    if (!rest.empty() && rest.front() == "and") rest = rest.subspan(1);
    const Unit* part = smaller_part(*quantity.unit);
    if (!part || rest.empty() || !is_number(rest.front())) return std::nullopt;
    const Unit* named = nullptr;
    if (rest.size() > 1 && (unit_at(rest.subspan(1), named) != rest.size() - 1 || named != part))
        return std::nullopt;
    const std::optional<Rational> amount = Rational::parse(rest.front());
    const std::optional<Rational> in_base = amount ? to_base(*amount, *part) : std::nullopt;
    const std::optional<Rational> more = in_base ? from_base(*in_base, *quantity.unit) : std::nullopt;
    const std::optional<Rational> total = more ? quantity.amount.plus(*more) : std::nullopt;
    if (!total) return std::nullopt;
    quantity.amount = *total;
    return quantity;
}

}  // namespace

const Unit* find_unit(std::span<const std::string> words) {
    std::string phrase;
    for (const std::string& word : words) phrase += (phrase.empty() ? "" : " ") + word;
    static const std::unordered_map<std::string, const Unit*> kNamed = named_units();
    const auto found = kNamed.find(phrase);
    return found == kNamed.end() ? nullptr : found->second;
}

std::string_view unit_name(const Unit& unit, bool plural) {
    return plural ? unit.many : unit.one;
}

std::optional<Quantity> read_quantity(std::span<const std::string> words) {
    Rational amount(1);
    bool negative = false, half = false;
    if (!words.empty() && (words.front() == "-" || words.front() == "minus")) {
        negative = true;
        words = words.subspan(1);
    }
    if (words.empty()) return std::nullopt;
    if (is_number(words.front())) {
        const std::optional<Rational> number = Rational::parse(words.front());
        if (!number) return std::nullopt;
        amount = *number;
        words = words.subspan(1);
        if (words.size() > 2 && words[0] == "and" && words[1] == "a" && words[2] == "half") {
            half = true;
            words = words.subspan(3);
        }
    } else if (words.front() == "half") {
        amount = *Rational::fraction(1, 2);
        words = words.subspan(1);
        if (!words.empty() && (words.front() == "a" || words.front() == "an")) words = words.subspan(1);
    } else if (words.front() == "a" || words.front() == "an" || words.front() == "the") {
        words = words.subspan(1);
    }
    const Unit* unit = nullptr;
    const size_t n = unit_at(words, unit);
    if (n == 0) return std::nullopt;
    if (half) amount = amount.plus(*Rational::fraction(1, 2)).value_or(amount);
    Quantity quantity{negative ? amount.negated() : amount, unit};
    if (n == words.size()) return quantity;
    return with_part(quantity, words.subspan(n));
}

Result<Number> convert(const Quantity& from, const Unit& to) {
    if (from.unit->kind != to.kind)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("I can't turn {} into {}", from.unit->many, to.many));
    const std::optional<Rational> base = to_base(from.amount, *from.unit);
    const std::optional<Rational> value = base ? from_base(*base, to) : std::nullopt;
    if (!value) return fail(ErrorCode::exhausted, "that number is too large for me");
    Number number;
    number.exact = value;
    number.approximate = value->value();
    return number;
}

}  // namespace coda::tools
