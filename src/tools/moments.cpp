#include "tools/moments.h"

#include "tools/dates.h"
#include "tools/phrases.h"
#include "tools/words.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace coda::tools {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr seconds kLongest = days(366);
constexpr std::array<std::string_view, 7> kWeekdayNames = {"sunday",   "monday", "tuesday", "wednesday",
                                                           "thursday", "friday", "saturday"};

// Reads its words from the left; each take_... moves on only where it succeeds.
class Reader {
  public:
    explicit Reader(std::span<const std::string> words) : words_(words) {}

    std::string_view word(size_t ahead = 0) const {
        return at_ + ahead < words_.size() ? std::string_view(words_[at_ + ahead]) : std::string_view();
    }
    bool done() const { return at_ == words_.size(); }
    size_t left() const { return words_.size() - at_; }
    std::span<const std::string> rest(size_t n) const { return words_.subspan(at_, n); }
    void skip(size_t n) { at_ += n; }
    size_t place() const { return at_; }
    void go_back(size_t to) { at_ = to; }

    template <class... Words>
    bool take(Words... expected) {
        size_t ahead = 0;
        if (!((word(ahead++) == std::string_view(expected)) && ...)) return false;
        at_ += sizeof...(expected);
        return true;
    }
    bool take_any(std::initializer_list<std::string_view> expected) {
        if (std::find(expected.begin(), expected.end(), word()) == expected.end() || done()) return false;
        ++at_;
        return true;
    }
    std::optional<double> take_number() {
        if (!is_number(word()) || word().size() > 7) return std::nullopt;
        return std::strtod(words_[at_++].c_str(), nullptr);
    }

  private:
    std::span<const std::string> words_;
    size_t at_ = 0;
};

// ---- lengths

std::optional<seconds> unit_named(std::string_view word) {
    constexpr std::array<std::pair<std::string_view, int64_t>, 19> kUnits = {{{"second", 1},
                                                                              {"seconds", 1},
                                                                              {"sec", 1},
                                                                              {"secs", 1},
                                                                              {"minute", 60},
                                                                              {"minutes", 60},
                                                                              {"min", 60},
                                                                              {"mins", 60},
                                                                              {"hour", 3600},
                                                                              {"hours", 3600},
                                                                              {"hr", 3600},
                                                                              {"hrs", 3600},
                                                                              {"day", 86400},
                                                                              {"days", 86400},
                                                                              {"week", 604800},
                                                                              {"weeks", 604800},
                                                                              {"s", 1},
                                                                              {"h", 3600},
                                                                              {"minute's", 60}}};
    const auto at =
        std::find_if(kUnits.begin(), kUnits.end(), [&](const auto& unit) { return unit.first == word; });
    return at == kUnits.end() ? std::nullopt : std::optional(seconds(at->second));
}

// The fraction in front of "hour": "half an", "a quarter of an", "3 quarters of an".
std::optional<double> take_fraction(Reader& in) {
    const size_t start = in.place();
    std::optional<double> share;
    if (in.take("half"))
        share = 0.5;
    else if (in.take("a", "half"))
        share = 0.5;
    else if (in.take("quarter") || in.take("a", "quarter") || in.take("1", "quarter"))
        share = 0.25;
    else if (in.take("3", "quarters") || in.take("3", "quarter"))
        share = 0.75;
    if (!share) return share;
    in.take("of");
    if (in.take_any({"a", "an"}) && unit_named(in.word())) return share;
    if (share == 0.5 && unit_named(in.word())) return share;
    in.go_back(start);
    return std::nullopt;
}

std::optional<double> take_count(Reader& in) {
    if (const auto share = take_fraction(in)) return share;
    if (in.take("a", "couple") || in.take("couple")) return in.take("of"), 2;
    if (in.take("a", "few")) return 3;
    if (in.take_any({"a", "an", "another"})) return 1;
    auto count = in.take_number();
    if (count && (in.take("and", "a", "half") || in.take("and", "1", "half") || in.take("1/2")))
        *count += 0.5;
    return count;
}

