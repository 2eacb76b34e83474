#include "tools/timers.h"

#include "tools/dates.h"
#include "tools/kept_tool.h"
#include "tools/moments.h"
#include "tools/phrases.h"
#include "tools/schema.h"
#include "tools/words.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace coda::tools {
namespace {

using nlohmann::json;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr seconds kSnooze = minutes(10);
constexpr seconds kStillRinging = hours(1);  // that what rang can be snoozed or given more time
constexpr size_t kSpoken = 6;                // of a list; nobody listens to more
constexpr size_t kDueAtOnce = 8;

tl::unexpected<Error> no_store() {
    return fail(ErrorCode::unavailable, "there is nowhere to keep timers in this session");
}

std::string with_article(std::string_view name) {
    const bool vowel =
        !name.empty() && std::string_view("aeiou8").find(name.front()) != std::string_view::npos;
    const bool eleven = name.starts_with("11 ") || name.starts_with("18 ");
    return fmt::format("{} {}", vowel || eleven ? "an" : "a", name);
}

// "pasta timer", "10 minute timer", "gym alarm", "7 AM alarm", "reminder to call Ann".
std::string described(const Timer& timer, const ToolContext& context) {
    switch (timer.kind) {
        case TimerKind::timer:
            return (timer.name.empty() ? length_as_name(timer.length) : timer.name) + " timer";
        case TimerKind::alarm:
            return (timer.name.empty() ? spoken_clock(to_local(timer.due, context)) : timer.name) + " alarm";
        case TimerKind::reminder:
            break;
    }
    return "reminder " + timer.name;
}

seconds left_of(const Timer& timer, sys_seconds now) {
    return timer.paused ? *timer.paused : std::max(timer.due - now, seconds(0));
}

// "at 7 AM tomorrow", "at 7 AM every day".
std::string when(const Timer& timer, const ToolContext& context) {
    const sys_seconds local = to_local(timer.due, context);
    if (timer.every) return fmt::format("at {} {}", spoken_clock(local), spoken_weekdays(timer.every));
    return "at " + spoken_moment(local, to_local(context.now, context));
}

// With what matters of it: the time left of a timer, the hour of the others.
std::string in_full(const Timer& timer, const ToolContext& context) {
    const std::string left = spoken_time_left(left_of(timer, context.now));
    switch (timer.kind) {
        case TimerKind::timer:
            return fmt::format("{} with {} left{}", with_article(described(timer, context)), left,
                               timer.paused ? ", paused" : "");
        case TimerKind::alarm:
            return fmt::format("{} {}", timer.name.empty() ? "one" : with_article(timer.name + " alarm"),
                               when(timer, context));
        case TimerKind::reminder:
            break;
    }
    return fmt::format("one {}, {}", timer.name, when(timer, context));
}

template <class Word>
std::string enumerated(const std::vector<Timer>& timers, const Word& word) {
    std::string out;
    const size_t n = std::min(timers.size(), kSpoken);
    for (size_t i = 0; i < n; ++i) {
        const bool last = i + 1 == n && n == timers.size();
        out += (i == 0 ? "" : last ? (n == 2 ? " and " : ", and ") : ", ") + word(timers[i]);
    }
    if (n < timers.size()) out += fmt::format(" and {} more", timers.size() - n);
    return out;
}

json as_json(const Timer& timer, const ToolContext& context) {
    json out = {{"id", timer.id},
                {"kind", to_string(timer.kind)},
                {"name", timer.name},
                {"due", timer.due.time_since_epoch().count()},
                {"left_s", left_of(timer, context.now).count()}};
    if (timer.kind == TimerKind::timer) out["length_s"] = timer.length.count();
    if (timer.every) out["every"] = spoken_weekdays(timer.every);
    if (timer.paused) out["paused"] = true;
    return out;
}
json as_json(const std::vector<Timer>& timers, const ToolContext& context) {
    json out = json::array();
    for (const Timer& timer : timers) out.push_back(as_json(timer, context));
    return out;
}

// ---- which one is meant

// What stands in a name for nothing: "the pasta timer" is "pasta".
std::vector<std::string> telling_words(const std::string& which) {
    static constexpr std::array<std::string_view, 24> kEmpty = {
        "the",      "my",        "a",   "an",     "timer", "timers", "alarm", "alarms",
        "reminder", "reminders", "for", "called", "named", "that",   "this",  "one",
        "to",       "about",     "at",  "of",     "set",   "your",   "our",   "alarm's"};
    std::vector<std::string> out = phrase_words(which);
    std::erase_if(out, [](const std::string& word) {
        return std::find(kEmpty.begin(), kEmpty.end(), word) != kEmpty.end();
    });
    return out;
}

bool answers_to(const Timer& timer, const std::vector<std::string>& words, const ToolContext& context) {
    const std::vector<std::string> name = phrase_words(timer.name);
    const auto in_name = [&](const std::string& word) {
        return std::any_of(name.begin(), name.end(), [&](const std::string& own) {
            return own == word || own + "s" == word || word + "s" == own;
        });
    };
    if (!name.empty() && std::all_of(words.begin(), words.end(), in_name)) return true;
    if (timer.kind == TimerKind::timer) return read_length(words) == timer.length;
    const sys_seconds now = to_local(context.now, context), due = to_local(timer.due, context);
    const auto moment = read_moment(words, now, Lean::next);
    if (!moment || !moment->clock_given)
        return moment && std::chrono::floor<days>(moment->local) == std::chrono::floor<days>(due);
    const seconds apart = moment->local - due;
    const bool same_day = !moment->day_given || moment->every ||
                          std::chrono::floor<days>(moment->local) == std::chrono::floor<days>(due);
    return same_day && apart % hours(12) == seconds(0);
}

bool of_kind(const Timer& timer, const std::string& kind) {
    return kind.empty() || kind == "any" || kind == to_string(timer.kind);
}

// Those that `which` may mean, the soonest first.
Result<std::vector<Timer>> meant(const json& arguments, const ToolContext& context) {
    CODA_TRY(std::vector<Timer> all, context.timers->waiting());
    const std::string kind = text_of(arguments, "kind");
    std::erase_if(all, [&](const Timer& timer) { return !of_kind(timer, kind); });
    const std::vector<std::string> words = telling_words(text_of(arguments, "which"));
    if (words.empty() || all.empty()) return all;
    if (words.size() == 1 && (words[0] == "next" || words[0] == "first")) return std::vector{all.front()};
    if (words.size() == 1 && words[0] == "last") return std::vector{all.back()};
    std::erase_if(all, [&](const Timer& timer) { return !answers_to(timer, words, context); });
    return all;
}

const char* noun(const json& arguments) {
    const std::string kind = text_of(arguments, "kind");
    return kind == "alarm" ? "alarm" : kind == "reminder" ? "reminder" : "timer";
}

ToolResult none_of(const json& arguments) {
    std::string which;
    for (const std::string& word : telling_words(text_of(arguments, "which"))) which += word + " ";
    const bool unnamed = which.empty() || which == "next " || which == "first " || which == "last ";
    return {unnamed ? fmt::format("There's no {} set.", noun(arguments))
                    : fmt::format("I have no {}{}.", which, noun(arguments)),
            {{"found", 0}}};
}

ToolResult ask_which(const std::vector<Timer>& timers, const ToolContext& context) {
    return {fmt::format("Which one: {}?",
                        enumerated(timers, [&](const Timer& t) { return "the " + described(t, context); })),
            {{"found", timers.size()}, {"which", as_json(timers, context)}}};
}

// ---- setting

std::string unattended(TimerStore& timers) {
    return timers.attended()
               ? ""
               : " But nothing is running that could tell you then: keep coda talk or coda chat "
                 "open for it.";
}

ToolResult not_understood(const char* what, const std::string& said) {
    return {fmt::format("I don't understand {} as {}.", said.empty() ? "that" : said, what),
            {{"unreadable", said}}};
}

// "the pasta" and "pasta timer" name one thing.
std::string plain_name(const std::string& said) {
    std::string out;
    for (const std::string& word : telling_words(said)) out += (out.empty() ? "" : " ") + word;
    return out;
}

Result<ToolResult> set_timer(const json& arguments, const ToolContext& context) {
    if (!context.timers) return no_store();
    const std::string said = text_of(arguments, "length");
    if (said.empty())
        return ToolResult{"For how long? Say, for example: set a timer for ten minutes.",
                          {{"missing", "length"}}};
    const auto length = read_length(phrase_words(said));
    if (!length) return not_understood("a length of time", said);
    Timer timer;
    timer.name = plain_name(text_of(arguments, "name"));
    timer.length = *length;
    timer.due = context.now + *length;
    CODA_TRY(timer, context.timers->add(timer));
    const std::string name = timer.name.empty() ? "" : capitalized(timer.name) + " timer, ";
    return ToolResult{
        fmt::format("{}{}, starting now.{}", name, spoken_length(*length), unattended(*context.timers)),
        as_json(timer, context)};
}

// What is wrong with a moment for an alarm or a reminder; nothing when it will do.
std::optional<ToolResult> no_moment(const std::optional<Moment>& moment, const std::string& said,
                                    const char* example) {
    if (!moment && said.empty())
        return ToolResult{fmt::format("For when? Say, for example: {}", example), {{"missing", "time"}}};
    if (!moment) return not_understood("a time", said);
    if (moment->past) return ToolResult{"That time has passed already.", {{"past", said}}};
    return std::nullopt;
}

Result<ToolResult> set_alarm(const json& arguments, const ToolContext& context) {
    if (!context.timers) return no_store();
    const std::string said = text_of(arguments, "time");
    const Lean lean = arguments.value("wake", false) ? Lean::morning : Lean::alarm;
    auto moment = read_moment(phrase_words(said), to_local(context.now, context), lean);
    if (moment && !moment->clock_given) {
        return ToolResult{"For what time? Say, for example: set an alarm for 7 tomorrow morning.",
                          {{"missing", "time"}}};
    }
    if (auto wrong = no_moment(moment, said, "set an alarm for 7 tomorrow morning.")) return *wrong;
    Timer timer;
    timer.kind = TimerKind::alarm;
    timer.name = plain_name(text_of(arguments, "name"));
    timer.due = to_utc(moment->local, context);
    timer.every = moment->every;
    CODA_TRY(timer, context.timers->add(timer));
    return ToolResult{
        fmt::format("{} set {}.{}", timer.name.empty() ? "Alarm" : capitalized(timer.name) + " alarm",
                    "for " + when(timer, context).substr(3), unattended(*context.timers)),
        as_json(timer, context)};
}

Result<ToolResult> set_reminder(const json& arguments, const ToolContext& context) {
    if (!context.timers) return no_store();
    std::string what = text_of(arguments, "what");
    const std::string said = text_of(arguments, "time");
    while (!what.empty() && (what.back() == '.' || what.back() == ',' || what.back() == ' ')) what.pop_back();
    if (what.empty())
        return ToolResult{"Of what? Say, for example: remind me to call Ann at 5 PM.", {{"missing", "what"}}};
    const auto moment = read_moment(phrase_words(said), to_local(context.now, context), Lean::next);
    if (auto wrong = no_moment(moment, said, "remind me at 5 PM to call Ann.")) return *wrong;
    const bool led = what.starts_with("to ") || what.starts_with("about ") || what.starts_with("that ") ||
                     what.starts_with("of ") || what.starts_with("not to ");
    Timer timer;
    timer.kind = TimerKind::reminder;
    timer.name = (led ? "" : "about ") + turn_round(what);
    timer.due = to_utc(moment->local, context);
    timer.every = moment->every;
    CODA_TRY(timer, context.timers->add(timer));
    return ToolResult{fmt::format("Okay, I'll remind you {} {}.{}", timer.name, when(timer, context),
                                  unattended(*context.timers)),
                      as_json(timer, context)};
}

// ---- looking

Result<ToolResult> list_timers(const json& arguments, const ToolContext& context) {
    if (!context.timers) return no_store();
    CODA_TRY(const std::vector<Timer> found, meant(arguments, context));
    const json data = {{"timers", as_json(found, context)}};
    const bool named = !telling_words(text_of(arguments, "which")).empty();
    if (found.empty()) {
        ToolResult none = none_of(arguments);
        none.data = data;
        return none;
    }
    const std::string kind = text_of(arguments, "kind");
    const bool many = found.size() > 1;
    if (!many || named) {
        const Timer& timer = found.front();
        const std::string left = spoken_time_left(left_of(timer, context.now));
        std::string say;
        if (timer.kind == TimerKind::timer)
            say = fmt::format("{} left on the {}{}.", capitalized(left), described(timer, context),
                              timer.paused ? ", which is paused" : "");
        else if (timer.kind == TimerKind::alarm)
            say = fmt::format("Your {}alarm is {}.", timer.name.empty() ? "" : timer.name + " ",
                              when(timer, context));
        else
            say = fmt::format("You have a reminder {}, {}.", timer.name, when(timer, context));
        return ToolResult{say, data};
    }
    const bool mixed = std::any_of(found.begin(), found.end(),
                                   [&](const Timer& timer) { return timer.kind != found.front().kind; });
    const auto word = [&](const Timer& timer) {
        return (mixed && timer.kind != TimerKind::timer
                    ? "for a" + std::string(timer.kind == TimerKind::alarm ? "n alarm, " : " reminder, ")
                    : "") +
               in_full(timer, context);
    };
    return ToolResult{fmt::format("You have {} {}s: {}.", found.size(),
                                  mixed ? "thing" : to_string(found.front().kind), enumerated(found, word)),
                      data};
}

// ---- changing

// The one that is meant, or the answer that says why there is none.
struct Chosen {
    std::optional<Timer> timer;
    ToolResult otherwise;
};
Result<Chosen> choose(const json& arguments, const ToolContext& context) {
    CODA_TRY(const std::vector<Timer> found, meant(arguments, context));
    if (found.empty()) return Chosen{std::nullopt, none_of(arguments)};
    if (found.size() > 1) return Chosen{std::nullopt, ask_which(found, context)};
    return Chosen{found.front(), {}};
}

// What rang last, while it may still be asked for more.
Result<std::optional<Timer>> just_rung(const ToolContext& context) {
    Result<std::optional<Timer>> last = context.timers->last_rung();
    const bool old = last && *last && (*last)->rung && context.now - *(*last)->rung > kStillRinging;
    if (old) return std::nullopt;
    return last;
}

Result<ToolResult> ring_again(Timer timer, seconds after, const ToolContext& context) {
    timer.due = context.now + after;
    if (timer.kind == TimerKind::timer) timer.length = after;
    timer.every = 0;
    timer.rung.reset();
    CODA_TRY(timer, context.timers->add(timer));
    const std::string what =
        timer.kind == TimerKind::timer && !timer.name.empty() ? timer.name + " timer, " : "";
    return ToolResult{fmt::format("Okay, {}{} more.", what, spoken_length(after)), as_json(timer, context)};
}

Result<ToolResult> move_to(Timer timer, const std::string& said, const ToolContext& context) {
    if (timer.kind == TimerKind::timer) {
        const auto length = read_length(phrase_words(said));
        if (!length) return not_understood("a length of time", said);
        timer.length = *length;
        timer.due = context.now + *length;
        if (timer.paused) timer.paused = length;
        CODA_CHECK(context.timers->update(timer));
        return ToolResult{
            fmt::format("The {} is at {} now.", timer.name.empty() ? "timer" : timer.name + " timer",
                        spoken_length(*length)),
            as_json(timer, context)};
    }
    const bool morning =
        (to_local(timer.due, context) - std::chrono::floor<days>(to_local(timer.due, context))) < hours(12);
    const auto moment = read_moment(phrase_words(said), to_local(context.now, context),
                                    morning && timer.kind == TimerKind::alarm ? Lean::morning : Lean::next);
    if (auto wrong = no_moment(moment, said, "move my alarm to 8.")) return *wrong;
    timer.due = to_utc(moment->local, context);
    if (moment->every) timer.every = moment->every;
    CODA_CHECK(context.timers->update(timer));
    return ToolResult{fmt::format("Okay, it's set for {} now.", when(timer, context).substr(3)),
                      as_json(timer, context)};
}

Result<ToolResult> change_timer(const json& arguments, const ToolContext& context) {
    if (!context.timers) return no_store();
    CODA_TRY(Chosen chosen, choose(arguments, context));
    const std::string said = text_of(arguments, "by");
    const std::vector<std::string> words = phrase_words(said);
    const auto extra = read_extra_length(words), by = extra ? extra : read_length(words);
    if (!chosen.timer) {
        CODA_TRY(const std::optional<Timer> rung, just_rung(context));
        if (rung && by && chosen.otherwise.data.value("found", 1) == 0)
            return ring_again(*rung, *by, context);
        return chosen.otherwise;
    }
    Timer timer = *chosen.timer;
    if (const std::string to = text_of(arguments, "to"); !to.empty()) return move_to(timer, to, context);
    if (!by) return not_understood("a length of time", said);
    const bool less = text_of(arguments, "direction") == "less";
    const seconds change = less ? -*by : *by;
    if (left_of(timer, context.now) + change < seconds(1))
        return ToolResult{fmt::format("There's less than that left on the {}.", described(timer, context)),
                          as_json(timer, context)};
    timer.due += change;
    timer.length += timer.kind == TimerKind::timer ? change : seconds(0);
    if (timer.paused) *timer.paused += change;
    CODA_CHECK(context.timers->update(timer));
    const std::string rest = timer.kind == TimerKind::timer
                                 ? spoken_time_left(left_of(timer, context.now)) + " left"
                                 : "now " + when(timer, context);
    return ToolResult{
        fmt::format("{} {}: {}.", capitalized(spoken_length(*by)), less ? "less" : "more", rest),
        as_json(timer, context)};
}

Result<ToolResult> pause_timer(const json& arguments, const ToolContext& context) {
    if (!context.timers) return no_store();
    const bool resume = arguments.value("resume", false);
    CODA_TRY(std::vector<Timer> found,
             meant({{"kind", "timer"}, {"which", text_of(arguments, "which")}}, context));
    std::erase_if(found, [&](const Timer& timer) { return timer.paused.has_value() != resume; });
    if (found.empty())
        return ToolResult{resume ? "There's no timer that is paused." : "There's no timer running.",
                          {{"found", 0}}};
    if (found.size() > 1) return ask_which(found, context);
    Timer timer = found.front();
    const std::string left = spoken_time_left(left_of(timer, context.now));
    if (resume) {
        timer.due = context.now + *timer.paused;
        timer.paused.reset();
    } else {
        timer.paused = left_of(timer, context.now);
    }
    CODA_CHECK(context.timers->update(timer));
    return ToolResult{
        resume ? fmt::format("Going on, with {} left.", left) : fmt::format("Paused, with {} left.", left),
        as_json(timer, context)};
}

Result<ToolResult> cancel_timer(const json& arguments, const ToolContext& context) {
    if (!context.timers) return no_store();
    const bool all = arguments.value("all", false);
    CODA_TRY(const std::vector<Timer> found, meant(arguments, context));
    if (found.empty()) return none_of(arguments);
    if (found.size() > 1 && !all) return ask_which(found, context);
    for (const Timer& timer : found) CODA_CHECK(context.timers->remove(timer.id));
    const json data = {{"cancelled", as_json(found, context)}};
    if (found.size() == 1)
        return ToolResult{fmt::format("Okay, the {} is cancelled.", described(found.front(), context)), data};
    return ToolResult{fmt::format("Okay, all {} {}s are cancelled.", found.size(), noun(arguments)), data};
}

Result<ToolResult> snooze(const json& arguments, const ToolContext& context) {
    if (!context.timers) return no_store();
    const std::string said = text_of(arguments, "length");
    const auto length = said.empty() ? std::optional(kSnooze) : read_length(phrase_words(said));
    if (!length) return not_understood("a length of time", said);
    CODA_TRY(const std::optional<Timer> rung, just_rung(context));
    if (!rung) return ToolResult{"Nothing has rung that I could put off.", {{"found", 0}}};
    return ring_again(*rung, *length, context);
}

// ---- when it is due

std::string due_sentence(const Timer& timer, const ToolContext& context, sys_seconds up_since) {
    const sys_seconds local = to_local(timer.due, context), now = to_local(context.now, context);
    const bool late = context.now - timer.due > minutes(1);
    const std::string then = late ? spoken_moment(local, now) : "";
    const bool while_off = late && timer.due < up_since;
    switch (timer.kind) {
        case TimerKind::timer:
            if (!late) return fmt::format("Your {} is done.", described(timer, context));
            return fmt::format("{}our {} ran out at {}.", while_off ? "While I was off, y" : "Y",
                               described(timer, context), then);
        case TimerKind::alarm: {
            const std::string name = timer.name.empty() ? "alarm" : timer.name + " alarm";
            if (!late) return fmt::format("It's {}. This is your {}.", spoken_clock(local), name);
            return fmt::format("{}our {} was due at {}.", while_off ? "While I was off, y" : "Y", name, then);
        }
        case TimerKind::reminder:
            break;
    }
    if (!late) return fmt::format("Here's your reminder {}.", timer.name);
    return fmt::format("{} wanted to be reminded {}, at {}.", while_off ? "While I was off: you" : "You",
                       timer.name, then);
}

// "Remind me tomorrow to call Ann at 5" names one moment in two places; in "remind me at 6 to be there by 9"
// the second is part of what to do.
Call reminder_call(const Recognition& command) {
    std::string what = command.slot("what"), time = command.slot_words("when");
    if (const std::string lead = command.fixed_value("lead"); !lead.empty()) what = lead + " " + what;
    if (const std::string day = command.slot_words("day"); !day.empty()) {
        const std::string both = day + " " + time;
        const bool one = read_moment(phrase_words(both), sys_seconds(days(20000)), Lean::next).has_value();
        if (!one) what += " " + command.slot("when");
        time = one ? both : day;
    }
    return {"set_reminder", {{"what", what}, {"time", time}}};
}

}  // namespace

