#include "assistant/settings.h"

#include "base/paths.h"

namespace coda::assistant {

std::filesystem::path AssistantSettings::planner_file() const {
    return planner_path.empty() ? paths::state_dir() / "planner.db" : planner_path;
}

std::filesystem::path AssistantSettings::programs_file() const {
    return programs_path.empty() ? paths::config_dir() / "programs.toml" : programs_path;
}

void declare(Settings& settings, AssistantSettings& to) {
    settings.declare("assistant.window_turns", &to.window_turns, "Turns that are kept word for word.",
                     SettingRules::between(1, 1000));
    settings.declare("assistant.window_tokens", &to.window_tokens, "Tokens that they may take.",
                     SettingRules::between(64, 1 << 20));
    settings.declare(
        "assistant.planner", &to.planner_path,
        "The file of timers, alarms, reminders and lists. Empty: planner.db in the state folder.");
    settings.declare(
        "tools.programs", &to.programs_path,
        "The list of programs that Coda may run. Empty: programs.toml beside the configuration.");
}

}  // namespace coda::assistant
