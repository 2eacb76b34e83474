#include "base/settings.h"

#include "base/file_map.h"
#include "base/nearest.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

namespace coda {
namespace {

constexpr const char* kPrefix = "CODA_";
constexpr const char* kDefault = "default";  // the origin of what no source has given
constexpr size_t kLargestFile = size_t{1} << 20;

// Variables that are read where logging, paths and kernels start, before there are settings.
constexpr std::string_view kOtherVariables[] = {"CODA_DATA_DIR",   "CODA_CONFIG_DIR", "CODA_CACHE_DIR",
                                                "CODA_STATE_DIR",  "CODA_LOG",        "CODA_CPU",
                                                "CODA_ONNXRUNTIME"};

std::string print(const Settings::Place& place) {
    struct {
        std::string operator()(const std::string* text) const { return *text; }
        std::string operator()(const std::filesystem::path* path) const { return path->string(); }
        std::string operator()(const int* number) const { return fmt::format("{}", *number); }
        std::string operator()(const double* number) const { return fmt::format("{}", *number); }
        std::string operator()(const bool* flag) const { return *flag ? "true" : "false"; }
    } printer;
    return std::visit(printer, place);
}

const char* type_name(const Settings::Place& place) {
    constexpr const char* kNames[] = {"text", "path", "whole number", "number", "true or false"};
    return kNames[place.index()];
}

std::string allowed(const SettingRules& rules) {
    if (!rules.choices.empty()) return fmt::format("one of {}", fmt::join(rules.choices, ", "));
    const bool low = rules.minimum > -std::numeric_limits<double>::infinity();
    const bool high = rules.maximum < std::numeric_limits<double>::infinity();
    if (low && high) return fmt::format("{} to {}", rules.minimum, rules.maximum);
    if (low) return fmt::format("at least {}", rules.minimum);
    if (high) return fmt::format("at most {}", rules.maximum);
    return {};
}

template <class Number>
bool parse_number(const std::string& text, Number& number) {
    const char* end = text.data() + text.size();
    const auto [stop, problem] = std::from_chars(text.data(), end, number);
    return problem == std::errc() && stop == end;
}

bool parse_bool(const std::string& text, bool& flag) {
    if (text == "true" || text == "on" || text == "yes" || text == "1") return flag = true, true;
    if (text == "false" || text == "off" || text == "no" || text == "0") return flag = false, true;
    return false;
}

std::filesystem::path expand_home(const std::string& text) {
    const char* home = std::getenv("HOME");
    if (home && (text == "~" || text.starts_with("~/"))) return home + text.substr(1);
    return text;
}

bool within(double number, const SettingRules& rules) {
    return number >= rules.minimum && number <= rules.maximum;
}

// Parses `text` into the place if it is of the type and within the rules.
bool store(const std::string& text, const Settings::Place& place, const SettingRules& rules) {
    struct {
        const std::string& text;
        const SettingRules& rules;
        bool operator()(std::string* target) const {
            const auto& choices = rules.choices;
            if (!choices.empty() && std::find(choices.begin(), choices.end(), text) == choices.end())
                return false;
            *target = text;
            return true;
        }
        bool operator()(std::filesystem::path* target) const {
            *target = expand_home(text);
            return true;
        }
        bool operator()(int* target) const {
            int number = 0;
            if (!parse_number(text, number) || !within(number, rules)) return false;
            *target = number;
            return true;
        }
        bool operator()(double* target) const {
            double number = 0;
            if (!parse_number(text, number) || !within(number, rules)) return false;
            *target = number;
            return true;
        }
        bool operator()(bool* target) const { return parse_bool(text, *target); }
    } parser{text, rules};
    return std::visit(parser, place);
}

}  // namespace

std::string Settings::environment_name(std::string_view setting) {
    std::string name = kPrefix;
    for (const char c : setting)
        name += c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return name;
}

void Settings::declare(std::string name, Place place, std::string help, SettingRules rules) {
    Setting setting{name,     std::move(help), environment_name(name), print(place),
                    kDefault, place,           std::move(rules)};
    for (const Setting& other : settings_) CODA_ASSERT(other.environment != setting.environment);
    settings_.push_back(std::move(setting));
}

void Settings::read_file(const std::filesystem::path& path) {
    std::error_code missing;
    const auto status = std::filesystem::status(path, missing);
    if (status.type() == std::filesystem::file_type::not_found) return;
    auto text = coda::read_file(path, kLargestFile);
    if (!text) {
        errors_.push_back(text.error());
        return;
    }
    const std::string source = path.string();
    read_text(*text, source);
    const bool holds_secret = std::any_of(settings_.begin(), settings_.end(), [&](const Setting& setting) {
        return setting.rules.secret && setting.origin.starts_with(source + ":");
    });
    constexpr auto kOthers = std::filesystem::perms::group_all | std::filesystem::perms::others_all;
    if (holds_secret && (status.permissions() & kOthers) != std::filesystem::perms::none) {
        errors_.push_back(Error{ErrorCode::invalid_argument, "holds a secret and others may read it", source,
                                "chmod 600 " + source});
    }
}

void Settings::read_environment(const char* const* environment) {
    for (; *environment; ++environment) {
        const std::string_view entry = *environment;
        const size_t equals = entry.find('=');
        if (!entry.starts_with(kPrefix) || equals == std::string_view::npos) continue;
        const std::string_view name = entry.substr(0, equals);
        const auto setting = std::find_if(settings_.begin(), settings_.end(), [&](const Setting& candidate) {
            return candidate.environment == name;
        });
        if (setting != settings_.end()) {
            assign(*setting, std::string(entry.substr(equals + 1)), std::string(name), std::string(name));
        } else if (std::find(std::begin(kOtherVariables), std::end(kOtherVariables), name) ==
                   std::end(kOtherVariables)) {
            unknown_environment_.emplace_back(name);
        }
    }
}

void Settings::set(std::string_view name, const std::string& value, const std::string& origin) {
    if (Setting* setting = find(name)) {
        assign(*setting, value, origin, origin);
    } else {
        unknown(name, origin);
    }
}

void Settings::fill_in(std::string_view name, const std::string& value, const std::string& origin) {
    const Setting* setting = find(name);
    if (!setting || setting->origin == kDefault) set(name, value, origin);
}

std::vector<Settings::Row> Settings::rows() const {
    std::vector<Row> rows;
    for (const Setting& setting : settings_) {
        std::string value = print(setting.place);
        if (setting.rules.secret && !value.empty()) value = "(set)";
        rows.push_back({setting.name, value, setting.default_value, type_name(setting.place),
                        allowed(setting.rules), setting.help, setting.environment, setting.origin,
                        setting.rules.secret});
    }
    return rows;
}

Settings::Setting* Settings::find(std::string_view name) {
    const auto found = std::find_if(settings_.begin(), settings_.end(),
                                    [&](const Setting& setting) { return setting.name == name; });
    return found == settings_.end() ? nullptr : &*found;
}

std::vector<std::string> Settings::names() const {
    std::vector<std::string> names;
    for (const Setting& setting : settings_) names.push_back(setting.name);
    return names;
}

void Settings::assign(Setting& setting, const std::string& value, const std::string& origin,
                      const std::string& where) {
    if (store(value, setting.place, setting.rules)) {
        setting.origin = origin;
        return;
    }
    const std::string limits = allowed(setting.rules);
    std::string what = setting.rules.secret ? setting.name + " has a wrong value"
                                            : fmt::format("{} cannot be \"{}\"", setting.name, value);
    std::string mend = setting.rules.choices.empty() ? fmt::format("give a {}{}{}", type_name(setting.place),
                                                                   limits.empty() ? "" : ", ", limits)
                                                     : "give " + limits;
    errors_.push_back(Error{ErrorCode::invalid_argument, std::move(what), where, std::move(mend)});
}

void Settings::unknown(std::string_view name, const std::string& where) {
    const std::string hint = did_you_mean(name, names());
    errors_.push_back(Error{ErrorCode::invalid_argument, fmt::format("there is no setting {}", name), where,
                            hint.empty() ? "coda config show lists them" : hint});
}

}  // namespace coda
