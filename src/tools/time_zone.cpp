#include "tools/time_zone.h"

#include "base/file_map.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace coda::tools {
namespace {

using std::chrono::days;

constexpr int64_t kDay = 86400;

int year_of(int64_t time) {
    const auto day = std::chrono::floor<days>(std::chrono::sys_seconds(std::chrono::seconds(time)));
    return static_cast<int>(std::chrono::year_month_day(day).year());
}

bool safe_zone_name(const std::string& zone) {
    return !zone.empty() && zone.front() != '/' && zone.find("..") == std::string::npos &&
           std::all_of(zone.begin(), zone.end(), [](unsigned char c) {
               return std::isalnum(c) || c == '/' || c == '_' || c == '-' || c == '+';
           });
}

// A cursor over the POSIX TZ string of the footer: "EST5EDT,M3.2.0,M11.1.0", "<+0330>-3:30".
class RuleCursor {
  public:
    explicit RuleCursor(std::string_view text) : text_(text) {}

    bool done() const { return at_ == text_.size(); }
    bool take(char c) {
        if (done() || text_[at_] != c) return false;
        ++at_;
        return true;
    }
    char peek() const { return done() ? '\0' : text_[at_]; }

    bool name() {
        const size_t start = at_;
        if (take('<')) {
            while (!done() && peek() != '>') ++at_;
            return take('>');
        }
        while (std::isalpha(static_cast<unsigned char>(peek()))) ++at_;
        return at_ - start >= 3;
    }
    std::optional<int> number() {
        const size_t start = at_;
        int value = 0;
        while (std::isdigit(static_cast<unsigned char>(peek())) && at_ - start < 4)
            value = value * 10 + (text_[at_++] - '0');
        return at_ > start ? std::optional(value) : std::nullopt;
    }
    // [+-]hh[:mm[:ss]] in seconds
    std::optional<int> clock() {
        const int sign = take('-') ? -1 : (take('+'), 1);
        const std::optional<int> hours = number();
        if (!hours || *hours > 167) return std::nullopt;
        int seconds = *hours * 3600;
        for (int scale = 60; scale >= 1 && take(':'); scale /= 60) {
            const std::optional<int> part = number();
            if (!part || *part > 59) return std::nullopt;
            seconds += *part * scale;
        }
        return sign * seconds;
    }

  private:
    std::string_view text_;
    size_t at_ = 0;
};

}  // namespace

// Reads the blocks of a TZif file; version 2 and later repeat them with 64-bit times, and those are taken.
class TzifReader {
  public:
    TzifReader(std::span<const std::byte> bytes, const std::string& where) : bytes_(bytes), where_(where) {}

    Result<TimeZone> read() {
        CODA_CHECK(header());
        if (version_ >= '2') {
            if (!skip(block_size(4))) return truncated("first data block");
            CODA_CHECK(header());
            CODA_CHECK(block(8));
            CODA_CHECK(footer());
        } else {
            CODA_CHECK(block(4));
        }
        return std::move(zone_);
    }

  private:
    tl::unexpected<Error> truncated(const char* field) const {
        return fail(ErrorCode::bad_format, std::string("truncated in the ") + field, where_,
                    "reinstall tzdata");
    }
    tl::unexpected<Error> bad(const char* what) const {
        return fail(ErrorCode::bad_format, what, where_, "reinstall tzdata");
    }
    bool skip(size_t n) {
        if (n > bytes_.size() - at_) return false;
        at_ += n;
        return true;
    }
    int64_t integer(size_t at, size_t width) const {
        uint64_t value = 0;
        for (size_t i = 0; i < width; ++i) value = value << 8 | static_cast<uint8_t>(bytes_[at + i]);
        return width == 4 ? static_cast<int32_t>(static_cast<uint32_t>(value)) : static_cast<int64_t>(value);
    }

    Status header() {
        if (bytes_.size() - at_ < 44) return truncated("header");
        if (std::memcmp(bytes_.data() + at_, "TZif", 4) != 0) return bad("no TZif file");
        version_ = static_cast<char>(bytes_[at_ + 4]);
        size_t* const counts[] = {&utc_count_,  &std_count_,  &leap_count_,
                                  &time_count_, &type_count_, &char_count_};
        for (size_t i = 0; i < 6; ++i) {
            *counts[i] = static_cast<uint32_t>(integer(at_ + 20 + 4 * i, 4));
            if (*counts[i] > 100000) return bad("implausible count in the header");
        }
        at_ += 44;
        return {};
    }

    size_t block_size(size_t width) const {
        return time_count_ * (width + 1) + type_count_ * 6 + char_count_ + leap_count_ * (width + 4) +
               std_count_ + utc_count_;
    }

    Status block(size_t width) {
        if (block_size(width) > bytes_.size() - at_) return truncated("data block");
        if (type_count_ == 0) return bad("no local time types");
        const size_t times = at_, kinds = times + time_count_ * width, types = kinds + time_count_;
        for (size_t i = 0; i < time_count_; ++i) {
            const auto kind = static_cast<uint8_t>(bytes_[kinds + i]);
            if (kind >= type_count_) return bad("a transition names a type that is not there");
            zone_.transitions_.push_back({integer(times + i * width, width), offset(types, kind)});
        }
        const auto earlier = [](const TimeZone::Transition& a, const TimeZone::Transition& b) {
            return a.at < b.at;
        };
        if (!std::is_sorted(zone_.transitions_.begin(), zone_.transitions_.end(), earlier))
            return bad("transitions out of order");
        zone_.first_offset_ = offset(types, 0);
        at_ += block_size(width);
        return {};
    }
    int32_t offset(size_t types, size_t kind) const {
        return static_cast<int32_t>(std::clamp<int64_t>(integer(types + kind * 6, 4), -kDay, kDay));
    }