// "10 minutes", "an hour and a half", "2 and a half hours", "1 minute 30".
std::optional<seconds> take_length(Reader& in) {
    double total = 0;
    std::optional<seconds> smallest;
    for (;;) {
        const size_t start = in.place();
        if (smallest) in.take("and");
        if (smallest && in.take_any({"a"}) && in.take("half")) {
            total += 0.5 * static_cast<double>(smallest->count());
            return seconds(std::llround(total));
        }
        in.go_back(start);
        if (smallest) in.take("and");
        const std::optional<double> count = take_count(in);
        const std::optional<seconds> unit = count ? unit_named(in.word()) : std::nullopt;
        if (count && unit && (!smallest || *unit < *smallest)) {
            in.skip(1);
            total += *count * static_cast<double>(unit->count());
            smallest = unit;
            continue;
        }
        const bool bare_rest = smallest && count && !unit && in.done() && *smallest >= minutes(1) &&
                               *smallest <= hours(1) && *count < 60;
        if (bare_rest)
            return seconds(std::llround(total + *count * static_cast<double>(smallest->count()) / 60));
        in.go_back(start);
        if (!smallest) return std::nullopt;
        return seconds(std::llround(total));
    }
}

std::string counted(int64_t n, const char* one) {
    return fmt::format("{} {}{}", n, one, n == 1 ? "" : "s");
}

// ---- moments

enum class Part { none, morning, noon, afternoon, evening, night };

struct ClockTime {
    int hour = 0, minute = 0;
    bool exact = false;  // AM or PM is known
};

class MomentReader {
  public:
    MomentReader(std::span<const std::string> words, sys_seconds now, Lean lean)
        : in_(words), now_(now), today_(std::chrono::floor<days>(now)), lean_(lean) {}

    std::optional<Moment> read() {
        if (const std::optional<Moment> relative = from_now()) return relative;
        while (!in_.done()) {
            in_.take_any({"at", "around", "about", "by", "exactly", "sharp", "for", "starting", "from"});
            if (in_.done()) return std::nullopt;
            if (!every() && !part() && !day() && !clock()) return std::nullopt;
        }
        if (!day_ && !clock_ && part_ == Part::none && every_ == 0) return std::nullopt;
        return put_together();
    }

  private:
    // "in 10 minutes", "10 minutes from now".
    std::optional<Moment> from_now() {
        const bool in = in_.take_any({"in", "after"});
        if (in) in_.take_any({"about", "exactly"});
        const std::optional<seconds> length = take_length(in_);
        const bool behind = length && (in_.take("from", "now") || in_.take("later") || in_.take("time"));
        if (length && (in || behind) && in_.done() && *length >= seconds(1) && *length <= kLongest)
            return Moment{now_ + *length, 0, true, true, false};
        in_.go_back(0);
        return std::nullopt;
    }

    bool every() {
        const size_t start = in_.place();
        if (every_) return false;
        if (in_.take("daily")) return every_ = kEveryDay, true;
        if (in_.take("weekdays")) return every_ = kWorkdays, true;
        if (in_.take("on", "weekdays") || in_.take("during", "the", "week")) return every_ = kWorkdays, true;
        if (in_.take("on", "weekends") || in_.take("at", "weekends") || in_.take("weekends"))
            return every_ = kWeekend, true;
        if (in_.take("every", "single", "day")) return every_ = kEveryDay, true;
        const bool each = in_.take_any({"every", "each"});
        if (each) {
            if (in_.take("day") || in_.take("1", "day")) return every_ = kEveryDay, true;
            if (in_.word() == "morning" || in_.word() == "afternoon" || in_.word() == "evening" ||
                in_.word() == "night")
                return every_ = kEveryDay, part();
            if (in_.take("weekday") || in_.take("workday") || in_.take("working", "day"))
                return every_ = kWorkdays, true;
            if (in_.take("weekend")) return every_ = kWeekend, true;
        } else {
            in_.take("on");
        }
        return weekdays(each) || (in_.go_back(start), false);
    }
    // "every monday and friday", "on mondays".
    bool weekdays(bool each) {
        Weekdays found = 0;
        for (;;) {
            const size_t start = in_.place();
            if (found) in_.take("and");
            const int index = weekday(in_.word(), each);
            if (index < 0) {
                in_.go_back(start);
                break;
            }
            found = static_cast<Weekdays>(found | 1U << index);
            in_.skip(1);
        }
        every_ = found;
        return found != 0;
    }
    static int weekday(std::string_view word, bool singular) {
        const bool plural = word.ends_with('s') && word.size() > 3;
        const std::string_view stem = plural ? word.substr(0, word.size() - 1) : word;
        if (!plural && !singular) return -1;
        const auto at = std::find(kWeekdayNames.begin(), kWeekdayNames.end(), stem);
        return at == kWeekdayNames.end() ? -1 : static_cast<int>(at - kWeekdayNames.begin());
    }

