#include "tools/calculator.h"

#include "tools/words.h"

#include <array>
#include <cmath>

#include <fmt/format.h>

namespace coda::tools {
namespace {

constexpr int kMaxDepth = 40;  // brackets and prefix operators within each other

// A sum that parses but cannot be computed, or words that are no sum: both end the parse.
struct NotASum {};
using Step = std::variant<Number, MathError, NotASum>;

Number from_exact(Rational exact) {
    Number number;
    number.approximate = exact.value();
    number.exact = exact;
    return number;
}

// The result of an operation on two numbers: exact where both are and it fits.
template <class Exact, class Approximate>
Number combine(const Number& a, const Number& b, Exact exact, Approximate approximate) {
    Number out;
    if (a.exact && b.exact) out.exact = exact(*a.exact, *b.exact);
    out.approximate = out.exact ? out.exact->value() : approximate(a.approximate, b.approximate);
    out.currency = a.currency.empty() ? b.currency : a.currency;
    return out;
}

bool is_zero(const Number& n) {
    return n.exact ? n.exact->zero() : n.approximate == 0;
}
Number add(const Number& a, const Number& b) {
    return combine(
        a, b, [](auto& x, auto& y) { return x.plus(y); }, [](double x, double y) { return x + y; });
}
Number subtract(const Number& a, const Number& b) {
    return combine(
        a, b, [](auto& x, auto& y) { return x.minus(y); }, [](double x, double y) { return x - y; });
}
Number multiply(const Number& a, const Number& b) {
    return combine(
        a, b, [](auto& x, auto& y) { return x.times(y); }, [](double x, double y) { return x * y; });
}
Step divide(const Number& a, const Number& b) {
    if (is_zero(b)) return MathError::division_by_zero;
    Number out = combine(
        a, b, [](auto& x, auto& y) { return x.over(y); }, [](double x, double y) { return x / y; });
    if (!a.currency.empty() && a.currency == b.currency) out.currency.clear();
    return out;
}
Number hundredth(const Number& n) {
    Number out = multiply(n, from_exact(*Rational::fraction(1, 100)));
    out.currency = n.currency;
    return out;
}

Step checked(Number number) {
    if (!std::isfinite(number.approximate) || std::abs(number.approximate) > 1e100)
        return MathError::too_large;
    return number;
}

Step power(const Number& base, const Number& exponent) {
    Number out;
    const bool whole = exponent.exact && exponent.exact->whole() && std::abs(exponent.approximate) < 1000;
    if (is_zero(base) && exponent.approximate < 0) return MathError::division_by_zero;
    if (base.approximate < 0 && !whole) return MathError::root_of_negative;
    if (base.exact && whole) out.exact = base.exact->power(static_cast<int>(exponent.approximate));
    if (base.exact && exponent.exact && !out.exact && exponent.exact == Rational::fraction(1, 2))
        out.exact = base.exact->root(2);
    out.approximate = out.exact ? out.exact->value() : std::pow(base.approximate, exponent.approximate);
    return checked(out);
}

Step root(const Number& of, int degree) {
    if (of.approximate < 0 && degree % 2 == 0) return MathError::root_of_negative;
    Number out;
    const bool negative = of.approximate < 0;
    if (of.exact) out.exact = (negative ? of.exact->negated() : *of.exact).root(degree);
    if (out.exact && negative) out.exact = out.exact->negated();
    out.approximate = out.exact     ? out.exact->value()
                      : degree == 2 ? std::sqrt(of.approximate)
                      : degree == 3 ? std::cbrt(of.approximate)
                                    : std::pow(of.approximate, 1.0 / degree);
    return out;
}

Step factorial(const Number& of) {
    if (!of.exact || !of.exact->whole() || of.exact->negative()) return MathError::not_a_count;
    if (of.approximate > 60) return MathError::too_large;
    Number out = from_exact(Rational(1));
    for (int i = 2; i <= static_cast<int>(of.approximate); ++i) out = multiply(out, from_exact(Rational(i)));
    return out;
}

struct Fraction {
    std::string_view word;
    int parts;
};
constexpr std::array kFractions = {Fraction{"half", 2},    Fraction{"halves", 2},  Fraction{"third", 3},
                                   Fraction{"thirds", 3},  Fraction{"quarter", 4}, Fraction{"quarters", 4},
                                   Fraction{"fourth", 4},  Fraction{"fourths", 4}, Fraction{"fifth", 5},
                                   Fraction{"fifths", 5},  Fraction{"sixth", 6},   Fraction{"sixths", 6},
                                   Fraction{"seventh", 7}, Fraction{"eighth", 8},  Fraction{"eighths", 8},
                                   Fraction{"ninth", 9},   Fraction{"tenth", 10},  Fraction{"tenths", 10}};

int fraction_parts(std::string_view word) {
    for (const Fraction& fraction : kFractions)
        if (fraction.word == word) return fraction.parts;
    return 0;
}

int ordinal(std::string_view word) {
    static constexpr std::array<std::string_view, 13> kNames = {
        "zeroth",  "first",  "second", "third", "fourth",   "fifth",  "sixth",
        "seventh", "eighth", "ninth",  "tenth", "eleventh", "twelfth"};
    for (size_t i = 0; i < kNames.size(); ++i)
        if (kNames[i] == word) return static_cast<int>(i);
    if (word.size() < 3 || word.size() > 5) return -1;
    const std::string_view digits = word.substr(0, word.size() - 2), tail = word.substr(word.size() - 2);
    if (!is_number(digits) || digits.find('.') != std::string_view::npos) return -1;
    return tail == "th" || tail == "st" || tail == "nd" || tail == "rd" ? std::stoi(std::string(digits)) : -1;
}

std::string_view currency_of(std::string_view word) {
    if (word == "$" || word == "dollar" || word == "dollars" || word == "bucks") return "$";
    if (word == "euro" || word == "euros") return "EUR";
    if (word == "pound" || word == "pounds" || word == "quid") return "GBP";
    return {};
}

bool counted_noun(std::string_view word) {
    for (std::string_view noun : {"people", "persons", "person", "friends", "ways", "kids", "children",
                                  "guests", "parts", "us", "each"})
        if (noun == word) return true;
    return false;
}

// Recursive descent over words. Every member leaves at_ after what it read; a failure is carried in the Step.
class Parser {
  public:
    explicit Parser(std::span<const std::string> words) : words_(words) {}

