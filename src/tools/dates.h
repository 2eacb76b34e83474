// Days as people name them ("tomorrow", "next Friday", "the 4th of July in 2027", "in three weeks",
// "Christmas") and how replies say them. Days are the proleptic Gregorian calendar's; there are no time zones
// here (time_zone.h). Thread safety: pure functions.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>

namespace coda::tools {

using Day = std::chrono::sys_days;

// The day that normalised words name, seen from `today`; nothing when they name none. A day without a year is
// the next one to come, today included; "this year", "last Friday", "a week ago" do as they say. A weekday
// alone is the next one to come; "next <weekday>" is that of the week after this one (weeks start on Monday).
std::optional<Day> read_day(std::span<const std::string> words, Day today);

std::string spoken_weekday(Day day);  // "Friday"
std::string spoken_day(Day day,
                       Day today);  // "Friday, December 4th", with the year when it is not this year's
std::string iso_day(Day day);       // "2026-12-04"
std::string spoken_ordinal(unsigned number);  // "4th"

// 15:05 -> "3:05 PM"; full hours as "3 o'clock PM" read badly, so "3 PM".
std::string spoken_time(int hour, int minute);

}  // namespace coda::tools
