// A subcommand: it declares its options on the command line's parser and says what to run. main.cpp parses,
// loads the configuration and runs the one that was asked for.
#pragma once

#include "app/configuration.h"
#include "app/output.h"
#include "base/cancel.h"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

namespace coda::app {

struct Context {
    Cancel cancel;  // set by SIGINT and SIGTERM
    Output output{cancel};
    Configuration configuration;
    Settings settings;
    std::filesystem::path configuration_file;
    std::optional<Error> character_error;  // of the character that the settings name

    // Everything that is wrong with what was configured.
    std::vector<Error> configuration_errors() const;
};

// Whether some source has given the setting a value.
bool is_set(const Settings& settings, const std::string& name);

class Commands {
  public:
    // Returns the exit status.
    using Run = std::function<int(Context&)>;

    explicit Commands(CLI::App& root) : root_(root) {}

    CLI::App& root() { return root_; }
    void on(CLI::App* command, Run run) { runs_[command] = std::move(run); }
    // A flag of `command` that gives a setting its value.
    void setting_flag(CLI::App& command, const std::string& flag, const std::string& setting,
                      const std::string& value, const std::string& help);

    struct Override {
        std::string setting, value, flag;
    };
    const std::vector<Override>& overrides() const { return overrides_; }
    // What was asked for, or an empty Run.
    Run chosen() const;
    // Commands that work although the configuration is wrong, because they show what is wrong.
    void allow_wrong_configuration(CLI::App* command) { forgiving_.push_back(command); }
    bool forgiving() const;

  private:
    const CLI::App* deepest() const;

    CLI::App& root_;
    std::map<const CLI::App*, Run> runs_;
    std::vector<const CLI::App*> forgiving_;
    std::vector<Override> overrides_;
};

void add_ask(Commands& commands);
void add_talk(Commands& commands);
void add_chat(Commands& commands);
void add_transcribe(Commands& commands);
void add_speak(Commands& commands);
void add_models(Commands& commands);
void add_devices(Commands& commands);
void add_bench(Commands& commands);
void add_doctor(Commands& commands);
void add_config(Commands& commands);
void add_memory(Commands& commands);
void add_personality(Commands& commands);

}  // namespace coda::app