    Step parse() {
        Step out = command();
        if (std::holds_alternative<Number>(out) && (at_ != words_.size() || operations_ == 0))
            return NotASum{};
        // A sum that cannot be computed counts as one only if the rest of it parses too; these never look
        // further.
        return out;
    }

  private:
    std::string_view word(size_t ahead = 0) const {
        return at_ + ahead < words_.size() ? std::string_view(words_[at_ + ahead]) : std::string_view();
    }
    template <class... Words>
    bool take(Words... expected) {
        size_t ahead = 0;
        if (!((word(ahead++) == std::string_view(expected)) && ...)) return false;
        at_ += sizeof...(expected);
        return true;
    }
    bool take_any(std::initializer_list<std::string_view> any) {
        for (std::string_view one : any)
            if (word() == one) {
                ++at_;
                return true;
            }
        return false;
    }

    // Runs `next` on the number in `step`, or passes the failure on.
    template <class Next>
    static Step then(const Step& step, Next next) {
        if (const auto* number = std::get_if<Number>(&step)) return next(*number);
        return step;
    }

    // "add 5 and 7", "subtract 15 from 100", "divide 90 by 4", "how many times does 7 go into 63" (rest after
    // "does").
    Step command() {
        if (take("add") || take("sum") || take("add", "up")) {
            take("up");
            return series({"to", "and", "plus", "with"}, add);
        }
        if (take("subtract") || take("deduct")) return reversed({"from"});
        if (take("take", "away") || take("take")) {
            return reversed({"away", "from"});
        }
        if (take("multiply")) return series({"by", "with", "times", "and"}, multiply);
        if (take("divide") || take("split") || take("share")) {
            take("up");
            return quotient();
        }
        const size_t start = at_;
        Step percentage = share_in_percent();
        if (!std::holds_alternative<NotASum>(percentage)) return percentage;
        at_ = start;
        return sum(true);
    }

    template <class Operation>
    Step series(std::initializer_list<std::string_view> separators, Operation operation) {
        Step left = term();
        while (std::holds_alternative<Number>(left) && at_ < words_.size()) {
            const bool separated = take_any(separators);
            const Step right = (separated && take("by"), term());
            if (std::holds_alternative<NotASum>(right)) return NotASum{};
            ++operations_;
            left = then(left, [&](const Number& a) {
                return then(right, [&](const Number& b) { return checked(operation(a, b)); });
            });
        }
        return left;
    }

    Step reversed(std::initializer_list<std::string_view> separators) {
        const Step amount = term();
        bool separated = false;
        while (take_any(separators)) separated = true;
        if (!separated) return NotASum{};
        ++operations_;
        const Step from = term();
        return then(amount, [&](const Number& a) {
            return then(from, [&](const Number& b) { return Step(less(b, a)); });
        });
    }

