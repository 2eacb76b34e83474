// Decimal numbers within bounds, as a grammar. Private to json_schema. Thread safety: pure functions.
#pragma once

#include "models/llm/grammar/grammar.h"

#include <cstdint>
#include <optional>
#include <string>

namespace coda::models::llm::grammar {

// Integers from least to most as JSON writes them, without leading zeros.
Builder::Rule integer_range(Builder& builder, std::optional<int64_t> least, std::optional<int64_t> most);

// A bound of a number: its decimal digits, and whether the number may be equal to it.
struct DecimalBound {
    bool negative = false;
    std::string whole = "0", fraction;  // digits; the fraction without zeros at its end
    bool inclusive = true;
    // From a finite double of at most 15 digits before and 15 after the point; nothing beyond.
    static std::optional<DecimalBound> of(double value, bool inclusive);
};
// Numbers between the bounds, with at most 15 digits after the point and no exponent.
Builder::Rule number_range(Builder& builder, const std::optional<DecimalBound>& least,
                           const std::optional<DecimalBound>& most);

}  // namespace coda::models::llm::grammar