    bool part() {
        const size_t start = in_.place();
        if (part_ != Part::none) return false;
        if (in_.take("tonight")) return day_ = today_, part_ = Part::night, true;
        if (in_.take("noon") || in_.take("midday") || in_.take("lunchtime")) return part_ = Part::noon, true;
        if (in_.take("midnight")) return clock_ = ClockTime{0, 0, true}, true;
        const bool today = in_.take("this");
        if (!today && (in_.take("in", "the") || in_.take("at") || in_.take("in"))) in_.take("early");
        if (in_.take("first", "thing")) in_.take("in", "the");
        for (const auto& [name, part] : {std::pair<std::string_view, Part>{"morning", Part::morning},
                                         {"afternoon", Part::afternoon},
                                         {"evening", Part::evening},
                                         {"night", Part::night}})
            if (in_.take(name)) {
                part_ = part;
                if (today) day_ = today_;
                return true;
            }
        in_.go_back(start);
        return false;
    }

    // The longest row of words that is a day; a part of the day at its end is kept.
    bool day() {
        if (day_) return false;
        for (size_t n = std::min<size_t>(in_.left(), 7); n > 0; --n) {
            const std::span<const std::string> words = in_.rest(n);
            if (words.back() == "at" || words.back() == "in") continue;
            const std::optional<Day> found = read_day(words, today_);
            if (!found) continue;
            const bool bare_number = n == 1 && is_number(words.front());
            if (bare_number) continue;
            day_ = found;
            static constexpr std::array<std::pair<std::string_view, Part>, 5> kEnds = {
                {{"morning", Part::morning},
                 {"afternoon", Part::afternoon},
                 {"evening", Part::evening},
                 {"night", Part::night},
                 {"tonight", Part::night}}};
            for (const auto& [name, part] : kEnds)
                if (words.back() == name) part_ = part;
            in_.skip(n);
            return true;
        }
        return false;
    }

    std::optional<int> number_below(int bound) {
        const std::string_view text = in_.word();
        if (!is_number(text) || text.size() > 2 || text.find('.') != std::string_view::npos)
            return std::nullopt;
        const int value = std::atoi(std::string(text).c_str());
        if (value >= bound) return std::nullopt;
        in_.skip(1);
        return value;
    }

    // "7", "7:30", "7 30", "half past 7", "quarter to 8", "10 past 7", "19:30", with "am", "o'clock" behind.
    bool clock() {
        const size_t start = in_.place();
        if (clock_) return false;
        ClockTime time;
        if (!spoken_minutes(time) && !(in_.go_back(start), digits(time))) {
            in_.go_back(start);
            return false;
        }
        if (in_.take("o'clock") || in_.take("oclock")) in_.take("sharp");
        half_of_day(time);
        clock_ = time;
        return true;
    }
    bool spoken_minutes(ClockTime& time) {
        int count = 0;
        in_.take("a");
        if (in_.take("half"))
            count = 30;
        else if (in_.take("quarter"))
            count = 15;
        else if (const auto number = number_below(60)) {
            count = *number;
            in_.take_any({"minutes", "minute"});
        } else
            return false;
        const bool past = in_.take_any({"past", "after"});
        const bool to = !past && in_.take_any({"to", "before", "of"});
        if (!past && !to && count != 30) return false;  // "half 7" is half past 7
        if (in_.take("noon") || in_.take("midday"))
            time = {12, 0, true};
        else if (in_.take("midnight"))
            time = {24, 0, true};
        else if (const auto hour = number_below(25))
            time = {*hour, 0, *hour > 12 || *hour == 0};
        else
            return false;
        const int total = (time.hour * 60 + (to ? -count : count) + 24 * 60) % (24 * 60);
        time.hour = total / 60;
        time.minute = total % 60;
        return true;
    }
    bool digits(ClockTime& time) {
        const std::string_view text = in_.word();
        const size_t colon = text.find(':');
        if (colon != std::string_view::npos ||
            (is_number(text) && text.find('.') != std::string_view::npos)) {
            const size_t mark = colon != std::string_view::npos ? colon : text.find('.');
            const std::string_view minute = text.substr(mark + 1);
            if (mark == 0 || mark > 2 || minute.size() != 2) return false;
            time.hour = std::atoi(std::string(text.substr(0, mark)).c_str());
            time.minute = std::atoi(std::string(minute).c_str());
            time.exact = time.hour > 12 || text.front() == '0';
            in_.skip(1);
            return time.hour < 24 && time.minute < 60;
        }
        // "730", as Whisper writes it now and then.
        if (is_number(text) && (text.size() == 3 || text.size() == 4) &&
            text.find('.') == std::string_view::npos) {
            const int value = std::atoi(std::string(text).c_str());
            time = {value / 100, value % 100, value >= 1300 || text.front() == '0'};
            in_.skip(1);
            return time.hour < 24 && time.minute < 60;
        }
        const auto hour = number_below(25);
        if (!hour) return false;
        time = {*hour % 24, 0, *hour > 12 || *hour == 0};
        const size_t before = in_.place();
        const bool zero = in_.take("oh") || in_.take("o");
        const auto minute = number_below(60);
        if (minute && (zero || *minute >= 10))
            time.minute = *minute;
        else
            in_.go_back(before);
        return true;
    }
    void half_of_day(ClockTime& time) {
        const bool am = in_.take("am") || in_.take("a", "m"),
                   pm = !am && (in_.take("pm") || in_.take("p", "m"));
        if ((!am && !pm) || time.hour > 12) return;
        time.hour = time.hour % 12 + (pm ? 12 : 0);
        time.exact = true;
    }