    Step quotient() {
        const Step whole = unary();
        take_any({"evenly", "equally"});
        if (!take_any({"by", "between", "among", "amongst", "into", "with"})) return NotASum{};
        ++operations_;
        const Step parts = unary();
        return then(whole, [&](const Number& a) {
            return then(parts, [&](const Number& b) { return divide(a, b); });
        });
    }

    // "20 % of", "what % of 80 is 20", "20 is what % of 80", "7 go into 63".
    Step share_in_percent() {
        if (take_any({"what", "which"}) && take_any({"%", "percentage", "per", "cent"}) && take("of")) {
            const Step whole = sum(false);
            if (!take("is")) return NotASum{};
            return percentage(sum(false), whole);
        }
        const Step part = unary();
        if (take("is", "what")) {
            if (!take_any({"%", "percentage"}) || !take("of")) return NotASum{};
            return percentage(part, sum(false));
        }
        if ((take("go") || take("goes") || take("fit") || take("fits")) && (take("into") || take("in"))) {
            ++operations_;
            const Step whole = unary();
            return then(whole, [&](const Number& a) {
                return then(part, [&](const Number& b) { return divide(a, b); });
            });
        }
        return NotASum{};
    }

    Step percentage(const Step& part, const Step& whole) {
        ++operations_;
        return then(part, [&](const Number& a) {
            return then(whole, [&](const Number& b) {
                Step share = divide(multiply(a, from_exact(Rational(100))), b);
                if (auto* number = std::get_if<Number>(&share)) {
                    number->percent = true;
                    number->currency.clear();
                }
                return share;
            });
        });
    }

    // a + b - c; "240 plus 15 %" adds fifteen percent of 240. `and` means plus only at the top ("two and
    // two").
    Step sum(bool top) {
        Step left = term();
        while (std::holds_alternative<Number>(left)) {
            const bool plus =
                take("+") || take("plus") || (top && take("and")) || (top && take("added", "to"));
            const bool minus = !plus && (take("-") || take("minus") || take("less") || take("take", "away"));
            if (!plus && !minus) return left;
            ++operations_;
            const Step right = term();
            left = then(left, [&](const Number& a) {
                return then(right, [&](const Number& b) { return checked(plus ? more(a, b) : less(a, b)); });
            });
        }
        return left;
    }

    static Number share_of(const Number& base, const Number& amount) {
        if (!amount.percent || base.percent) return amount;
        Number out = multiply(base, hundredth(amount));
        out.currency = base.currency;
        return out;
    }
    static Number more(const Number& a, const Number& b) {
        Number out = add(a, share_of(a, b));
        out.percent = a.percent && b.percent;
        return out;
    }
    static Number less(const Number& a, const Number& b) {
        Number out = subtract(a, share_of(a, b));
        out.percent = a.percent && b.percent;
        return out;
    }

    Step term() {
        Step left = unary();
        while (std::holds_alternative<Number>(left)) {
            const bool times =
                take("*") || take("x") || take("times") || take("multiplied", "by") || take("by");
            const bool over =
                !times && (take("/") || take("divided", "by") || take("over") || take("divided", "into") ||
                           take("split", "between") || take("split", "by") || take("between") ||
                           take("among") || take("shared", "by") || take("split", "among"));
            const bool modulo = !times && !over && (take("modulo") || take("mod"));
            if (!times && !over && !modulo) return left;
            ++operations_;
            const Step right = unary();
            left = then(left, [&](const Number& a) {
                return then(right, [&](const Number& b) {
                    const Number y = b.percent ? hundredth(b) : b;
                    return times ? checked(multiply(a, y)) : over ? divide(a, y) : remainder(a, y);
                });
            });
        }
        return left;
    }

    static Step remainder(const Number& a, const Number& b) {
        if (is_zero(b)) return MathError::division_by_zero;
        if (!a.exact || !b.exact || !a.exact->whole() || !b.exact->whole()) return MathError::not_a_count;
        return from_exact(*Rational::fraction(a.exact->numerator() % b.exact->numerator(), 1));
    }

    Step unary() {
        if (++depth_ > kMaxDepth) return NotASum{};
        Step out = prefix();
        --depth_;
        return out;
    }

    Step negative() {
        return then(unary(), [](const Number& n) { return Step(subtract(from_exact(Rational(0)), n)); });
    }

