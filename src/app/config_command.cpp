// coda config: what is set, where it comes from, and whether it is right.
#include "app/command.h"

#include <fmt/format.h>

namespace coda::app {
namespace {

nlohmann::json to_json(const Settings::Row& row) {
    return {{"name", row.name},     {"value", row.value},     {"default", row.default_value},
            {"type", row.type},     {"allowed", row.allowed}, {"environment", row.environment},
            {"origin", row.origin}, {"help", row.help}};
}

std::string shown(const Settings::Row& row) {
    const bool quoted = !row.secret && (row.type == "text" || row.type == "path");
    return quoted ? fmt::format("\"{}\"", one_line(row.value)) : row.value.empty() ? "(not set)" : row.value;
}

int show(Context& context, bool origin) {
    nlohmann::json all = nlohmann::json::array();
    for (const Settings::Row& row : context.settings.rows()) {
        all.push_back(to_json(row));
        const std::string setting = fmt::format("{:<26} {}", row.name, shown(row));
        context.output.line(origin ? fmt::format("{:<50}  # {}", setting, row.origin) : setting);
    }
    context.output.object({{"file", context.configuration_file.string()}, {"settings", all}});
    return kOk;
}

int check(Context& context) {
    nlohmann::json errors = nlohmann::json::array();
    for (const Error& error : context.configuration_errors()) {
        errors.push_back(app::to_json(error));
        context.output.line(error.message());
    }
    for (const std::string& name : context.settings.unknown_environment()) {
        context.output.note(name + " is set in the environment, and there is no such setting");
    }
    const bool right = errors.empty();
    if (right) context.output.line("right: " + context.configuration_file.string());
    context.output.object({{"ok", right},
                           {"file", context.configuration_file.string()},
                           {"errors", errors},
                           {"unknown_environment", context.settings.unknown_environment()}});
    return right ? kOk : kFailed;
}

int path(Context& context) {
    context.output.line(context.configuration_file.string());
    context.output.object({{"file", context.configuration_file.string()}});
    return kOk;
}

}  // namespace

void add_config(Commands& commands) {
    CLI::App* config =
        commands.root().add_subcommand("config", "Show the settings and where each comes from");
    config->require_subcommand(0, 1);
    commands.on(config, [](Context& context) { return show(context, false); });

    CLI::App* show_command =
        config->add_subcommand("show", "All settings and their values (secrets are not shown)");
    auto origin = std::make_shared<bool>(false);
    show_command->add_flag("--origin", *origin, "And where each value comes from");
    commands.on(show_command, [origin](Context& context) { return show(context, *origin); });

    CLI::App* check_command =
        config->add_subcommand("check", "Say everything that is wrong in the configuration");
    commands.on(check_command, check);
    commands.allow_wrong_configuration(check_command);

    CLI::App* path_command = config->add_subcommand("path", "Where the configuration file is looked for");
    commands.on(path_command, path);
    commands.allow_wrong_configuration(path_command);
}

}  // namespace coda::app
