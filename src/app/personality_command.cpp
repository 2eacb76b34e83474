// coda personality: who answers, how it has adapted and why, and how to take that back.
#include "app/command.h"
#include "app/persona_file.h"
#include "personality/effects.h"
#include "personality/library.h"

#include <algorithm>
#include <cmath>
#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace coda::app {
namespace {

using personality::Change;
using personality::ChangeLog;
using personality::PersonalitySettings;
using personality::Trait;
using personality::Traits;

struct Options {
    bool why = false, all = false;
    int64_t id = 0;
};

personality::Time now() {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

Result<ChangeLog> open_log(Context& context) {
    CODA_TRY(ChangeLog log, ChangeLog::open(PersonalitySettings::changes_file()));
    if (!log.warning().empty()) context.output.note(log.warning());
    return log;
}

std::string moves_of(const Change& change) {
    std::string out;
    for (const auto& [trait, by] : change.moves)
        out += fmt::format("{}{} {:+.2f}", out.empty() ? "" : ", ", name_of(trait), by);
    return out;
}

nlohmann::json to_json(const Change& change, personality::Time at) {
    nlohmann::json moves = nlohmann::json::object();
    for (const auto& [trait, by] : change.moves) moves[name_of(trait)] = by;
    const auto seconds = std::chrono::floor<std::chrono::seconds>(change.time);
    return {{"id", change.id},
            {"time", fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                                 fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)))},
            {"cause", change.cause},
            {"reason", change.reason},
            {"moves", std::move(moves)},
            {"left", std::round(100 * change.strength(at)) / 100},
            {"undone", change.undone}};
}

void show_change(Context& context, const Change& change, personality::Time at) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(change.time);
    const std::string left =
        change.undone ? "undone" : fmt::format("{:.0f} % left", 100 * change.strength(at));
    context.output.line(fmt::format("{:>5}  {:%Y-%m-%d %H:%M}  {}: {} ({})", change.id,
                                    fmt::localtime(std::chrono::system_clock::to_time_t(seconds)),
                                    one_line(change.reason), moves_of(change), left));
}

Result<int> show(Context& context, const Options& options) {
    CODA_TRY(const ChangeLog log, open_log(context));
    const personality::Character character = character_of(context);
    const auto at = now();
    const Traits traits =
        adapted(character.traits, log.changes(), context.configuration.personality.limits(), at);
    context.output.line(fmt::format("{} ({})", character.name, context.configuration.personality.character));
    nlohmann::json values = nlohmann::json::object(), changes = nlohmann::json::array();
    for (const Trait trait : personality::kAllTraits) {
        const double lean = traits.lean(trait);
        const personality::Effect& effect = personality::effect_of(trait);
        const std::string_view does = lean < 0 ? effect.low : lean > 0 ? effect.high : std::string_view();
        const std::string own = traits[trait] == character.traits[trait]
                                    ? ""
                                    : fmt::format(" (its own is {:.2f})", character.traits[trait]);
        context.output.line(fmt::format("  {:<14} {:.2f}  {}{}", name_of(trait), traits[trait], does, own));
        values[name_of(trait)] = {
            {"value", traits[trait]}, {"own", character.traits[trait]}, {"effect", does}};
    }
    for (const Change& change : log.changes()) changes.push_back(to_json(change, at));
    if (options.why) {
        context.output.line(log.changes().empty() ? "Nothing has changed it yet." : "What has changed it:");
        for (const Change& change : log.changes()) show_change(context, change, at);
    }
    context.output.object({{"name", character.name},
                           {"character", context.configuration.personality.character},
                           {"traits", std::move(values)},
                           {"changes", std::move(changes)}});
    return kOk;
}

Result<int> list(Context& context, const Options&) {
    for (const auto& listed : personality::list_characters(PersonalitySettings::own_characters())) {
        if (!listed.character) {
            context.output.note(listed.character.error().message());
            context.output.object({{"id", listed.id},
                                   {"source", listed.source},
                                   {"error", app::to_json(listed.character.error())}});
            continue;
        }
        context.output.line(fmt::format("{:<12} {:<12} {}", one_line(listed.id),
                                        one_line(listed.character->name), one_line(listed.source)));
        context.output.object(
            {{"id", listed.id}, {"name", listed.character->name}, {"source", listed.source}});
    }
    return kOk;
}

Result<int> undo(Context& context, const Options& options) {
    if (options.all && options.id > 0)
        return fail(ErrorCode::invalid_argument, "undo takes the number of a change, or --all, or nothing",
                    "", "coda personality show --why shows the numbers");
    CODA_TRY(ChangeLog log, open_log(context));
    CODA_TRY(const std::vector<int64_t> undone, options.all      ? log.undo_all(now())
                                                : options.id > 0 ? log.undo(options.id)
                                                                 : log.undo_last(now()));
    if (undone.empty() && options.id > 0)
        return fail(ErrorCode::not_found, fmt::format("there is no change {} to undo", options.id), "",
                    "coda personality show --why shows the numbers");
    for (const Change& change : log.changes())
        if (std::find(undone.begin(), undone.end(), change.id) != undone.end())
            context.output.line("Undone: " + one_line(change.reason));
    if (undone.empty()) context.output.line("There is nothing to undo.");
    context.output.object({{"undone", undone}});
    return kOk;
}

}  // namespace

void add_personality(Commands& commands) {
    using Act = Result<int> (*)(Context&, const Options&);
    auto options = std::make_shared<Options>();
    CLI::App* personality =
        commands.root().add_subcommand("personality", "Who answers, and how it has adapted to you");
    personality->require_subcommand(0, 1);
    const auto on = [&commands, options](CLI::App* command, Act act) {
        commands.on(command, [options, act](Context& context) {
            const auto status = act(context, *options);
            return status ? *status : context.output.fail(status.error());
        });
    };
    on(personality, show);
    CLI::App* showing = personality->add_subcommand("show", "The character, and its traits at the moment");
    showing->add_flag("--why", options->why, "Every change, with its reason");
    on(showing, show);
    on(personality->add_subcommand("list", "The characters that there are"), list);
    CLI::App* undoing =
        personality->add_subcommand("undo", "Take a change back: the newest, or one by number");
    undoing->add_option("ID", options->id, "Its number")->check(CLI::PositiveNumber);
    undoing->add_flag("--all", options->all, "All of them");
    on(undoing, undo);
}

}  // namespace coda::app
