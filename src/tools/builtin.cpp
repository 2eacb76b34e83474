#include "tools/builtin.h"

#include "tools/calculator.h"
#include "tools/dates.h"
#include "tools/fact_store.h"
#include "tools/jokes.h"
#include "tools/lists.h"
#include "tools/phrases.h"
#include "tools/programs.h"
#include "tools/schema.h"
#include "tools/speech_control.h"
#include "tools/system_facts.h"
#include "tools/time_zone.h"
#include "tools/timers.h"
#include "tools/units.h"
#include "tools/world_tools.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

namespace coda::tools {
namespace {

using nlohmann::json;
using std::chrono::days;
using std::chrono::seconds;

std::chrono::sys_seconds local_time(const ToolContext& context) {
    return context.now + seconds(context.utc_offset);
}
Day local_day(const ToolContext& context) {
    return std::chrono::floor<days>(local_time(context));
}

std::string counted(long long n, const char* one) {
    return fmt::format("{} {}{}", spoken_number(std::to_string(n)), one, n == 1 ? "" : "s");
}

// ---- time

std::string clock_text(std::chrono::sys_seconds local) {
    const std::chrono::hh_mm_ss clock(local - std::chrono::floor<days>(local));
    return spoken_time(static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()));
}
std::string iso_clock(std::chrono::sys_seconds local) {
    const std::chrono::hh_mm_ss clock(local - std::chrono::floor<days>(local));
    return fmt::format("{:02}:{:02}", clock.hours().count(), clock.minutes().count());
}

Result<ToolResult> tell_time(const json& arguments, const ToolContext& context) {
    const std::string asked = text_of(arguments, "place");
    if (asked.empty()) {
        const auto local = local_time(context);
        return ToolResult{fmt::format("It's {}.", clock_text(local)),
                          {{"zone", "local"}, {"time", iso_clock(local)}}};
    }
    const std::optional<Place> place = find_place(phrase_words(asked));
    if (!place)
        return ToolResult{fmt::format("I don't know which time zone {} is in.", asked),
                          {{"unknown_place", asked}}};
    const Result<TimeZone> zone = open_zone(place->zone, zoneinfo_folder());
    if (!zone)
        return ToolResult{
            fmt::format("I can't tell the time in {}: this computer has no time zone data.", place->name),
            {{"zone", place->zone}, {"error", zone.error().message()}}};
    const auto there = context.now + seconds(zone->offset_at(context.now));
    std::string say = fmt::format("It's {} in {}", clock_text(there), place->name);
    const Day day = std::chrono::floor<days>(there);
    if (day != local_day(context)) say += fmt::format(", on {}", spoken_weekday(day));
    return ToolResult{say + ".", {{"zone", place->zone}, {"time", iso_clock(there)}}};
}

// ---- date

Result<ToolResult> count_days(const std::string& name, Day day, Day today, bool since) {
    if (since && day > today) {  // "since Christmas" is the last one
        const std::chrono::year_month_day date(day);
        const std::chrono::year_month_day before =
            (date.year() - std::chrono::years(1)) / date.month() / date.day();
        day = before.ok() ? Day(before) : day - days(365);
    }
    const long long n = std::abs((day - today).count());
    json data = {{"date", iso_day(day)}, {"days", n}};
    if (n == 0) return ToolResult{fmt::format("That's today, {}.", spoken_day(day, today)), data};
    std::string length = counted(n, "day");
    if (name == "weeks" && n >= 7) {
        length = counted(n / 7, "week");
        if (n % 7 != 0) length += fmt::format(" and {}", counted(n % 7, "day"));
    }
    return ToolResult{fmt::format("{} {} {}.", capitalized(length), day > today ? "until" : "since",
                                  spoken_day(day, today)),
                      data};
}

// "Next Friday" means two things to two people: both are said.
std::string both_meanings(const std::vector<std::string>& words, Day day, Day today) {
    if (words.size() < 2 || words[words.size() - 2] != "next") return {};
    const Day sooner = day - days(7);
    if (sooner <= today) return {};
    return fmt::format("{} of next week is {}; this {} is {}.", spoken_weekday(day),
                       spoken_day(day, today).substr(spoken_weekday(day).size() + 2), spoken_weekday(day),
                       spoken_day(sooner, today).substr(spoken_weekday(day).size() + 2));
}

Result<ToolResult> tell_date(const json& arguments, const ToolContext& context) {
    const Day today = local_day(context);
    const std::string asked = text_of(arguments, "day"), question = text_of(arguments, "question");
    const std::vector<std::string> words = phrase_words(asked);
    const std::optional<Day> day = asked.empty() ? std::optional(today) : read_day(words, today);
    if (!day)
        return ToolResult{fmt::format("I don't know which day {} is.", asked), {{"unknown_day", asked}}};
    const json data = {{"date", iso_day(*day)}};
    if (question == "days" || question == "weeks") return count_days(question, *day, today, false);
    if (question == "since") return count_days(question, *day, today, true);
    if (question == "is_today")
        return ToolResult{
            fmt::format("{}, today is {}.", *day == today ? "Yes" : "No", spoken_day(today, today)),
            {{"date", iso_day(today)}, {"answer", *day == today}}};
    if (question == "year")
        return ToolResult{fmt::format("It's {}, {}.", spoken_day(today, today), iso_day(today).substr(0, 4)),
                          data};
    if (*day == today) return ToolResult{fmt::format("Today is {}.", spoken_day(today, today)), data};
    if (std::string both = both_meanings(words, *day, today); !both.empty()) return ToolResult{both, data};
    const bool one_word = words.size() == 1 && (words[0] == "tomorrow" || words[0] == "yesterday");
    const std::string subject = one_word ? capitalized(words[0]) : "That";
    return ToolResult{fmt::format("{} {} {}.", subject, *day < today ? "was" : "is", spoken_day(*day, today)),
                      data};
}

// ---- sums and units

Result<ToolResult> tell_sum(const json& arguments, const ToolContext&) {
    const std::string asked = text_of(arguments, "expression");
    const std::optional<Sum> sum = calculate(phrase_words(asked));
    if (!sum) return fail(ErrorCode::invalid_argument, "is no sum", "calculate.expression");
    if (const auto* error = std::get_if<MathError>(&*sum))
        return ToolResult{to_sentence(*error), {{"value", "undefined"}}};
    const Number& number = std::get<Number>(*sum);
    return ToolResult{fmt::format("That's {}{}.", number.spoken(), number.percent ? " percent" : ""),
                      {{"value", number.plain()}}};
}

// Two decimals are enough for what people convert; whole numbers have none.
std::string rounded_value(const Number& number) {
    std::string text = number.exact ? number.exact->rounded(2).value_or(number.plain()) : number.plain();
    if (text.ends_with(".00")) text.resize(text.size() - 3);
    return text;
}

Result<ToolResult> tell_conversion(const json& arguments, const ToolContext&) {
    const std::optional<Quantity> from = read_quantity(phrase_words(text_of(arguments, "from")));
    const Unit* to = find_unit(phrase_words(text_of(arguments, "to")));
    if (!from || !to)
        return fail(ErrorCode::invalid_argument, "is no quantity or unit that is known", "convert");
    const Result<Number> value = convert(*from, *to);
    if (!value) return ToolResult{fmt::format("{}.", value.error().what), {{"error", value.error().what}}};
    Number amount;
    amount.exact = from->amount;
    amount.approximate = from->amount.value();
    const std::string spoken = value->spoken();
    return ToolResult{
        fmt::format("{} {} is {} {}.", capitalized(amount.spoken()),
                    unit_name(*from->unit, amount.approximate != 1), spoken, unit_name(*to, spoken != "1")),
        {{"value", rounded_value(*value)}, {"unit", std::string(unit_name(*to, false))}}};
}

// ---- memory

tl::unexpected<Error> no_store() {
    return fail(ErrorCode::unavailable, "there is no memory in this session");
}

Result<ToolResult> remember(const json& arguments, const ToolContext& context) {
    if (!context.facts) return no_store();
    const std::string fact = text_of(arguments, "fact");
    const bool correction = arguments.value("correction", false);
    CODA_TRY(const std::optional<std::string> replaced,
             correction ? context.facts->correct(fact, text_of(arguments, "instead_of"))
                        : context.facts->remember(fact, arguments.value("in_passing", false)));
    json data = {{"fact", fact}};
    if (replaced) data["replaced"] = *replaced;
    const std::string back = turn_round(fact);
    return ToolResult{replaced ? fmt::format("Okay, I've changed that: {}.", back)
                               : fmt::format("Okay, I'll remember{}: {}.",
                                             context.facts->lasting() ? "" : " while we talk", back),
                      data};
}

Result<ToolResult> recall(const json& arguments, const ToolContext& context) {
    if (!context.facts) return no_store();
    CODA_TRY(const std::optional<std::string> fact, context.facts->recall(text_of(arguments, "question")));
    if (!fact)
        return ToolResult{context.facts->lasting() ? "You haven't told me that, as far as I remember."
                                                   : "You haven't told me that in this conversation.",
                          {{"fact", nullptr}}};
    return ToolResult{fmt::format("You said that {}.", turn_round(*fact)), {{"fact", *fact}}};
}

// The newest of them; nobody listens to a hundred.
std::string enumerated(const std::vector<std::string>& facts) {
    constexpr size_t kSpoken = 8;
    const size_t first = facts.size() - std::min(facts.size(), kSpoken);
    std::string out;
    for (size_t i = first; i < facts.size(); ++i) out += (out.empty() ? "" : "; ") + turn_round(facts[i]);
    if (first > 0) out += fmt::format("; and {} more", counted(static_cast<long long>(first), "thing"));
    return out;
}

Result<ToolResult> list_facts(const json&, const ToolContext& context) {
    if (!context.facts) return no_store();
    CODA_TRY(const std::vector<std::string> facts, context.facts->facts());
    if (facts.empty())
        return ToolResult{"You haven't told me anything about yourself yet.", {{"facts", facts}}};
    return ToolResult{fmt::format("You told me that {}.", enumerated(facts)), {{"facts", facts}}};
}

Result<ToolResult> forget(const json& arguments, const ToolContext& context) {
    if (!context.facts) return no_store();
    const std::string what = text_of(arguments, "what");
    CODA_TRY(const std::vector<std::string> gone,
             what == "all"    ? context.facts->forget_all()
             : what == "last" ? context.facts->forget_last()
                              : context.facts->forget_about(text_of(arguments, "about")));
    if (gone.empty()) return ToolResult{"There was nothing of that to forget.", {{"forgotten", gone}}};
    const std::string say = what == "all" ? "Okay, I've forgotten everything you told me."
                                          : fmt::format("Okay, I've forgotten that {}.", enumerated(gone));
    return ToolResult{say, {{"forgotten", gone}}};
}

Result<ToolResult> show_capabilities(const json&, const ToolContext& context) {
    std::vector<std::string> abilities;
    for (const Tool& tool : context.registry->tools())
        if (!tool.ability.empty()) abilities.push_back(tool.ability);
    return ToolResult{
        fmt::format("I can {}. I can also chat and answer questions, as well as my language model "
                    "knows how.",
                    enumeration(abilities)),
        {{"abilities", abilities}}};
}

Result<ToolResult> list_tools(const json&, const ToolContext& context) {
    std::vector<std::string> names, spoken;
    for (const Tool& tool : context.registry->tools()) {
        names.push_back(tool.name);
        spoken.push_back(tool.name);
        std::replace(spoken.back().begin(), spoken.back().end(), '_', ' ');
    }
    return ToolResult{fmt::format("I have {} tools: {}.", names.size(), enumeration(spoken)),
                      {{"tools", names}}};
}

void add(Registry& registry, Tool tool) {
    CODA_ASSERT(registry.add(std::move(tool)));
}

bool says(const Recognition& command, std::string_view word) {
    return std::find(command.words.begin(), command.words.end(), word) != command.words.end();
}

Call date_call(const Recognition& command) {
    json arguments = json::object();
    const auto put = [&](const char* name, const char* question) {
        if (const std::string day = command.slot_words(name); !day.empty()) {
            arguments["day"] = day;
            arguments["question"] = question;
        }
    };
    put("day", "date");
    if (const std::string year = command.slot_words("year"); !year.empty())
        arguments["day"] = command.slot_words("day") + " " + year;
    put("until", says(command, "weeks") ? "weeks" : "days");
    put("since", "since");
    put("check", "is_today");
    if (const std::string other = command.slot_words("other"); !other.empty()) {
        arguments["day"] = other;
        arguments["question"] = "date";
    }
    if (const auto ask = command.fixed.find("ask"); ask != command.fixed.end())
        arguments["question"] = ask->second;
    return {"date", arguments};
}

// The fact in "remember that ...": what was said, without a "no," or a last "not Ida" of a correction.
std::string fact_of(const Recognition& command) {
    std::string fact = command.fixed.count("whole") ? command.said : command.slot("fact");
    for (std::string_view lead :
         {"no, ", "no ", "actually, ", "actually ", "correction, ", "sorry, ", "sorry ", "wait, ", "wait "}) {
        std::string start = fact.substr(0, lead.size());
        for (char& c : start) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        if (start == lead) fact.erase(0, lead.size());
    }
    if (const auto found = command.fixed.find("keep"); found != command.fixed.end())
        fact = command.said.substr(std::min(command.said.find("get ") + 4, command.said.size()));
    const bool starts_with_my =
        fact.starts_with("My ") || fact.starts_with("The ") || fact.starts_with("Our ");
    if (starts_with_my) fact[0] = static_cast<char>(fact[0] - 'A' + 'a');
    while (!fact.empty() && (fact.back() == '.' || fact.back() == '!' || fact.back() == ',')) fact.pop_back();
    if (const size_t not_that = fact.rfind(", not "); not_that != std::string::npos) fact.erase(not_that);
    return fact;
}

// "No, my sister is Ada, not Ida" says what is wrong, too.
Call remember_call(const Recognition& command) {
    json arguments = {{"fact", fact_of(command)}};
    const std::string& said = command.said;
    const size_t wrong = said.rfind(", not ");
    if (command.fixed.count("correction") || (command.fixed.count("whole") && wrong != std::string::npos)) {
        arguments["correction"] = true;
        if (wrong != std::string::npos) {
            std::string instead_of = said.substr(wrong + 6);
            while (!instead_of.empty() && std::ispunct(static_cast<unsigned char>(instead_of.back())))
                instead_of.pop_back();
            arguments["instead_of"] = instead_of;
        }
    } else if (command.fixed.count("whole")) {
        arguments["in_passing"] = true;
    }
    return {"remember", std::move(arguments)};
}

}  // namespace