    static int hour_of(Part part) {
        switch (part) {
            case Part::noon:
                return 12;
            case Part::afternoon:
                return 15;
            case Part::evening:
                return 19;
            case Part::night:
                return 21;
            case Part::morning:
                return 8;
            case Part::none:
                return 9;
        }
        return 9;
    }

    // The hour of a clock that left AM and PM open; nothing where only the order of time can tell.
    std::optional<int> settled_hour() const {
        const int hour = clock_->hour;
        if (clock_->exact || hour > 12) return hour;
        switch (part_) {
            case Part::morning:
                return hour % 12;
            case Part::noon:
            case Part::afternoon:
            case Part::evening:
                return hour % 12 + 12;
            case Part::night:
                return hour == 12 || hour < 5 ? hour % 12 : hour + 12;
            case Part::none:
                break;
        }
        if (lean_ == Lean::morning) return hour == 12 ? 12 : hour;
        const bool other_day = (day_ && *day_ != today_) || every_;
        if (!other_day) return std::nullopt;
        const int first = lean_ == Lean::alarm ? 4 : 7;
        return hour == 12 || hour < first ? hour % 12 + 12 : hour;
    }

    Moment put_together() {
        Moment out;
        out.every = every_;
        out.day_given = day_.has_value() || every_;
        out.clock_given = clock_.has_value() || part_ == Part::noon;
        const int minute = clock_ ? clock_->minute : 0;
        const std::optional<int> hour = clock_ ? settled_hour() : std::optional(hour_of(part_));
        const bool after_midnight = part_ == Part::night && clock_ && hour && *hour < 5 && day_ == today_;
        Day first = day_.value_or(today_);
        if (after_midnight) first += days(1);
        const auto at = [&](Day day, int h) { return day + hours(h) + minutes(minute); };
        if (!hour) {  // today, AM or PM: what comes first
            const int low = clock_->hour % 12;
            out.local = at(first, low);
            if (out.local <= now_) out.local = at(first, low + 12);
        } else {
            out.local = at(first, *hour);
        }
        const bool free_day = !day_ || every_;
        if (out.local <= now_ && free_day) {
            if (!hour)
                out.local = at(first + days(1), clock_->hour % 12);
            else
                out.local += days(1);
        }
        if (every_)
            while (!(every_ >> std::chrono::weekday(std::chrono::floor<days>(out.local)).c_encoding() & 1U))
                out.local += days(1);
        out.past = out.local <= now_;
        return out;
    }

    Reader in_;
    const sys_seconds now_;
    const Day today_;
    const Lean lean_;
    std::optional<Day> day_;
    std::optional<ClockTime> clock_;
    Part part_ = Part::none;
    Weekdays every_ = 0;
};

std::string length_text(seconds length, bool with_seconds) {
    std::vector<std::string> parts;
    int64_t rest = length.count();
    for (const auto& [unit, name] :
         {std::pair<int64_t, const char*>{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}}) {
        if (unit == 1 && !with_seconds) break;
        if (rest >= unit) parts.push_back(counted(rest / unit, name));
        rest %= unit;
    }
    return parts.empty() ? "0 seconds" : enumeration(parts);
}

}  // namespace

