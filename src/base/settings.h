// Settings, each declared once: name, place, help and what is allowed. The configuration file, the
// environment, the flags, `coda config show` and the table in docs/configuration.md all come from that one
// declaration. Each room declares its own: `struct XSettings` with `void declare(Settings&, XSettings&)` in
// its settings.h. A value's default is what its place holds when it is declared. Later sources win: file,
// environment, flags; a profile fills in what none of them gave. Thread safety: none; filled at start by one
// thread. The places must outlive the Settings.
#pragma once

#include "base/result.h"

#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace coda {

struct SettingRules {
    double minimum = -std::numeric_limits<double>::infinity();  // of numbers
    double maximum = std::numeric_limits<double>::infinity();
    std::vector<std::string> choices;  // of text; empty: any
    bool secret = false;               // never printed; its file must be readable by its owner alone

    static SettingRules between(double minimum, double maximum) { return {minimum, maximum, {}, false}; }
    static SettingRules at_least(double minimum) {
        return {minimum, std::numeric_limits<double>::infinity(), {}, false};
    }
    static SettingRules one_of(std::vector<std::string> choices) { return {.choices = std::move(choices)}; }
    static SettingRules hidden() { return {.choices = {}, .secret = true}; }
};

class Settings {
  public:
    using Place = std::variant<std::string*, std::filesystem::path*, int*, double*, bool*>;

    // `name` is dotted, "room.setting"; the environment variable is CODA_ROOM_SETTING.
    void declare(std::string name, Place place, std::string help, SettingRules rules = {});

    // A TOML file; that it does not exist is no error.
    void read_file(const std::filesystem::path& path);
    // The same from text; `source` stands for the file in messages.
    void read_text(std::string_view text, const std::string& source);
    // Entries "NAME=value" up to a null pointer, as in `environ`; only CODA_* are looked at.
    void read_environment(const char* const* environment);
    // One value by its name, from a flag; `origin` is the flag ("--llm").
    void set(std::string_view name, const std::string& value, const std::string& origin);
    // The same for a setting that no source has given yet, else nothing: what a profile fills in.
    void fill_in(std::string_view name, const std::string& value, const std::string& origin);

    // Everything that was wrong, in the order in which it was found. A wrong value leaves the place as it
    // was.
    const std::vector<Error>& errors() const { return errors_; }
    // CODA_* variables that are neither a setting nor otherwise known: probably mistyped, but not Coda's to
    // refuse.
    const std::vector<std::string>& unknown_environment() const { return unknown_environment_; }

    struct Row {
        std::string name, value, default_value, type, allowed, help, environment, origin;
        bool secret = false;  // then value is "(set)" or empty
    };
    std::vector<Row> rows() const;

    static std::string environment_name(std::string_view setting);

  private:
    struct Setting {
        std::string name, help, environment, default_value, origin;
        Place place;
        SettingRules rules;
    };
    struct TomlReader;

    Setting* find(std::string_view name);
    std::vector<std::string> names() const;
    void assign(Setting& setting, const std::string& value, const std::string& origin,
                const std::string& where);
    void unknown(std::string_view name, const std::string& where);

    std::vector<Setting> settings_;
    std::vector<Error> errors_;
    std::vector<std::string> unknown_environment_;
};

// The TOML `text` with `name` ("llm.source") set to the string `value`, everything else as it was, comments
// too. Fails with bad_format when the text is not TOML, or the place cannot be changed safely.
Result<std::string> toml_with(const std::string& text, const std::string& name, const std::string& value);

}  // namespace coda