    Step prefix() {
        if (!take("the") && (word() == "a" || word() == "an") && is_number(word(1))) ++at_;
        if (take("-") || take("minus") || take("negative")) return negative();
        if (take("+")) return unary();
        if (take("square", "root", "of") || take("sqrt", "of") || take("sqrt") || take("root", "of") ||
            take("square", "root"))
            return radical(2);
        if (take("cube", "root", "of") || take("cubic", "root", "of")) return radical(3);
        if (ordinal(word()) > 1 && word(1) == "root" && word(2) == "of") {
            const int degree = ordinal(word());
            at_ += 3;
            return radical(degree);
        }
        if (take("sum", "of")) return list(add);
        if (take("product", "of")) return list(multiply);
        if (take("difference", "between") || take("difference", "of")) return list(subtract);
        if (take("average", "of") || take("mean", "of")) return average();
        if (take("twice") || take("double")) return scaled(2);
        if (take("triple") || take("thrice")) return scaled(3);
        return postfix(primary());
    }

    Step scaled(int by) {
        ++operations_;
        return then(unary(), [&](const Number& n) { return Step(multiply(n, from_exact(Rational(by)))); });
    }

    Step radical(int degree) {
        ++operations_;
        return then(unary(), [&](const Number& n) { return root(n, degree); });
    }

    template <class Operation>
    Step list(Operation operation) {
        Step left = unary();
        while (std::holds_alternative<Number>(left)) {
            const size_t before = at_;
            take("and");
            const Step right = unary();
            if (std::holds_alternative<NotASum>(right)) {
                at_ = before;
                return left;
            }
            ++operations_;
            ++listed_;
            left = then(left, [&](const Number& a) {
                return then(right, [&](const Number& b) { return checked(operation(a, b)); });
            });
        }
        return left;
    }

    Step average() {
        listed_ = 1;
        const Step total = list(add);
        const int count = listed_;
        return then(total, [&](const Number& n) { return divide(n, from_exact(Rational(count))); });
    }

    Step primary() {
        if (take("(")) {
            Step inner = sum(false);
            if (!take(")")) return NotASum{};
            return inner;
        }
        if (take("pi")) {
            Number pi;
            pi.approximate = 3.14159265358979323846;
            return pi;
        }
        return fraction_or_number();
    }

    // "half", "a third", "3 quarters" (of something), or digits with a currency.
    Step fraction_or_number() {
        const size_t article = word() == "a" || word() == "an" ? 1 : 0;
        if (const int parts = fraction_parts(word(article)); parts > 0) {
            at_ += article + 1;
            return fraction(1, parts);
        }
        const std::string_view sign = currency_of(word());
        if (word() == "$" || (!sign.empty() && is_number(word(1)))) ++at_;
        if (!is_number(word())) return NotASum{};
        const std::optional<Rational> value = Rational::parse(word());
        if (!value) return MathError::too_large;
        ++at_;
        if (const int parts = fraction_parts(word()); parts > 0 && value->whole()) {
            ++at_;
            return fraction(static_cast<long long>(value->numerator()), parts);
        }
        Number out = from_exact(*value);
        out.currency = sign;
        return named(out);
    }

    // The currency or the counted thing after a number, and "20 dollars and 50 cents".
    Number named(Number number) {
        if (const std::string_view after = currency_of(word()); !after.empty() && word() != "$") {
            ++at_;
            number.currency = after;
            const size_t skip = word() == "and" ? 1 : 0;
            if (is_number(word(skip)) && word(skip + 1) == "cents") {
                const std::optional<Rational> cents = Rational::parse(word(skip));
                at_ += skip + 2;
                if (cents)
                    number = keep_currency(add(number, hundredth(from_exact(*cents))), number.currency);
            }
        } else if (counted_noun(word())) {
            ++at_;
        }
        return number;
    }
    static Number keep_currency(Number number, const std::string& currency) {
        number.currency = currency;
        return number;
    }

    Step fraction(long long count, int parts) {
        const Number share = from_exact(*Rational::fraction(count, parts));
        if (!take("of")) return share;
        ++operations_;
        take_any({"a", "an"});
        return then(unary(), [&](const Number& n) { return Step(multiply(n, share)); });
    }

    // "squared", "to the power of 3", "factorial", "% of 240", "% off 80", "% tip on 45".
    Step postfix(Step step) {
        while (std::holds_alternative<Number>(step)) {
            const Number base = std::get<Number>(step);
            if (take("squared"))
                step = raised(base, from_exact(Rational(2)));
            else if (take("cubed"))
                step = raised(base, from_exact(Rational(3)));
            else if (take("factorial"))
                step = (++operations_, factorial(base));
            else if (take("^") || take("to", "the", "power", "of") || take("to", "the", "power") ||
                     take("raised", "to") || take("**"))
                step = then(exponent(), [&](const Number& e) { return raised(base, e); });
            else if (word() == "to" && word(1) == "the" && ordinal(word(2)) >= 0) {
                const int degree = ordinal(word(2));
                at_ += 3;
                take("power");
                step = raised(base, from_exact(Rational(degree)));
            } else if (take("%") || take("per", "cent"))
                return percent(base);
            else
                return step;
        }
        return step;
    }
    Step exponent() {
        take_any({"the", "power", "of"});
        if (take("power")) take("of");
        return unary();
    }
    Step raised(const Number& base, const Number& by) {
        ++operations_;
        return power(base, by);
    }

