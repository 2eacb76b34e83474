// Conversion between units of one kind (length, mass, volume, ...), by exact factors: the inch is 2.54 cm,
// the pound 0.45359237 kg, the US gallon 3.785411784 l by definition. Thread safety: pure functions.
#pragma once

#include "base/result.h"
#include "tools/calculator.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace coda::tools {

struct Unit;  // an entry of the table; lives as long as the program

// The unit a phrase names ("feet", "km", "degrees celsius"), in normalised words; null when none.
const Unit* find_unit(std::span<const std::string> words);
// Its name for one or several, as spoken; and the key used in results ("foot").
std::string_view unit_name(const Unit& unit, bool plural);

struct Quantity {
    Rational amount;
    const Unit* unit = nullptr;
};

// "100 kilometers", "a mile", "5 foot 11" (feet and inches), "6 pounds 4 ounces"; nothing when it is no
// quantity.
std::optional<Quantity> read_quantity(std::span<const std::string> words);

// Fails with invalid_argument when the kinds differ ("can't turn kilograms into metres") or with exhausted
// when the number does not fit.
Result<Number> convert(const Quantity& from, const Unit& to);

}  // namespace coda::tools
