// Sums as they are spoken or typed: "15 % of 240", "the square root of 144", "subtract 15 from 100", "(4 + 6)
// * 3". Numbers are exact (rational.h) as long as they fit; roots and huge powers fall back to floating point
// and say so. Thread safety: pure functions.
#pragma once

#include "tools/rational.h"

#include <optional>
#include <span>
#include <string>
#include <variant>

namespace coda::tools {

struct Number {
    std::optional<Rational> exact;  // nothing: only `approximate` is known
    double approximate = 0;
    std::string currency;  // "$", "EUR", "GBP" or empty
    bool percent = false;

    // The digits for a program ("37.5"; at most 10 places) and for speech ("37.5", "about 33.33", "$64").
    std::string plain() const;
    std::string spoken() const;
};

// Why a well-formed sum has no answer.
enum class MathError { division_by_zero, root_of_negative, too_large, not_a_count };
// The sentence that says so.
std::string to_sentence(MathError error);

using Sum = std::variant<Number, MathError>;

// The value of normalised words (tools/words.h); nothing when they are no sum. A number alone is no sum.
std::optional<Sum> calculate(std::span<const std::string> words);

// A number with commas between thousands, "minus" for the sign: as replies write it.
std::string spoken_number(const std::string& plain);

}  // namespace coda::tools
