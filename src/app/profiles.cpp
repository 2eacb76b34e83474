#include "app/profiles.h"

#include "base/toml.h"

#include <fmt/format.h>

namespace coda::app {
namespace {

toml::table profiles() {
    toml::parse_result parsed = toml::parse(std::string_view(kProfilesToml));
    CODA_ASSERT(parsed);
    return std::move(parsed).table();
}

std::string value_of(const toml::node& node) {
    if (const auto* text = node.as_string()) return text->get();
    if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
    if (const auto* whole = node.as_integer()) return fmt::format("{}", whole->get());
    const auto* number = node.as_floating_point();
    CODA_ASSERT(number);
    return fmt::format("{}", number->get());
}

void fill_in(Settings& settings, const toml::table& values, const std::string& prefix,
             const std::string& origin) {
    for (const auto& [key, node] : values) {
        const std::string name = prefix + std::string(key.str());
        if (const toml::table* inner = node.as_table())
            fill_in(settings, *inner, name + ".", origin);
        else
            settings.fill_in(name, value_of(node), origin);
    }
}

}  // namespace

std::vector<std::string> profile_names() {
    std::vector<std::string> names;
    for (const auto& [key, node] : profiles()) names.emplace_back(key.str());
    return names;
}

void apply_profile(Settings& settings, const std::string& profile) {
    const toml::table all = profiles();
    const toml::table* values = all[profile].as_table();
    CODA_ASSERT(values);
    fill_in(settings, *values, "", "profile " + profile);
}

}  // namespace coda::app