const char* to_string(TimerKind kind) {
    switch (kind) {
        case TimerKind::timer:
            return "timer";
        case TimerKind::alarm:
            return "alarm";
        case TimerKind::reminder:
            break;
    }
    return "reminder";
}

Result<bool> anything_due(TimerStore& timers, sys_seconds now) {
    CODA_TRY(const std::vector<Timer> all, timers.waiting());
    return std::any_of(all.begin(), all.end(),
                       [&](const Timer& timer) { return !timer.paused && timer.due <= now; });
}

Result<std::optional<ToolResult>> take_due(const ToolContext& context, sys_seconds up_since) {
    if (!context.timers) return std::nullopt;
    CODA_TRY(const std::vector<Timer> all, context.timers->waiting());
    ToolResult out;
    json due = json::array();
    for (const Timer& timer : all) {
        if (timer.paused || timer.due > context.now || due.size() == kDueAtOnce) continue;
        std::optional<sys_seconds> next;
        if (timer.every) next = next_on(timer.due, timer.every, context.now, context);
        CODA_TRY(const bool ours, context.timers->claim(timer, context.now, next));
        if (!ours) continue;
        out.say += (out.say.empty() ? "" : " ") + due_sentence(timer, context, up_since);
        due.push_back({{"kind", to_string(timer.kind)},
                       {"name", timer.name},
                       {"due", timer.due.time_since_epoch().count()},
                       {"late_s", (context.now - timer.due).count()}});
    }
    if (due.empty()) return std::nullopt;
    out.data = {{"due", std::move(due)}};
    return out;
}

