#include "models/hibari/reading/quantities.h"
#include "models/hibari/text/scan.h"

#include <array>

namespace coda::models::hibari {

namespace {

constexpr std::array<TextView, 12> kMonths = {U"January",   U"February", U"March",    U"April",
                                              U"May",       U"June",     U"July",     U"August",
                                              U"September", U"October",  U"November", U"December"};

// "14:30" as "2:30 PM"; a time that may be on the 12-hour clock stays.
Text spoken_clock(TextView time) {
    const size_t colon = time.find(U':');
    const int hour = to_int(time.substr(0, colon)), minute = to_int(time.substr(colon + 1));
    const bool day_hour = hour >= 13 || hour == 0 || time[0] == U'0';
    if (!day_hour || hour > 23 || minute > 59) return Text(time);
    Text out = from_ascii(std::to_string(hour % 12 == 0 ? 12 : hour % 12));
    if (minute != 0) out += time.substr(colon);
    return out + (hour < 12 ? U" AM" : U" PM");
}

std::optional<Edit> day_clock(TextView text, size_t at) {
    if (!number_starts(text, at)) return std::nullopt;
    const size_t hour_end = digits_end(text, at, 2), end = hour_end + 3;
    if (at_or_nul(text, hour_end) != U':' || digits_end(text, hour_end + 1, 3) != end) return std::nullopt;
    if (word_at(text, end) || (contains(U":.,-–/", at_or_nul(text, end)) && digit_at(text, end + 1)))
        return std::nullopt;
    const size_t after_space = skip_one_space(text, end);
    const char32_t half = to_lower(at_or_nul(text, after_space));
    if ((half == U'a' || half == U'p') && contains(U".mM", at_or_nul(text, after_space + 1)))
        return std::nullopt;
    return Edit{end, spoken_clock(text.substr(at, end - at))};
}

// "9:00–17:00": the dash between two times.
std::optional<Edit> time_range(TextView text, size_t at) {
    if (!number_starts(text, at)) return std::nullopt;
    const auto time_end = [&](size_t i) {
        const size_t hour_end = digits_end(text, i, 2);
        const bool time = hour_end > i && at_or_nul(text, hour_end) == U':' &&
                          digits_end(text, hour_end + 1, 3) == hour_end + 3;
        return time ? hour_end + 3 : i;
    };
    const size_t first_end = time_end(at), dash = skip_one_space(text, first_end);
    if (first_end == at || !contains(U"-–", at_or_nul(text, dash)) || dash >= text.size())
        return std::nullopt;
    const size_t second = skip_one_space(text, dash + 1);
    if (time_end(second) == second) return std::nullopt;
    return Edit{second, spoken_clock(text.substr(at, first_end - at)) + U" to "};
}

// "9am–5pm"
std::optional<Edit> half_day_range(TextView text, size_t at) {
    if (!contains(U"-–", text[at]) || at < 3 || to_lower(text[at - 1]) != U'm' || !digit_at(text, at + 1))
        return std::nullopt;
    const bool half =
        contains(U"aApP", text[at - 2]) && (is_ascii_digit(text[at - 3]) || text[at - 3] == U' ');
    return half ? std::optional(Edit{at + 1, U" to "}) : std::nullopt;
}

// "2024-03-05T14:30:00Z" as "2024-03-05, 14:30 U T C".
std::optional<Edit> date_and_time(TextView text, size_t at) {
    if (!number_starts(text, at) || digits_end(text, at, 4) != at + 4) return std::nullopt;
    const auto pair = [&](size_t i, char32_t mark) {
        return at_or_nul(text, i) == mark && digits_end(text, i + 1, 2) == i + 3;
    };
    if (!pair(at + 4, U'-') || !pair(at + 7, U'-') || !pair(at + 11 - 1, U'T') || !pair(at + 13, U':'))
        return std::nullopt;
    size_t end = at + 16;
    if (pair(end, U':')) end += 3;
    if (at_or_nul(text, end) == U'.') end = digits_end(text, end + 1);
    Text zone;
    if (at_or_nul(text, end) == U'Z') {
        zone = U" UTC";
        ++end;
    } else if (contains(U"+-", at_or_nul(text, end)) && digits_end(text, end + 1, 2) == end + 3) {
        end += 3;
        if (pair(end, U':')) end += 3;
    }
    if (word_at(text, end)) return std::nullopt;
    return Edit{end, Text(text.substr(at, 10)) + U", " + Text(text.substr(at + 11, 5)) + zone};
}

// "05.03.2024" as "5 March 2024": with points the day comes first.
std::optional<Edit> pointed_date(TextView text, size_t at) {
    if (!number_starts(text, at)) return std::nullopt;
    const size_t day_end = digits_end(text, at, 2);
    const size_t month_end = digits_end(text, day_end + 1, 2);
    const size_t end = digits_end(text, month_end + 1, 5);
    if (at_or_nul(text, day_end) != U'.' || at_or_nul(text, month_end) != U'.' || end != month_end + 5 ||
        month_end == day_end + 1 || word_at(text, end)) {
        return std::nullopt;
    }
    const int day = to_int(text.substr(at, day_end - at));
    const int month = to_int(text.substr(day_end + 1, month_end - day_end - 1));
    if (day < 1 || day > 31 || month < 1 || month > 12) return std::nullopt;
    return Edit{end, from_ascii(std::to_string(day)) + U" " + Text(kMonths[static_cast<size_t>(month - 1)]) +
                         U" " + Text(text.substr(month_end + 1, 4))};
}

// "2024-05" as "May 2024".
std::optional<Edit> year_and_month(TextView text, size_t at) {
    if (!number_starts(text, at) || digits_end(text, at, 5) != at + 4 || at_or_nul(text, at + 4) != U'-')
        return std::nullopt;
    const size_t end = at + 7;
    if (digits_end(text, at + 5, 3) != end || word_at(text, end) || at_or_nul(text, end) == U'-')
        return std::nullopt;
    const int year = to_int(text.substr(at, 4)), month = to_int(text.substr(at + 5, 2));
    if (year < 1500 || year > 2100 || month < 1 || month > 12 || text[at + 5] > U'1') return std::nullopt;
    return Edit{end, Text(kMonths[static_cast<size_t>(month - 1)]) + U" " + Text(text.substr(at, 4))};
}

// "16:9" as "16 to 9"; two digits after the colon are minutes.
std::optional<Edit> ratio(TextView text, size_t at) {
    if (!number_starts(text, at)) return std::nullopt;
    const size_t colon = digits_end(text, at, 4), end = digits_end(text, colon + 1, 4);
    if (at_or_nul(text, colon) != U':' || end == colon + 1 || end == colon + 3 || word_at(text, end))
        return std::nullopt;
    if (contains(U":.", at_or_nul(text, end)) && digit_at(text, end + 1)) return std::nullopt;
    return Edit{end,
                Text(text.substr(at, colon - at)) + U" to " + Text(text.substr(colon + 1, end - colon - 1))};
}

}  // namespace

Text read_times(Text text) {
    for (const auto rule :
         {date_and_time, time_range, day_clock, pointed_date, year_and_month, half_day_range, ratio})
        text = replace_all(text, rule);
    return text;
}

}  // namespace coda::models::hibari
