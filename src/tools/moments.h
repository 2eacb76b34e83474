// Lengths of time ("an hour and a half") and moments ("tomorrow at half past 6", "every weekday at 7", "in 10
// minutes") as people name them, in normalised words (words.h), and how replies say them. Moments are local
// times; to_utc brings them onto the clock of the machine. Thread safety: pure functions.
#pragma once

#include "tools/registry.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace coda::tools {

// At most a year, at least a second; nothing when the words name no length.
std::optional<std::chrono::seconds> read_length(std::span<const std::string> words);
// The same with "more", "another", "extra" in it; nothing where it has none of them.
std::optional<std::chrono::seconds> read_extra_length(std::span<const std::string> words);
// "1 hour and 5 minutes"; "10 minute" for a name ("your 10 minute timer").
std::string spoken_length(std::chrono::seconds length);
std::string length_as_name(std::chrono::seconds length);
// The same without what nobody wants to hear of a long time: seconds go from an hour on.
std::string spoken_time_left(std::chrono::seconds left);

// Days of the week as bits, Sunday the lowest, as std::chrono counts them.
using Weekdays = uint8_t;
inline constexpr Weekdays kEveryDay = 0x7F, kWorkdays = 0x3E, kWeekend = 0x41;

struct Moment {
    std::chrono::sys_seconds local;               // the first time, after `now`
    Weekdays every = 0;                           // 0: once
    bool day_given = false, clock_given = false;  // "tomorrow morning" gives no clock
    bool past = false;                            // the day and the clock that were named are over
};
// What a bare "7" means.
enum class Lean {
    next,     // whichever of 7 AM and 7 PM comes first; on another day what people are awake at
    alarm,    // the same, but on another day the hour of rising
    morning,  // "wake me at 7"
};
// `now` is local time. Without a clock ("tomorrow morning") the part of the day has one: morning 8, noon 12,
// afternoon 3, evening 7, night 9; a day alone, 9 in the morning.
std::optional<Moment> read_moment(std::span<const std::string> words, std::chrono::sys_seconds now,
                                  Lean lean);

// The machine's or the context's clock: local to UTC, with the offset of that day.
std::chrono::sys_seconds to_utc(std::chrono::sys_seconds local, const ToolContext& context);
std::chrono::sys_seconds to_local(std::chrono::sys_seconds utc, const ToolContext& context);
// The first moment after `after` (UTC) on one of `every`, at the local time of day of `utc`.
std::chrono::sys_seconds next_on(std::chrono::sys_seconds utc, Weekdays every, std::chrono::sys_seconds after,
                                 const ToolContext& context);

std::string spoken_clock(std::chrono::sys_seconds local);  // "7:30 AM"
// "7 AM today", "tomorrow at 7 AM", "Friday at noon"; days beyond a week with their date.
std::string spoken_moment(std::chrono::sys_seconds local, std::chrono::sys_seconds now);
std::string spoken_weekdays(Weekdays every);  // "every day", "on weekdays", "every Monday and Friday"

}  // namespace coda::tools