std::optional<seconds> read_length(std::span<const std::string> words) {
    if (words.empty() || words.size() > 12) return std::nullopt;
    Reader in(words);
    const std::optional<seconds> length = take_length(in);
    if (!length || !in.done() || *length < seconds(1) || *length > kLongest) return std::nullopt;
    return length;
}

std::optional<seconds> read_extra_length(std::span<const std::string> words) {
    std::vector<std::string> rest;
    for (const std::string& word : words) {
        const bool another = word == "another" && &word != &words.back() && !is_number((&word)[1]);
        const bool marks = word == "more" || word == "extra" || word == "additional" || word == "longer" ||
                           word == "another";
        if (another)
            rest.emplace_back("a");
        else if (!marks)
            rest.push_back(word);
    }
    const bool marked = std::any_of(words.begin(), words.end(), [](const std::string& word) {
        return word == "more" || word == "extra" || word == "additional" || word == "longer" ||
               word == "another";
    });
    return marked ? read_length(rest) : std::nullopt;
}

std::string spoken_length(seconds length) {
    return length_text(length, true);
}

std::string length_as_name(seconds length) {
    for (const auto& [unit, name] : {std::pair<int64_t, const char*>{3600, "hour"}, {60, "minute"}})
        if (length.count() % unit == 0) return fmt::format("{} {}", length.count() / unit, name);
    return length < minutes(1) ? fmt::format("{} second", length.count()) : spoken_length(length);
}

std::string spoken_time_left(seconds left) {
    return length_text(left, left < hours(1));
}

std::optional<Moment> read_moment(std::span<const std::string> words, sys_seconds now, Lean lean) {
    if (words.empty() || words.size() > 12) return std::nullopt;
    return MomentReader(words, now, lean).read();
}

sys_seconds to_local(sys_seconds utc, const ToolContext& context) {
    return utc + seconds(context.offset_of ? context.offset_of(utc) : context.utc_offset);
}

sys_seconds to_utc(sys_seconds local, const ToolContext& context) {
    if (!context.offset_of) return local - seconds(context.utc_offset);
    const sys_seconds guess = local - seconds(context.offset_of(local));
    return local - seconds(context.offset_of(guess));
}

sys_seconds next_on(sys_seconds utc, Weekdays every, sys_seconds after, const ToolContext& context) {
    const sys_seconds at = to_local(utc, context);
    const seconds of_day = at - std::chrono::floor<days>(at);
    Day day = std::chrono::floor<days>(to_local(after, context));
    for (int i = 0; i < 9; ++i, day += days(1)) {
        if (!(every >> std::chrono::weekday(day).c_encoding() & 1U)) continue;
        const sys_seconds next = to_utc(day + of_day, context);
        if (next > after) return next;
    }
    return after + days(7);
}

std::string spoken_clock(sys_seconds local) {
    const std::chrono::hh_mm_ss clock(local - std::chrono::floor<days>(local));
    const auto hour = static_cast<int>(clock.hours().count()),
               minute = static_cast<int>(clock.minutes().count());
    if (minute == 0 && hour == 12) return "noon";
    if (minute == 0 && hour == 0) return "midnight";
    return spoken_time(hour, minute);
}

std::string spoken_moment(sys_seconds local, sys_seconds now) {
    const Day day = std::chrono::floor<days>(local), today = std::chrono::floor<days>(now);
    const std::string clock = spoken_clock(local);
    if (day == today) return clock + " today";
    if (day == today + days(1)) return clock + " tomorrow";
    if (day == today - days(1)) return clock + " yesterday";
    if (day > today && day < today + days(7)) return clock + " on " + spoken_weekday(day);
    return fmt::format("{} on {}", clock, spoken_day(day, today));
}

std::string spoken_weekdays(Weekdays every) {
    if (every == kEveryDay) return "every day";
    if (every == kWorkdays) return "on weekdays";
    if (every == kWeekend) return "on weekends";
    std::vector<std::string> names;
    for (unsigned i = 0; i < 7; ++i)
        if (every >> i & 1U) {
            std::string name(kWeekdayNames[i]);
            name[0] = static_cast<char>(name[0] - 'a' + 'A');
            names.push_back(std::move(name));
        }
    return "every " + enumeration(names);
}

}  // namespace coda::tools
