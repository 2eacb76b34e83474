#include "tools/dates.h"

#include "tools/words.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace coda::tools {
namespace {

using std::chrono::days;
using std::chrono::month;
using std::chrono::weekday;
using std::chrono::year;
using std::chrono::year_month_day;

constexpr std::array<std::string_view, 12> kMonths = {"january",   "february", "march",    "april",
                                                      "may",       "june",     "july",     "august",
                                                      "september", "october",  "november", "december"};
constexpr std::array<std::string_view, 7> kWeekdays = {"sunday",   "monday", "tuesday", "wednesday",
                                                       "thursday", "friday", "saturday"};
constexpr std::array<std::string_view, 32> kOrdinals = {"",           "first",
                                                        "second",     "third",
                                                        "fourth",     "fifth",
                                                        "sixth",      "seventh",
                                                        "eighth",     "ninth",
                                                        "tenth",      "eleventh",
                                                        "twelfth",    "thirteenth",
                                                        "fourteenth", "fifteenth",
                                                        "sixteenth",  "seventeenth",
                                                        "eighteenth", "nineteenth",
                                                        "twentieth",  "",
                                                        "",           "",
                                                        "",           "",
                                                        "",           "",
                                                        "",           "",
                                                        "thirtieth",  ""};

template <size_t n>
int index_of(const std::array<std::string_view, n>& names, std::string_view word) {
    if (word.empty()) return -1;
    for (size_t i = 0; i < n; ++i)
        if (names[i] == word) return static_cast<int>(i);
    return -1;
}

std::string capital(std::string_view word) {
    std::string out(word);
    out[0] = static_cast<char>(out[0] - 'a' + 'A');
    return out;
}

year_month_day civil(Day day) {
    return year_month_day(day);
}

// A day of this month number that may not exist (31st of April) is pulled back to the month's last.
Day clamped(year y, month m, unsigned d) {
    const year_month_day wanted = y / m / std::chrono::day(d);
    return wanted.ok() ? Day(wanted) : Day(y / m / std::chrono::last);
}

Day monday_of(Day day) {
    return day - (weekday(day) - std::chrono::Monday);
}

struct Holiday {
    std::string_view name;
    unsigned month, day;
};
constexpr std::array kHolidays = {
    Holiday{"christmas eve", 12, 24}, Holiday{"christmas", 12, 25},      Holiday{"christmas day", 12, 25},
    Holiday{"xmas", 12, 25},          Holiday{"boxing day", 12, 26},     Holiday{"new year's eve", 12, 31},
    Holiday{"new year", 1, 1},        Holiday{"new years", 1, 1},        Holiday{"new year's", 1, 1},
    Holiday{"new year's day", 1, 1},  Holiday{"halloween", 10, 31},      Holiday{"valentine's day", 2, 14},
    Holiday{"valentines day", 2, 14}, Holiday{"independence day", 7, 4}, Holiday{"st patrick's day", 3, 17},
    Holiday{"leap day", 2, 29},       Holiday{"april fools day", 4, 1},  Holiday{"april fool's day", 4, 1},
};

// Easter Sunday by the anonymous Gregorian computus.
Day easter(int y) {
    const int a = y % 19, b = y / 100, c = y % 100;
    const int h = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30;
    const int l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
    const int m = (a + 11 * h + 22 * l) / 451;
    const int sum = h + l - 7 * m + 114;
    return Day(year(y) / month(static_cast<unsigned>(sum / 31)) /
               std::chrono::day(static_cast<unsigned>(sum % 31 + 1)));
}

// The n-th (from 1) of a weekday in a month.
Day nth(int y, unsigned m, weekday which, unsigned n) {
    return Day(year(y) / month(m) / which[n]);
}

class DayReader {
  public:
    DayReader(std::span<const std::string> words, Day today) : today_(today) {
        for (const std::string& word : words)
            if (word != "the" && word != "on" && word != "of" && word != "day's") words_.push_back(word);
    }

