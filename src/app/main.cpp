// coda: the command line. Parses, loads the configuration, runs the subcommand that was asked for.
#include "app/command.h"
#include "app/profiles.h"
#include "app/signals.h"
#include "app/version.h"
#include "base/log.h"
#include "base/nearest.h"
#include "base/paths.h"
#include "personality/library.h"

#include <cstdio>
#include <cstdlib>
#include <exception>

#include <fmt/format.h>

extern char** environ;

namespace coda::app {
namespace {

struct GlobalOptions {
    bool json = false;
    std::string configuration_file;
    std::vector<std::string> assignments;
};

void add_global_options(Commands& commands, GlobalOptions& options) {
    CLI::App& root = commands.root();
    root.set_version_flag("--version", std::string("coda ") + kVersion, "Print the version");
    root.add_flag("--json", options.json, "One JSON object, or JSON lines, instead of text");
    root.add_option("--config", options.configuration_file, "Another configuration file")->type_name("FILE");
    root.add_option("--set", options.assignments, "Give any setting a value, more than once if need be")
        ->type_name("NAME=VALUE")
        ->allow_extra_args(false);
    commands.setting_flag(root, "--profile", "profile", "NAME", "desktop, server or tiny");
    commands.setting_flag(root, "--llm", "llm.source", "FILE|openai:URL|none", "The language model");
    commands.setting_flag(root, "--llm-model", "llm.model", "NAME",
                          "The model's name on an OpenAI-compatible server");
    commands.setting_flag(root, "--stt", "stt.model", "PATH", "The speech-to-text model");
    commands.setting_flag(root, "--character", "personality.character", "NAME|FILE", "Who answers");
    commands.setting_flag(root, "--threads", "runtime.threads", "N", "Threads (0: as many as there are)");
    commands.setting_flag(root, "--log", "log.level", "LEVEL", "trace, debug, info, warn, error or off");
}

void add_commands(Commands& commands) {
    add_ask(commands);
    add_talk(commands);
    add_chat(commands);
    add_transcribe(commands);
    add_speak(commands);
    add_models(commands);
    add_devices(commands);
    add_bench(commands);
    add_doctor(commands);
    add_config(commands);
    add_memory(commands);
    add_personality(commands);
}

// Bare `coda`: what can be done with it.
int offer(Context& context, const CLI::App& root) {
    context.output.line(fmt::format("Coda {}, a voice assistant that runs on this machine.\n", kVersion));
    nlohmann::json listed = nlohmann::json::array();
    for (const CLI::App* command : root.get_subcommands([](const CLI::App*) { return true; })) {
        context.output.line(fmt::format("  coda {:<11} {}", command->get_name(), command->get_description()));
        listed.push_back({{"name", command->get_name()}, {"help", command->get_description()}});
    }
    context.output.line("\nEach has --help and --json.");
    if (!std::filesystem::exists(paths::data_dir() / "models")) {
        context.output.line("There are no models yet: run script/bootstrap in Coda's source folder.");
    } else {
        context.output.line("Try:  coda ask \"what time is it\"");
    }
    context.output.object({{"version", kVersion}, {"commands", listed}});
    return kOk;
}

std::string usage_hint(const CLI::App& root, const CLI::ParseError& error) {
    std::vector<std::string> names;
    for (const CLI::App* command : root.get_subcommands([](const CLI::App*) { return true; })) {
        names.push_back(command->get_name());
    }
    const std::string what = one_line(error.what());
    const size_t colon = what.rfind(": ");
    const std::string word = colon == std::string::npos ? "" : what.substr(colon + 2);
    const std::string meant = root.get_subcommands().empty() ? did_you_mean(word, names) : "";
    return meant.empty() ? "see --help" : meant;
}

// The character that was asked for gives what nothing else has given.
void load_character(Context& context) {
    const personality::PersonalitySettings& wanted = context.configuration.personality;
    const auto character =
        personality::load_character(wanted.character, personality::PersonalitySettings::own_characters());
    if (character) {
        personality::fill_in(context.settings, *character);
        return;
    }
    context.character_error = character.error();
    if (character.error().where.empty()) context.character_error->where = "personality.character";
}

// Fills `context` from file, environment and flags; the errors are in context.settings.
void load_configuration(Context& context, const Commands& commands, const GlobalOptions& options) {
    context.configuration.declare(context.settings);
    context.configuration_file = options.configuration_file.empty()
                                     ? configuration_file()
                                     : std::filesystem::path(options.configuration_file);
    context.settings.read_file(context.configuration_file);
    context.settings.read_environment(environ);
    for (const std::string& assignment : options.assignments) {
        const size_t equals = assignment.find('=');
        const std::string value = equals == std::string::npos ? "" : assignment.substr(equals + 1);
        context.settings.set(assignment.substr(0, equals), value, "--set");
    }
    for (const Commands::Override& override : commands.overrides()) {
        context.settings.set(override.setting, override.value, override.flag);
    }
    apply_profile(context.settings, context.configuration.profile);
    load_character(context);
}

int report_wrong_configuration(Context& context) {
    int status = kFailed;
    for (const Error& error : context.configuration_errors()) {
        context.output.note(error.message());
        if (error.where.starts_with("--")) status = kUsage;
    }
    nlohmann::json errors = nlohmann::json::array();
    for (const Error& error : context.configuration_errors()) errors.push_back(to_json(error));
    context.output.object({{"error", errors.front()}, {"errors", errors}});
    return status;
}

int run(int argc, char** argv) {
    Context context;
    cancel_on_signals(context.cancel);
    log::init();

    CLI::App root("A voice assistant that runs on this machine.", "coda");
    root.fallthrough();
    root.require_subcommand(0, 1);
    Commands commands(root);
    GlobalOptions options;
    add_global_options(commands, options);
    add_commands(commands);
    try {
        root.parse(argc, argv);
    } catch (const CLI::Success& asked) {  // --help, --version
        root.exit(asked);
        return context.output.finish(kOk);
    } catch (const CLI::ParseError& error) {
        context.output.use_json(options.json);
        return context.output.fail(
            {ErrorCode::invalid_argument, one_line(error.what()), "", usage_hint(root, error)});
    }
    context.output.use_json(options.json);

    load_configuration(context, commands, options);
    if (!context.configuration_errors().empty() && !commands.forgiving())
        return report_wrong_configuration(context);
    if (is_set(context.settings, "log.level"))
        log::set_level(context.configuration.log.level);  // else CODA_LOG holds
    const Commands::Run chosen = commands.chosen();
    return context.output.finish(chosen ? chosen(context) : offer(context, root));
}

}  // namespace
}  // namespace coda::app

int main(int argc, char** argv) {
    try {
        return coda::app::run(argc, argv);
    } catch (const std::exception& error) {  // memory ran out, or a bug: nothing else throws this far
        std::fprintf(stderr, "coda: internal error: %s\n", error.what());
        return coda::app::kFailed;
    }
}