void add_timers(Registry& registry) {
    const json which =
        text_argument("its name, length or time, as the person says it; left out: the only one");
    const json kind = {{"type", "string"}, {"enum", {"timer", "alarm", "reminder", "any"}}};
    add_kept(registry, "set_timer", "Starts a timer that is said to be done when it runs out.",
             {{"length", text_argument("10 minutes")}, {"name", text_argument("what it is for: pasta")}},
             {"length"}, Safety::write, {"timer"}, set_timer, "set timers, alarms and reminders");
    add_kept(registry, "set_alarm", "Sets an alarm, once or on days of the week.",
             {{"time", text_argument("tomorrow at 7 AM; every weekday at 6:30")},
              {"name", text_argument("what it is for")},
              {"wake", {{"type", "boolean"}, {"description", "it is for waking up: 7 is 7 in the morning"}}}},
             {"time"}, Safety::write, {"alarm"}, set_alarm);
    add_kept(registry, "set_reminder", "Reminds the person of something later.",
             {{"what", text_argument("beginning with to, about or that: to call Ann")},
              {"time", text_argument("in 10 minutes; tomorrow at 5 PM; every day at 8")}},
             {"what", "time"}, Safety::write, {"reminder"}, set_reminder);
    add_kept(registry, "list_timers", "The timers, alarms and reminders that are set, and how long is left.",
             {{"kind", kind}, {"which", which}}, json::array(), Safety::read, {}, list_timers);
    add_kept(registry, "change_timer", "Gives a timer more or less time, or moves an alarm or reminder.",
             {{"kind", kind},
              {"which", which},
              {"by", text_argument("5 minutes")},
              {"direction", {{"type", "string"}, {"enum", {"more", "less"}}}},
              {"to", text_argument("the new length or time")}},
             json::array(), Safety::write, {}, change_timer);
    add_kept(registry, "pause_timer", "Stops a timer for a while, or lets it go on.",
             {{"which", which}, {"resume", {{"type", "boolean"}}}}, json::array(), Safety::write, {},
             pause_timer);
    add_kept(registry, "cancel_timer", "Cancels a timer, alarm or reminder, or all of a kind.",
             {{"kind", kind}, {"which", which}, {"all", {{"type", "boolean"}}}}, {"kind"}, Safety::write, {},
             cancel_timer);
    add_kept(registry, "snooze", "Lets what has just rung ring again later.",
             {{"length", text_argument("5 minutes; left out: 10 minutes")}}, json::array(), Safety::write, {},
             snooze);
}