Registry builtin_tools() {
    Registry registry;
    add(registry, {"time",
                   "The time now, here or in a city, state or country.",
                   object_schema({{"place", text_argument("a place; here when left out")}}, json::array()),
                   Safety::read,
                   std::chrono::milliseconds(1000),
                   {},
                   tell_time,
                   "tell you the time here or in another city"});
    add(registry,
        {"date",
         "Which day it is, was or will be, and how many days lie between.",
         object_schema(
             {{"day", text_argument("a day as people say it: tomorrow, next Friday, Christmas")},
              {"question",
               {{"type", "string"}, {"enum", {"date", "days", "weeks", "since", "is_today", "year"}}}}},
             json::array()),
         Safety::read,
         std::chrono::milliseconds(1000),
         {},
         tell_date,
         "work with dates"});
    add(registry, {"calculate",
                   "The value of a sum, exactly.",
                   object_schema({{"expression", text_argument("a sum in words or signs: 15% of 240")}},
                                 {"expression"}),
                   Safety::read,
                   std::chrono::milliseconds(1000),
                   {},
                   tell_sum,
                   "do sums"});
    add(registry, {"convert",
                   "A quantity in another unit.",
                   object_schema({{"from", text_argument("a quantity: 5 miles")},
                                  {"to", text_argument("a unit: kilometers")}},
                                 {"from", "to"}),
                   Safety::read,
                   std::chrono::milliseconds(1000),
                   {},
                   tell_conversion,
                   "convert units"});
    add(registry, {"remember",
                   "Keeps a fact that the person said.",
                   object_schema({{"fact", text_argument("the fact, in the person's words")},
                                  {"in_passing", {{"type", "boolean"}}},
                                  {"correction", {{"type", "boolean"}}},
                                  {"instead_of", text_argument("what was wrong in the fact as it was told")}},
                                 {"fact"}),
                   Safety::write,
                   std::chrono::milliseconds(1000),
                   {},
                   remember,
                   "remember things"});
    add(registry, {"recall",
                   "What the person said that answers a question.",
                   object_schema({{"question", text_argument("the question")}}, {"question"}),
                   Safety::read,
                   std::chrono::milliseconds(1000),
                   {},
                   recall});
    add(registry, {"list_facts",
                   "Everything the person asked to remember.",
                   object_schema(json::object(), json::array()),
                   Safety::read,
                   std::chrono::milliseconds(1000),
                   {},
                   list_facts});
    add(registry, {"forget",
                   "Forgets the last fact, those about something, or all.",
                   object_schema({{"what", {{"type", "string"}, {"enum", {"last", "about", "all"}}}},
                                  {"about", text_argument("the subject")}},
                                 {"what"}),
                   Safety::write,
                   std::chrono::milliseconds(1000),
                   {},
                   forget});
    add(registry, {"show_capabilities",
                   "What Coda can do.",
                   object_schema(json::object(), json::array()),
                   Safety::read,
                   std::chrono::milliseconds(1000),
                   {},
                   show_capabilities});
    add(registry, {"list_tools",
                   "The names of all tools.",
                   object_schema(json::object(), json::array()),
                   Safety::read,
                   std::chrono::milliseconds(1000),
                   {},
                   list_tools});
    add_timers(registry);
    add_lists(registry);
    add_speech_control(registry);
    add_jokes(registry);
    add_system_facts(registry);
    add_world_tools(registry);
    return registry;
}