    std::optional<Day> read() {
        if (words_.empty() || words_.size() > 10) return std::nullopt;
        for (auto rule : {&DayReader::near, &DayReader::distance, &DayReader::of_week, &DayReader::of_year,
                          &DayReader::holiday}) {
            at_ = 0;
            const std::optional<Day> day = (this->*rule)();
            if (day && at_ == words_.size()) return day;
        }
        return std::nullopt;
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

    std::optional<Day> near() {
        if (take("day", "after", "tomorrow") || take("overmorrow")) return today_ + days(2);
        if (take("day", "before", "yesterday")) return today_ - days(2);
        if (take("tomorrow")) return part_of(today_ + days(1));
        if (take("yesterday")) return part_of(today_ - days(1));
        if (take("today") || take("now") || take("right", "now") || take("tonight")) return today_;
        if (take("this")) {
            if (take("morning") || take("afternoon") || take("evening") || take("day")) return today_;
        }
        return std::nullopt;
    }
    Day part_of(Day day) {
        for (std::string_view part : {"morning", "afternoon", "evening", "night"})
            if (take(part)) break;
        return day;
    }

    // "in 3 weeks", "100 days from now", "10 days ago", "a week from friday", "next week".
    std::optional<Day> distance() {
        const bool in = take("in");
        if (!in && (word() == "next" || word() == "last")) return neighbour();
        const std::optional<int> count = amount();
        if (!count) return std::nullopt;
        const std::string_view unit = word();
        ++at_;
        int sign = in ? 1 : 0;
        Day from = today_;
        if (take("ago") || take("before", "today") || take("earlier"))
            sign = -1;
        else if (take("from")) {
            sign = 1;
            if (!take("now") && !take("today")) {
                const std::optional<Day> base = DayReader(std::span(words_).subspan(at_), today_).read();
                if (!base) return std::nullopt;
                from = *base;
                at_ = words_.size();
            }
        } else if (take("time") || take("later"))
            sign = 1;
        if (sign == 0) return std::nullopt;
        return shifted(from, sign * *count, unit);
    }

    std::optional<int> amount() {
        if (take("a") || take("an")) return take("couple") ? 2 : 1;
        if (!is_number(word()) || word().find('.') != std::string_view::npos || word().size() > 5)
            return std::nullopt;
        return std::stoi(words_[at_++]);
    }

    std::optional<Day> neighbour() {
        const int sign = take("next") ? 1 : (++at_, -1);
        const std::string_view unit = word();
        if (unit != "week" && unit != "month" && unit != "year") return std::nullopt;
        ++at_;
        return shifted(today_, sign, unit);
    }

    static std::optional<Day> shifted(Day from, int count, std::string_view unit) {
        if (unit.ends_with('s')) unit.remove_suffix(1);
        if (unit == "day") return from + days(count);
        if (unit == "week") return from + days(7 * count);
        if (unit == "fortnight") return from + days(14 * count);
        if (unit != "month" && unit != "year") return std::nullopt;
        if (unit == "year" && std::abs(count) > 5000) return std::nullopt;
        const year_month_day start = civil(from);
        const auto moved =
            start.year() / start.month() + std::chrono::months(unit == "year" ? 12 * count : count);
        return clamped(moved.year(), moved.month(), static_cast<unsigned>(start.day()));
    }

    // "friday", "next friday", "last friday", "this friday", "friday next week", "a week on friday" is
    // distance().
    std::optional<Day> of_week() {
        const bool next = take("next"), last = !next && take("last"),
                   near_one = !next && !last && (take("this") || take("coming"));
        if (near_one) take("coming");
        int index = index_of(kWeekdays, word());
        if (index < 0 && word().ends_with('s'))
            index = index_of(kWeekdays, word().substr(0, word().size() - 1));
        if (index < 0) return std::nullopt;
        ++at_;
        const weekday which(static_cast<unsigned>(index));
        if (next || take("next", "week")) return monday_of(today_) + days(7) + (which - std::chrono::Monday);
        if (last) {
            const days back = weekday(today_) - which;
            return today_ - (back == days(0) ? days(7) : back);
        }
        return part_of(today_ + (which - weekday(today_)));
    }

    // "4th july 2027", "july 4", "21 first march": a day, a month, perhaps a year, in either order.
    std::optional<Day> of_year() {
        const std::optional<unsigned> before = day_number();
        int index = index_of(kMonths, word());
        if (index < 0) return before ? bare_day(*before) : std::nullopt;
        ++at_;
        const std::optional<unsigned> number = before ? before : day_number();
        if (!number || *number < 1 || *number > 31) return std::nullopt;
        const month m(static_cast<unsigned>(index + 1));
        const std::optional<int> y = year_number();
        const year_month_day day =
            year(y ? *y : static_cast<int>(civil(today_).year())) / m / std::chrono::day(*number);
        if (!day.ok()) return *number == 29 && !y ? next_leap_day() : std::nullopt;
        return y ? Day(day) : coming(Day(day));
    }

    // "the 12th": of this month or, when gone by, of the next that has one.
    std::optional<Day> bare_day(unsigned number) {
        if (at_ != words_.size() || number < 1 || number > 31 || is_number(words_.back()))
            return std::nullopt;
        auto at = civil(today_).year() / civil(today_).month();
        for (int i = 0; i < 3; ++i, at += std::chrono::months(1)) {
            const year_month_day day = at / std::chrono::day(number);
            if (day.ok() && Day(day) >= today_) return Day(day);
        }
        return std::nullopt;
    }

    std::optional<Day> next_leap_day() const {
        for (int y = static_cast<int>(civil(today_).year()); y < 10000; ++y)
            if (year(y).is_leap() && Day(year(y) / 2 / 29) >= today_) return Day(year(y) / 2 / 29);
        return std::nullopt;
    }

    // A day without a year is the next to come.
    static Day same_next_year(Day day) {
        const year_month_day date = civil(day);
        return clamped(date.year() + std::chrono::years(1), date.month(), static_cast<unsigned>(date.day()));
    }
    Day coming(Day day) const { return day < today_ ? same_next_year(day) : day; }

    // 4, "4th", "fourth", 20 + "first".
    std::optional<unsigned> day_number() {
        const std::string_view text = word();
        if (const int index = index_of(kOrdinals, text); index > 0)
            return ++at_, static_cast<unsigned>(index);
        if (text.size() > 2 && is_number(text.substr(0, text.size() - 2)) && text.size() <= 4 &&
            !is_number(text)) {
            const std::string_view digits = text.substr(0, text.size() - 2);
            if (digits.find('.') == std::string_view::npos)
                return ++at_, static_cast<unsigned>(std::stoi(std::string(digits)));
        }
        if (!is_number(text) || text.size() > 2) return std::nullopt;
        auto number = static_cast<unsigned>(std::stoi(std::string(text)));
        ++at_;
        if (const int unit = index_of(kOrdinals, word());
            (number == 20 || number == 30) && unit > 0 && unit < 10) {
            ++at_;
            number += static_cast<unsigned>(unit);
        }
        return number;
    }

    // 2027, "20 27" (twenty twenty-seven), "this year", "next year".
    std::optional<int> year_number() {
        take("in");
        const int this_year = static_cast<int>(civil(today_).year());
        if (take("this", "year")) return this_year;
        if (take("next", "year")) return this_year + 1;
        if (take("last", "year")) return this_year - 1;
        const auto digits = [&](size_t ahead, size_t n) {
            const std::string_view text = word(ahead);
            return text.size() == n && is_number(text) && text.find('.') == std::string_view::npos;
        };
        if (digits(0, 4)) return std::stoi(words_[at_++]);
        if (digits(0, 2) && digits(1, 2)) {
            at_ += 2;
            return std::stoi(words_[at_ - 2]) * 100 + std::stoi(words_[at_ - 1]);
        }
        return std::nullopt;
    }

    std::optional<Day> holiday() {
        // Most words begin no name, and the search below goes through years.
        static constexpr std::array<std::string_view, 18> kFirst = {
            "christmas",  "xmas",         "boxing", "new",      "halloween", "valentine's",
            "valentines", "independence", "st",     "leap",     "april",     "easter",
            "good",       "thanksgiving", "black",  "mother's", "mothers",   "labor"};
        const bool begins = std::find(kFirst.begin(), kFirst.end(), words_[0]) != kFirst.end() ||
                            words_[0].starts_with("father");
        if (!begins) return std::nullopt;
        for (size_t n = std::min<size_t>(3, words_.size()); n > 0; --n) {
            std::string name(words_[0]);
            for (size_t i = 1; i < n; ++i) name += " " + words_[i];
            at_ = n;
            if (const std::optional<Day> day = holiday_named(name)) return day;
        }
        return std::nullopt;
    }

    std::optional<Day> holiday_named(const std::string& name) {
        const std::optional<int> given = year_number();
        const int this_year = static_cast<int>(civil(today_).year());
        for (int y = given.value_or(this_year); y <= given.value_or(this_year + 8); ++y) {
            const std::optional<Day> day = holiday_in(name, y);
            if (day && (given || *day >= today_)) return day;
        }
        return std::nullopt;
    }

    static std::optional<Day> holiday_in(const std::string& name, int y) {
        if (y < 1583 || y > 9999) return std::nullopt;
        for (const Holiday& holiday : kHolidays)
            if (holiday.name == name) {
                const year_month_day day = year(y) / month(holiday.month) / std::chrono::day(holiday.day);
                return day.ok() ? std::optional(Day(day)) : std::nullopt;
            }
        if (name == "easter" || name == "easter sunday") return easter(y);
        if (name == "good friday") return easter(y) - days(2);
        if (name == "easter monday") return easter(y) + days(1);
        if (name == "thanksgiving" || name == "thanksgiving day") return nth(y, 11, std::chrono::Thursday, 4);
        if (name == "black friday") return nth(y, 11, std::chrono::Thursday, 4) + days(1);
        if (name == "mother's day" || name == "mothers day") return nth(y, 5, std::chrono::Sunday, 2);
        if (name == "father's day" || name == "fathers day") return nth(y, 6, std::chrono::Sunday, 3);
        if (name == "labor day") return nth(y, 9, std::chrono::Monday, 1);
        return std::nullopt;
    }

    std::vector<std::string> words_;
    Day today_;
    size_t at_ = 0;
};

}  // namespace

std::optional<Day> read_day(std::span<const std::string> words, Day today) {
    return DayReader(words, today).read();
}

std::string spoken_weekday(Day day) {
    return capital(kWeekdays[weekday(day).c_encoding()]);
}

std::string spoken_ordinal(unsigned number) {
    const unsigned tens = number % 100, units = number % 10;
    const bool teen = tens >= 11 && tens <= 13;
    return fmt::format("{}{}", number,
                       teen         ? "th"
                       : units == 1 ? "st"
                       : units == 2 ? "nd"
                       : units == 3 ? "rd"
                                    : "th");
}

std::string spoken_day(Day day, Day today) {
    const year_month_day date = civil(day);
    std::string out = fmt::format("{}, {} {}", spoken_weekday(day),
                                  capital(kMonths[static_cast<unsigned>(date.month()) - 1]),
                                  spoken_ordinal(static_cast<unsigned>(date.day())));
    if (date.year() != civil(today).year()) out += fmt::format(", {}", static_cast<int>(date.year()));
    return out;
}

std::string iso_day(Day day) {
    const year_month_day date = civil(day);
    return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

std::string spoken_time(int hour, int minute) {
    const int twelve = hour % 12 == 0 ? 12 : hour % 12;
    const char* half = hour < 12 ? "AM" : "PM";
    return minute == 0 ? fmt::format("{} {}", twelve, half)
                       : fmt::format("{}:{:02} {}", twelve, minute, half);
}

}  // namespace coda::tools