std::optional<Call> timer_call(const Recognition& command) {
    const size_t dot = command.name.find('.');
    const std::string kind = command.name.substr(0, dot);
    if (dot == std::string::npos || (kind != "timer" && kind != "alarm" && kind != "reminder"))
        return std::nullopt;
    const std::string act = command.name.substr(dot + 1);
    json arguments = json::object();
    const auto put = [&](const char* name, const std::string& value) {
        if (!value.empty()) arguments[name] = value;
    };
    const auto put_kind = [&] {
        put("kind", command.fixed_value("kind").empty() ? kind : command.fixed_value("kind"));
        put("which", command.slot_words("which"));
    };
    if (command.name == "timer.set" && command.fixed.count("until"))
        return Call{"set_alarm", {{"time", command.slot_words("when")}}};
    if (command.name == "timer.set") {
        arguments["length"] = command.slot_words("length");
        put("name", command.slot_words("name"));
        return Call{"set_timer", std::move(arguments)};
    }
    if (command.name == "alarm.set") {
        arguments["time"] = command.slot_words("when");
        put("name", command.slot_words("name"));
        if (command.fixed.count("wake")) arguments["wake"] = true;
        return Call{"set_alarm", std::move(arguments)};
    }
    if (command.name == "reminder.set") return reminder_call(command);
    if (act == "list") {
        put_kind();
        return Call{"list_timers", std::move(arguments)};
    }
    if (act == "change") {
        put_kind();
        put("by", command.slot_words("by"));
        put("to", command.slot_words("to"));
        put("direction", command.fixed_value("direction"));
        return Call{"change_timer", std::move(arguments)};
    }
    if (act == "pause") {
        put("which", command.slot_words("which"));
        if (command.fixed.count("resume")) arguments["resume"] = true;
        return Call{"pause_timer", std::move(arguments)};
    }
    if (act == "cancel") {
        put_kind();
        if (command.fixed.count("all")) arguments["all"] = true;
        return Call{"cancel_timer", std::move(arguments)};
    }
    if (act == "snooze") {
        put("length", command.slot_words("by"));
        return Call{"snooze", std::move(arguments)};
    }
    return std::nullopt;
}

}  // namespace coda::tools
