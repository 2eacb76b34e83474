#include "app/command.h"

#include <algorithm>

namespace coda::app {

std::vector<Error> Context::configuration_errors() const {
    std::vector<Error> errors = settings.errors();
    if (character_error) errors.push_back(*character_error);
    return errors;
}

bool is_set(const Settings& settings, const std::string& name) {
    for (const Settings::Row& row : settings.rows()) {
        if (row.name == name) return row.origin != "default";
    }
    return false;
}

void Commands::setting_flag(CLI::App& command, const std::string& flag, const std::string& setting,
                            const std::string& value, const std::string& help) {
    const auto remember = [this, flag, setting](const std::string& text) {
        overrides_.push_back({setting, text, flag});
    };
    command.add_option_function<std::string>(flag, remember, help)->type_name(value);
}

Commands::Run Commands::chosen() const {
    const auto found = runs_.find(deepest());
    return found == runs_.end() ? Run() : found->second;
}

bool Commands::forgiving() const {
    return std::find(forgiving_.begin(), forgiving_.end(), deepest()) != forgiving_.end();
}

const CLI::App* Commands::deepest() const {
    const CLI::App* app = &root_;
    while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
    return app;
}

}  // namespace coda::app