    Step percent(const Number& rate) {
        take_any({"tip", "discount", "tax"});
        if (take("of") || take("on")) {
            ++operations_;
            take_any({"a", "an"});
            return then(unary(), [&](const Number& n) { return Step(multiply(n, hundredth(rate))); });
        }
        if (take("off")) {
            ++operations_;
            take_any({"of"});
            return then(unary(),
                        [&](const Number& n) { return Step(subtract(n, multiply(n, hundredth(rate)))); });
        }
        Number out = rate;
        out.percent = true;
        return out;
    }

    std::span<const std::string> words_;
    size_t at_ = 0;
    int operations_ = 0, depth_ = 0, listed_ = 0;
};

std::string trimmed_zeros(std::string decimal) {
    if (decimal.find('.') == std::string::npos) return decimal;
    while (decimal.back() == '0') decimal.pop_back();
    if (decimal.back() == '.') decimal.pop_back();
    return decimal;
}

// Two places for numbers from one up, four significant digits below.
int speaking_decimals(double value) {
    const double size = std::abs(value);
    if (size >= 1 || size == 0) return 2;
    return std::min(12, 3 - static_cast<int>(std::floor(std::log10(size))));
}

std::string to_money(const std::string& amount, const std::string& currency) {
    if (currency == "$") return amount.starts_with("minus ") ? "minus $" + amount.substr(6) : "$" + amount;
    return amount + (currency == "EUR" ? " euros" : " pounds");
}

}  // namespace

std::string Number::plain() const {
    if (exact) {
        if (const std::optional<std::string> digits = exact->exact_decimal(10)) return *digits;
        if (const std::optional<std::string> digits = exact->rounded(10)) return trimmed_zeros(*digits);
    }
    return std::abs(approximate) < 1e15 ? trimmed_zeros(fmt::format("{:.10f}", approximate))
                                        : fmt::format("{:.6e}", approximate);
}

std::string Number::spoken() const {
    const std::optional<std::string> digits =
        exact ? exact->exact_decimal(currency.empty() ? 6 : 2) : std::nullopt;
    if (digits && digits->size() <= 18) {
        const bool cents = !currency.empty() && digits->find('.') != std::string::npos;
        const std::string text = spoken_number(cents ? exact->rounded(2).value_or(*digits) : *digits);
        return currency.empty() ? text : to_money(text, currency);
    }
    if (std::abs(approximate) >= 1e15) {
        const int exponent = static_cast<int>(std::floor(std::log10(std::abs(approximate))));
        return fmt::format(
            "about {} times ten to the power of {}",
            spoken_number(trimmed_zeros(fmt::format("{:.3f}", approximate / std::pow(10.0, exponent)))),
            exponent);
    }
    const int places = currency.empty() ? speaking_decimals(approximate) : 2;
    const std::string text = spoken_number(trimmed_zeros(fmt::format("{:.{}f}", approximate, places)));
    return "about " + (currency.empty() ? text : to_money(text, currency));
}

std::string spoken_number(const std::string& plain) {
    const bool negative = plain.starts_with("-");
    std::string digits = negative ? plain.substr(1) : plain;
    const size_t whole = std::min(digits.find('.'), digits.size());
    if (whole > 3)
        for (size_t at = whole - 3;; at -= 3) {
            digits.insert(at, ",");
            if (at <= 3) break;
        }
    return negative ? "minus " + digits : digits;
}

std::string to_sentence(MathError error) {
    switch (error) {
        case MathError::division_by_zero:
            return "You can't divide by zero.";
        case MathError::root_of_negative:
            return "A negative number has no real root like that.";
        case MathError::too_large:
            return "That number is too large for me.";
        case MathError::not_a_count:
            return "That only works with whole numbers.";
    }
    return {};
}

std::optional<Sum> calculate(std::span<const std::string> words) {
    if (words.empty() || words.size() > 200) return std::nullopt;
    const Step result = Parser(words).parse();
    if (const auto* number = std::get_if<Number>(&result)) return Sum(*number);
    if (const auto* error = std::get_if<MathError>(&result)) return Sum(*error);
    return std::nullopt;
}

}  // namespace coda::tools
