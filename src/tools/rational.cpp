#include "tools/rational.h"

#include <algorithm>
#include <cmath>

namespace coda::tools {
namespace {

using Whole = Rational::Whole;

std::optional<Whole> multiply(Whole a, Whole b) {
    Whole out;
    if (__builtin_mul_overflow(a, b, &out)) return std::nullopt;
    return out;
}
std::optional<Whole> add(Whole a, Whole b) {
    Whole out;
    if (__builtin_add_overflow(a, b, &out)) return std::nullopt;
    return out;
}

Whole gcd(Whole a, Whole b) {
    while (b != 0) {
        const Whole rest = a % b;
        a = b;
        b = rest;
    }
    return a < 0 ? -a : a;
}

std::string digits(Whole value) {
    if (value == 0) return "0";
    std::string out;
    for (; value != 0; value /= 10) out.push_back(static_cast<char>('0' + static_cast<int>(value % 10)));
    std::reverse(out.begin(), out.end());
    return out;
}

std::optional<Whole> power_of(Whole base, int exponent) {
    Whole out = 1;
    for (int i = 0; i < exponent; ++i) {
        const std::optional<Whole> next = multiply(out, base);
        if (!next) return std::nullopt;
        out = *next;
    }
    return out;
}

// The whole root of a whole number, if exact. The guess in floating point is within a few units below 2^106.
std::optional<Whole> whole_root(Whole value, int degree) {
    if (degree == 1) return value;
    if (value < 0 || value > static_cast<Whole>(1) << 106) return std::nullopt;
    const auto guess =
        static_cast<Whole>(std::llroundl(std::pow(static_cast<long double>(value), 1.0L / degree)));
    for (Whole candidate = std::max<Whole>(guess - 2, 0); candidate <= guess + 2; ++candidate)
        if (power_of(candidate, degree) == value) return candidate;
    return std::nullopt;
}

}  // namespace

std::optional<Rational> Rational::fraction(Whole numerator, Whole denominator) {
    constexpr Whole kLowest = static_cast<Whole>(1) << 127;  // has no positive twin
    if (denominator == 0 || numerator == kLowest || denominator == kLowest) return std::nullopt;
    const Whole common = gcd(numerator, denominator);
    Rational out;
    out.numerator_ = numerator / common;
    out.denominator_ = denominator / common;
    if (out.denominator_ < 0) {
        out.numerator_ = -out.numerator_;
        out.denominator_ = -out.denominator_;
    }
    return out;
}

std::optional<Rational> Rational::parse(std::string_view decimal) {
    Whole number = 0, scale = 1;
    bool point = false, any = false;
    for (char c : decimal) {
        if (c == '.' && !point) {
            point = true;
            continue;
        }
        if (c < '0' || c > '9') return std::nullopt;
        any = true;
        const std::optional<Whole> shifted = multiply(number, 10);
        const std::optional<Whole> next = shifted ? add(*shifted, c - '0') : std::nullopt;
        const std::optional<Whole> wider = point ? multiply(scale, 10) : scale;
        if (!next || !wider) return std::nullopt;
        number = *next;
        scale = *wider;
    }
    if (!any) return std::nullopt;
    return fraction(number, scale);
}

std::optional<Rational> Rational::plus(const Rational& other) const {
    const std::optional<Whole> left = multiply(numerator_, other.denominator_);
    const std::optional<Whole> right = multiply(other.numerator_, denominator_);
    const std::optional<Whole> below = multiply(denominator_, other.denominator_);
    if (!left || !right || !below) return std::nullopt;
    const std::optional<Whole> sum = add(*left, *right);
    return sum ? fraction(*sum, *below) : std::nullopt;
}

Rational Rational::negated() const {
    Rational out = *this;
    out.numerator_ = -out.numerator_;
    return out;
}

std::optional<Rational> Rational::minus(const Rational& other) const {
    return plus(other.negated());
}

std::optional<Rational> Rational::times(const Rational& other) const {
    const std::optional<Whole> above = multiply(numerator_, other.numerator_);
    const std::optional<Whole> below = multiply(denominator_, other.denominator_);
    return above && below ? fraction(*above, *below) : std::nullopt;
}

std::optional<Rational> Rational::over(const Rational& other) const {
    if (other.zero()) return std::nullopt;
    const std::optional<Whole> above = multiply(numerator_, other.denominator_);
    const std::optional<Whole> below = multiply(denominator_, other.numerator_);
    return above && below ? fraction(*above, *below) : std::nullopt;
}

std::optional<Rational> Rational::power(int exponent) const {
    if (exponent < -126 || exponent > 126) return std::nullopt;
    if (exponent < 0) return zero() ? std::nullopt : Rational(1).over(*this)->power(-exponent);
    const std::optional<Whole> above = power_of(numerator_, exponent);
    const std::optional<Whole> below = power_of(denominator_, exponent);
    return above && below ? fraction(*above, *below) : std::nullopt;
}

std::optional<Rational> Rational::root(int degree) const {
    if (degree < 1) return std::nullopt;
    const std::optional<Whole> above = whole_root(numerator_, degree);
    const std::optional<Whole> below = whole_root(denominator_, degree);
    return above && below ? fraction(*above, *below) : std::nullopt;
}

double Rational::value() const {
    return static_cast<double>(static_cast<long double>(numerator_) / static_cast<long double>(denominator_));
}

std::optional<std::string> Rational::exact_decimal(int max_decimals) const {
    for (int decimals = 0; decimals <= max_decimals; ++decimals) {
        const std::optional<Whole> scale = power_of(10, decimals);
        const std::optional<Whole> shifted = scale ? multiply(numerator_, *scale) : std::nullopt;
        if (!shifted) return std::nullopt;
        if (*shifted % denominator_ == 0) return rounded(decimals);
    }
    return std::nullopt;
}

std::optional<std::string> Rational::rounded(int decimals) const {
    const std::optional<Whole> scale = power_of(10, decimals);
    const std::optional<Whole> shifted =
        scale ? multiply(numerator_ < 0 ? -numerator_ : numerator_, *scale) : std::nullopt;
    if (!shifted) return std::nullopt;
    Whole quotient = *shifted / denominator_;
    const Whole rest = *shifted % denominator_;
    if (rest >= denominator_ - rest) ++quotient;
    std::string out = digits(quotient);
    if (decimals > 0) {
        const auto places = static_cast<size_t>(decimals);
        if (out.size() <= places) out.insert(0, places + 1 - out.size(), '0');
        out.insert(out.size() - places, ".");
    }
    return numerator_ < 0 && quotient != 0 ? "-" + out : out;
}

}  // namespace coda::tools
