#include "tools/moments.h"

#include "tools/words.h"

#include <gtest/gtest.h>

namespace coda::tools {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_seconds;

// Monday, 2026-11-23, 15:05.
const sys_seconds kNow = std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + hours(15) + minutes(5);

int64_t length(const std::string& text) {
    const auto found = read_length(phrase_words(text));
    return found ? found->count() : -1;
}

// "11-24 07:00", with "*" behind where it comes back and "-" where it is over.
std::string moment(const std::string& text, Lean lean = Lean::next) {
    const auto found = read_moment(phrase_words(text), kNow, lean);
    if (!found) return "none";
    const auto day = std::chrono::floor<std::chrono::days>(found->local);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(found->local - day);
    char out[40];
    std::snprintf(out, sizeof out, "%02u-%02u %02d:%02d%s%s", static_cast<unsigned>(date.month()),
                  static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                  static_cast<int>(clock.minutes().count()), found->every ? "*" : "", found->past ? "-" : "");
    return out;
}

TEST(Moments, LengthsAreReadAsPeopleSayThem) {
    EXPECT_EQ(length("ten minutes"), 600);
    EXPECT_EQ(length("an hour"), 3600);
    EXPECT_EQ(length("half an hour"), 1800);
    EXPECT_EQ(length("a quarter of an hour"), 900);
    EXPECT_EQ(length("three quarters of an hour"), 2700);
    EXPECT_EQ(length("an hour and a half"), 5400);
    EXPECT_EQ(length("one and a half hours"), 5400);
    EXPECT_EQ(length("1.5 hours"), 5400);
    EXPECT_EQ(length("2 minutes and 30 seconds"), 150);
    EXPECT_EQ(length("two and a half minutes"), 150);
    EXPECT_EQ(length("1 hour 20 minutes"), 4800);
    EXPECT_EQ(length("an hour and twenty minutes"), 4800);
    EXPECT_EQ(length("1 hour 20"), 4800);
    EXPECT_EQ(length("a minute thirty"), 90);
    EXPECT_EQ(length("twenty-five minute"), 1500);
    EXPECT_EQ(length("a couple of minutes"), 120);
    EXPECT_EQ(length("90 seconds"), 90);
    EXPECT_EQ(length("3 days"), 3 * 86400);
    for (const char* no : {"", "ten", "minutes", "10 minutes of fame", "10 10 minutes", "0 minutes",
                           "minus 5 minutes", "9999999 weeks", "and", "half", "a"})
        EXPECT_EQ(length(no), -1) << no;
    EXPECT_EQ(read_extra_length(phrase_words("5 more minutes")), seconds(300));
    EXPECT_EQ(read_extra_length(phrase_words("another ten minutes")), seconds(600));
    EXPECT_EQ(read_extra_length(phrase_words("another minute")), seconds(60));
    EXPECT_FALSE(read_extra_length(phrase_words("5 minutes")));
}

TEST(Moments, MomentsAreReadAsPeopleSayThem) {
    EXPECT_EQ(moment("in ten minutes"), "11-23 15:15");
    EXPECT_EQ(moment("an hour from now"), "11-23 16:05");
    EXPECT_EQ(moment("5 PM"), "11-23 17:00");
    EXPECT_EQ(moment("at 5"), "11-23 17:00");
    EXPECT_EQ(moment("7:30 a.m."), "11-24 07:30");
    EXPECT_EQ(moment("7am"), "11-24 07:00");
    EXPECT_EQ(moment("19:30"), "11-23 19:30");
    EXPECT_EQ(moment("seven"), "11-23 19:00");
    EXPECT_EQ(moment("seven", Lean::morning), "11-24 07:00");
    EXPECT_EQ(moment("seven thirty", Lean::morning), "11-24 07:30");
    EXPECT_EQ(moment("half past six", Lean::morning), "11-24 06:30");
    EXPECT_EQ(moment("quarter to eight", Lean::morning), "11-24 07:45");
    EXPECT_EQ(moment("ten past six in the evening"), "11-23 18:10");
    EXPECT_EQ(moment("seven o'clock tomorrow"), "11-24 07:00");
    EXPECT_EQ(moment("tomorrow at 5"), "11-24 17:00");
    EXPECT_EQ(moment("tomorrow morning at 9"), "11-24 09:00");
    EXPECT_EQ(moment("8 tomorrow night"), "11-24 20:00");
    EXPECT_EQ(moment("tonight at 8"), "11-23 20:00");
    EXPECT_EQ(moment("noon"), "11-24 12:00");
    EXPECT_EQ(moment("midnight"), "11-24 00:00");
    EXPECT_EQ(moment("tomorrow"), "11-24 09:00");
    EXPECT_EQ(moment("this evening"), "11-23 19:00");
    EXPECT_EQ(moment("on Friday at 3"), "11-27 15:00");
    EXPECT_EQ(moment("at 3 pm on the 4th of December"), "12-04 15:00");
    EXPECT_EQ(moment("in two days"), "11-25 15:05");
    EXPECT_EQ(moment("in two days at 9 am"), "11-25 09:00");
    EXPECT_EQ(moment("today at 7 am"), "11-23 07:00-");
    EXPECT_EQ(moment("every day at 8 am"), "11-24 08:00*");
    EXPECT_EQ(moment("weekdays at 6:30", Lean::alarm), "11-24 06:30*");
    EXPECT_EQ(moment("6:30 on weekends", Lean::morning), "11-28 06:30*");
    EXPECT_EQ(moment("every Monday and Friday at 7 am"), "11-27 07:00*");
    EXPECT_EQ(moment("every morning at 7"), "11-24 07:00*");
    EXPECT_EQ(moment("every evening"), "11-23 19:00*");
    for (const char* no : {"", "blue", "at", "25 pm and a half", "every", "in", "7 8 9 10", "13:75"})
        EXPECT_EQ(moment(no), "none") << no;
}

TEST(Moments, AreSpokenShortly) {
    EXPECT_EQ(spoken_length(seconds(3661)), "1 hour, 1 minute and 1 second");
    EXPECT_EQ(spoken_length(seconds(600)), "10 minutes");
    EXPECT_EQ(spoken_time_left(seconds(3661)), "1 hour and 1 minute");
    EXPECT_EQ(spoken_time_left(seconds(75)), "1 minute and 15 seconds");
    EXPECT_EQ(length_as_name(seconds(600)), "10 minute");
    EXPECT_EQ(spoken_moment(kNow + hours(16), kNow), "7:05 AM tomorrow");
    EXPECT_EQ(spoken_moment(kNow - minutes(5), kNow), "3 PM today");
    EXPECT_EQ(spoken_weekdays(kWorkdays), "on weekdays");
    EXPECT_EQ(spoken_weekdays(0x22), "every Monday and Friday");
}

// In New York the clock went back on November 1st, 2026: 7 AM stays 7 AM.
TEST(Moments, ARepeatedMomentKeepsItsHourOverAChangeOfTheClock) {
    ToolContext context;
    context.offset_of = [](sys_seconds utc) {
        return utc < std::chrono::sys_days(std::chrono::year(2026) / 11 / 1) + hours(6) ? -4 * 3600
                                                                                        : -5 * 3600;
    };
    const sys_seconds local = std::chrono::sys_days(std::chrono::year(2026) / 10 / 31) + hours(7);
    const sys_seconds first = to_utc(local, context);
    EXPECT_EQ(first, local + hours(4));
    const sys_seconds next = next_on(first, kEveryDay, first, context);
    EXPECT_EQ(next - first, hours(25));
    EXPECT_EQ(to_local(next, context), local + hours(24));
}

}  // namespace
}  // namespace coda::tools
