#include "models/hibari/reading/units.h"

#include "models/hibari/text/scan.h"

#include <algorithm>
#include <array>

namespace coda::models::hibari {

namespace {

struct Unit {
    TextView sign, one, many;
};

// Longest sign first among those that begin alike.
constexpr std::array<Unit, 88> kUnits = {{
    {U"km", U"kilometer", U"kilometers"},
    {U"cm", U"centimeter", U"centimeters"},
    {U"mm", U"millimeter", U"millimeters"},
    {U"dm", U"decimeter", U"decimeters"},
    {U"µm", U"micrometer", U"micrometers"},
    {U"μm", U"micrometer", U"micrometers"},
    {U"nm", U"nanometer", U"nanometers"},
    {U"mi", U"mile", U"miles"},
    {U"yd", U"yard", U"yards"},
    {U"ft", U"foot", U"feet"},
    {U"ha", U"hectare", U"hectares"},
    {U"kg", U"kilogram", U"kilograms"},
    {U"mg", U"milligram", U"milligrams"},
    {U"µg", U"microgram", U"micrograms"},
    {U"μg", U"microgram", U"micrograms"},
    {U"lbs", U"pounds", U"pounds"},
    {U"lb", U"pound", U"pounds"},
    {U"oz", U"ounce", U"ounces"},
    {U"ml", U"milliliter", U"milliliters"},
    {U"mL", U"milliliter", U"milliliters"},
    {U"cl", U"centiliter", U"centiliters"},
    {U"dL", U"deciliter", U"deciliters"},
    {U"dl", U"deciliter", U"deciliters"},
    {U"gal", U"gallon", U"gallons"},
    {U"tsp", U"teaspoon", U"teaspoons"},
    {U"tbsp", U"tablespoon", U"tablespoons"},
    {U"hrs", U"hours", U"hours"},
    {U"hr", U"hour", U"hours"},
    {U"mins", U"minutes", U"minutes"},
    {U"min", U"minute", U"minutes"},
    {U"secs", U"seconds", U"seconds"},
    {U"sec", U"second", U"seconds"},
    {U"ms", U"millisecond", U"milliseconds"},
    {U"µs", U"microsecond", U"microseconds"},
    {U"μs", U"microsecond", U"microseconds"},
    {U"ns", U"nanosecond", U"nanoseconds"},
    {U"kHz", U"kilohertz", U"kilohertz"},
    {U"MHz", U"megahertz", U"megahertz"},
    {U"GHz", U"gigahertz", U"gigahertz"},
    {U"THz", U"terahertz", U"terahertz"},
    {U"Hz", U"hertz", U"hertz"},
    {U"KiB", U"kibibyte", U"kibibytes"},
    {U"MiB", U"mebibyte", U"mebibytes"},
    {U"GiB", U"gibibyte", U"gibibytes"},
    {U"TiB", U"tebibyte", U"tebibytes"},
    {U"KB", U"kilobyte", U"kilobytes"},
    {U"kB", U"kilobyte", U"kilobytes"},
    {U"MB", U"megabyte", U"megabytes"},
    {U"GB", U"gigabyte", U"gigabytes"},
    {U"TB", U"terabyte", U"terabytes"},
    {U"PB", U"petabyte", U"petabytes"},
    {U"kbps", U"kilobits per second", U"kilobits per second"},
    {U"Kbps", U"kilobits per second", U"kilobits per second"},
    {U"Mbps", U"megabits per second", U"megabits per second"},
    {U"Gbps", U"gigabits per second", U"gigabits per second"},
    {U"Mbit", U"megabit", U"megabits"},
    {U"Gbit", U"gigabit", U"gigabits"},
    {U"kWh", U"kilowatt hour", U"kilowatt hours"},
    {U"MWh", U"megawatt hour", U"megawatt hours"},
    {U"kW", U"kilowatt", U"kilowatts"},
    {U"MW", U"megawatt", U"megawatts"},
    {U"GW", U"gigawatt", U"gigawatts"},
    {U"mW", U"milliwatt", U"milliwatts"},
    {U"mAh", U"milliamp hour", U"milliamp hours"},
    {U"mA", U"milliamp", U"milliamps"},
    {U"kV", U"kilovolt", U"kilovolts"},
    {U"mV", U"millivolt", U"millivolts"},
    {U"kΩ", U"kilohm", U"kilohms"},
    {U"Ω", U"ohm", U"ohms"},
    {U"kJ", U"kilojoule", U"kilojoules"},
    {U"kcal", U"kilocalorie", U"kilocalories"},
    {U"cal", U"calorie", U"calories"},
    {U"hPa", U"hectopascal", U"hectopascals"},
    {U"kPa", U"kilopascal", U"kilopascals"},
    {U"psi", U"P S I", U"P S I"},
    {U"dB", U"decibel", U"decibels"},
    {U"rpm", U"R P M", U"R P M"},
    {U"px", U"pixel", U"pixels"},
    {U"mph", U"mile per hour", U"miles per hour"},
    {U"kph", U"kilometer per hour", U"kilometers per hour"},
    {U"kmh", U"kilometer per hour", U"kilometers per hour"},
    {U"m", U"meter", U"meters"},
    {U"g", U"gram", U"grams"},
    {U"L", U"liter", U"liters"},
    {U"l", U"liter", U"liters"},
    {U"W", U"watt", U"watts"},
    {U"V", U"volt", U"volts"},
    {U"h", U"hour", U"hours"},
}};

constexpr std::array<Unit, 4> kPerOnly = {
    {{U"s", U"second", U""}, {U"d", U"day", U""}, {U"min", U"minute", U""}, {U"yr", U"year", U""}}};

const Unit* longest(TextView text, size_t at) {
    const Unit* best = nullptr;
    for (const Unit& unit : kUnits) {
        if (starts_at(text, at, unit.sign) && (best == nullptr || unit.sign.size() > best->sign.size()))
            best = &unit;
    }
    return best;
}

bool is_length(const Unit& unit) {
    constexpr std::array<TextView, 9> kLengths = {U"km", U"cm", U"mm", U"dm", U"m",
                                                  U"mi", U"yd", U"ft", U"nm"};
    return std::find(kLengths.begin(), kLengths.end(), unit.sign) != kLengths.end();
}

// "²", "2" or "^2" after a length.
int power_at(TextView text, size_t at, size_t& end) {
    const size_t i = at_or_nul(text, at) == U'^' ? at + 1 : at;
    const char32_t c = at_or_nul(text, i);
    end = i + 1;
    if (c == U'²' || c == U'2') return 2;
    if (c == U'³' || c == U'3') return 3;
    end = at;
    return 0;
}

}  // namespace

std::optional<UnitReading> unit_at(TextView text, size_t at) {
    const Unit* unit = longest(text, at);
    if (unit == nullptr) return std::nullopt;
    UnitReading out{at + unit->sign.size(), Text(unit->one), Text(unit->many)};
    size_t end = 0;
    if (const int power = is_length(*unit) ? power_at(text, out.end, end) : 0; power != 0) {
        const Text prefix = power == 2 ? U"square " : U"cubic ";
        out = {end, prefix + out.one, prefix + out.many};
    }
    if (at_or_nul(text, out.end) == U'/') {
        const Unit* per = nullptr;
        for (const Unit& candidate : kPerOnly) {
            if (starts_at(text, out.end + 1, candidate.sign) &&
                !word_at(text, out.end + 1 + candidate.sign.size()))
                per = &candidate;
        }
        const bool second_power = starts_at(text, out.end + 1, U"s²") || starts_at(text, out.end + 1, U"s^2");
        if (second_power) {
            const size_t stop = out.end + (at_or_nul(text, out.end + 2) == U'^' ? 4 : 3);
            out = {stop, out.one + U" per second squared", out.many + U" per second squared"};
        } else {
            if (per == nullptr) per = longest(text, out.end + 1);
            if (per != nullptr && !word_at(text, out.end + 1 + per->sign.size())) {
                const Text tail = U" per " + Text(per->one);
                out = {out.end + 1 + per->sign.size(), out.one + tail, out.many + tail};
            }
        }
    }
    const bool possessive = contains(U"'’", at_or_nul(text, out.end)) && word_at(text, out.end + 1);
    if (word_at(text, out.end) || possessive) return std::nullopt;
    return out;
}

}  // namespace coda::models::hibari
