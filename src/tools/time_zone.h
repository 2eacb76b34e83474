// The clock of a place: tz database files (TZif, RFC 8536) from the system's zoneinfo folder, and which zone
// a city, a state or a country with one zone is in. Thread safety: pure functions; a TimeZone is immutable.
#pragma once

#include "base/result.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace coda::tools {

class TimeZone {
  public:
    // Fails with bad_format (naming the field) for bytes that are no TZif file.
    static Result<TimeZone> parse(std::span<const std::byte> bytes, const std::string& where);

    // Seconds east of UTC at this time.
    int32_t offset_at(std::chrono::sys_seconds time) const;

  private:
    struct Transition {
        int64_t at;
        int32_t offset;
    };
    // One switch of the POSIX rule in the file's footer: "M10.5.0/3".
    struct Switch {
        enum class Form { month_week_day, julian_without_leap, day_of_year } form = Form::month_week_day;
        int month = 0, week = 0, day = 0;
        int seconds = 2 * 3600;  // local time of day
    };
    struct Rule {
        int32_t standard = 0, daylight = 0;
        bool has_daylight = false;
        Switch start, end;
    };
    friend class TzifReader;

    static std::optional<Rule> parse_rule(std::string_view text);
    static int64_t switch_time(const Switch& s, int year);  // local seconds since the epoch
    int32_t rule_offset(int64_t time) const;

    std::vector<Transition> transitions_;
    int32_t first_offset_ = 0;
    std::optional<Rule> rule_;
};

struct Place {
    std::string name;  // as spoken: "New York"
    std::string zone;  // "America/New_York"
};

// A place by its name in normalised words; nothing when none is known or it has several zones.
std::optional<Place> find_place(std::span<const std::string> words);

// The zone's clock. `folder` is the zoneinfo folder (usually /usr/share/zoneinfo). Fails with not_found or
// bad_format.
Result<TimeZone> open_zone(const std::string& zone, const std::filesystem::path& folder);
std::filesystem::path zoneinfo_folder();

}  // namespace coda::tools
