// Exact numbers for sums that people do with money and percent: a fraction of two 128-bit whole numbers,
// always in lowest terms with a positive denominator. What does not fit is nothing, never a wrong digit.
// Thread safety: values.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace coda::tools {

class Rational {
  public:
    __extension__ using Whole = __int128;

    Rational() = default;
    explicit Rational(long long value) : numerator_(value) {}
    // "1234.56", without sign; nothing when it is no decimal number or too long.
    static std::optional<Rational> parse(std::string_view decimal);
    static std::optional<Rational> fraction(Whole numerator, Whole denominator);

    std::optional<Rational> plus(const Rational& other) const;
    std::optional<Rational> minus(const Rational& other) const;
    std::optional<Rational> times(const Rational& other) const;
    std::optional<Rational> over(const Rational& other) const;  // nothing for a zero divisor
    std::optional<Rational> power(int exponent) const;
    // The exact root where there is one (9/4 -> 3/2 for degree 2).
    std::optional<Rational> root(int degree) const;
    Rational negated() const;

    bool zero() const { return numerator_ == 0; }
    bool negative() const { return numerator_ < 0; }
    bool whole() const { return denominator_ == 1; }
    Whole numerator() const { return numerator_; }
    double value() const;

    // All digits when the decimal expansion ends within `max_decimals`, else nothing.
    std::optional<std::string> exact_decimal(int max_decimals) const;
    // Rounded half away from zero to `decimals` places, which are all written.
    std::optional<std::string> rounded(int decimals) const;

    bool operator==(const Rational&) const = default;

  private:
    Whole numerator_ = 0, denominator_ = 1;
};

}  // namespace coda::tools