std::optional<Call> to_call(const Recognition& command) {
    if (std::optional<Call> call = to_world_call(command)) return call;
    if (command.name == "time") {
        json arguments = json::object();
        if (const std::string place = command.slot("place") + command.slot("unknown"); !place.empty())
            arguments["place"] = place;
        return Call{"time", arguments};
    }
    if (command.name == "date") return date_call(command);
    if (command.name == "calculate") return Call{"calculate", {{"expression", command.slot_words("sum")}}};
    if (command.name == "convert")
        return Call{"convert", {{"from", command.slot_words("from")}, {"to", command.slot_words("to")}}};
    if (command.name == "remember") return remember_call(command);
    if (command.name == "recall") return Call{"recall", {{"question", command.said}}};
    if (command.name == "recall.list") return Call{"list_facts", json::object()};
    if (command.name == "joke") return Call{"tell_joke", json::object()};
    if (command.name == "tools") return Call{"list_tools", json::object()};
    if (command.name == "capabilities") return Call{"show_capabilities", json::object()};
    if (command.name == "forget") {
        const auto what = command.fixed.find("what");
        if (what != command.fixed.end()) return Call{"forget", {{"what", what->second}}};
        return Call{"forget", {{"what", "about"}, {"about", command.slot("about")}}};
    }
    if (std::optional<Call> call = timer_call(command)) return call;
    if (std::optional<Call> call = list_call(command)) return call;
    if (std::optional<Call> call = speech_call(command)) return call;
    if (std::optional<Call> call = system_call(command)) return call;
    return program_call(command);
}

}  // namespace coda::tools