    Status footer() {
        if (at_ >= bytes_.size() || bytes_[at_] != std::byte{'\n'}) return truncated("footer");
        const size_t start = ++at_;
        while (at_ < bytes_.size() && bytes_[at_] != std::byte{'\n'}) ++at_;
        if (at_ == bytes_.size()) return truncated("footer");
        const std::string_view text(reinterpret_cast<const char*>(bytes_.data()) + start, at_ - start);
        if (text.empty()) return {};
        zone_.rule_ = TimeZone::parse_rule(text);
        if (!zone_.rule_) return bad("the footer's rule is not a POSIX time zone");
        return {};
    }

    std::span<const std::byte> bytes_;
    std::string where_;
    size_t at_ = 0;
    char version_ = 0;
    size_t utc_count_ = 0, std_count_ = 0, leap_count_ = 0, time_count_ = 0, type_count_ = 0, char_count_ = 0;
    TimeZone zone_;
};

Result<TimeZone> TimeZone::parse(std::span<const std::byte> bytes, const std::string& where) {
    return TzifReader(bytes, where).read();
}

std::optional<TimeZone::Rule> TimeZone::parse_rule(std::string_view text) {
    RuleCursor in(text);
    Rule rule;
    if (!in.name()) return std::nullopt;
    const std::optional<int> standard = in.clock();
    if (!standard) return std::nullopt;
    rule.standard = rule.daylight = -*standard;
    if (in.done()) return rule;
    if (!in.name()) return std::nullopt;
    rule.has_daylight = true;
    rule.daylight = rule.standard + 3600;
    if (in.peek() != ',') {
        const std::optional<int> daylight = in.clock();
        if (!daylight) return std::nullopt;
        rule.daylight = -*daylight;
    }
    for (Switch* s : {&rule.start, &rule.end}) {
        if (!in.take(',')) return std::nullopt;
        const auto within = [](std::optional<int> value, int low, int high) {
            return value && *value >= low && *value <= high;
        };
        if (in.take('M')) {
            const std::optional<int> month = in.number();
            const std::optional<int> week = in.take('.') ? in.number() : std::nullopt;
            const std::optional<int> day = in.take('.') ? in.number() : std::nullopt;
            if (!within(month, 1, 12) || !within(week, 1, 5) || !within(day, 0, 6)) return std::nullopt;
            s->month = *month;
            s->week = *week;
            s->day = *day;
        } else {
            s->form = in.take('J') ? Switch::Form::julian_without_leap : Switch::Form::day_of_year;
            const std::optional<int> day = in.number();
            if (!within(day, 0, 365)) return std::nullopt;
            s->day = *day;
        }
        if (in.take('/')) {
            const std::optional<int> seconds = in.clock();
            if (!seconds) return std::nullopt;
            s->seconds = *seconds;
        }
    }
    return in.done() ? std::optional(rule) : std::nullopt;
}

int64_t TimeZone::switch_time(const Switch& s, int year) {
    const std::chrono::year y(year);
    std::chrono::sys_days day;
    switch (s.form) {
        case Switch::Form::month_week_day: {
            const std::chrono::month m(static_cast<unsigned>(s.month));
            const std::chrono::weekday which(static_cast<unsigned>(s.day));
            day = s.week == 5 ? std::chrono::sys_days(y / m / which[std::chrono::last])
                              : std::chrono::sys_days(y / m / which[static_cast<unsigned>(s.week)]);
            break;
        }
        case Switch::Form::julian_without_leap:
            day = std::chrono::sys_days(y / 1 / 1) + days(s.day - 1 + (y.is_leap() && s.day >= 60 ? 1 : 0));
            break;
        case Switch::Form::day_of_year:
            day = std::chrono::sys_days(y / 1 / 1) + days(s.day);
            break;
    }
    return day.time_since_epoch().count() * kDay + s.seconds;
}

int32_t TimeZone::rule_offset(int64_t time) const {
    if (!rule_->has_daylight) return rule_->standard;
    const int year = year_of(time + rule_->standard);
    const int64_t start = switch_time(rule_->start, year) - rule_->standard;
    const int64_t end = switch_time(rule_->end, year) - rule_->daylight;
    const bool daylight = start < end ? time >= start && time < end : time >= start || time < end;
    return daylight ? rule_->daylight : rule_->standard;
}

int32_t TimeZone::offset_at(std::chrono::sys_seconds time) const {
    const int64_t at = time.time_since_epoch().count();
    if (rule_ && (transitions_.empty() || at >= transitions_.back().at)) return rule_offset(at);
    const auto next = std::upper_bound(transitions_.begin(), transitions_.end(), at,
                                       [](int64_t value, const Transition& t) { return value < t.at; });
    return next == transitions_.begin() ? first_offset_ : std::prev(next)->offset;
}

Result<TimeZone> open_zone(const std::string& zone, const std::filesystem::path& folder) {
    const std::filesystem::path path = folder / zone;
    if (!safe_zone_name(zone)) return fail(ErrorCode::not_found, "no such time zone", zone);
    CODA_TRY(const FileMap file, FileMap::open(path));
    return TimeZone::parse(file.bytes(), path.string());
}

std::filesystem::path zoneinfo_folder() {
    const char* folder = std::getenv("TZDIR");
    return folder && *folder ? folder : "/usr/share/zoneinfo";
}

}  // namespace coda::tools
