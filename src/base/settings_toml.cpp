// The TOML side of Settings: reading the file, and changing one value in it.
#include "base/settings.h"
#include "base/toml.h"

#include <cmath>

#include <fmt/format.h>

namespace coda {
namespace {

std::string place_of(const std::string& source, const toml::source_region& region) {
    return fmt::format("{}:{}", source, region.begin.line);
}

std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20 || byte == 0x7f) {
            out += fmt::format("\\u{:04x}", byte);
        } else {
            out += c;
        }
    }
    return out + "\"";
}

// The byte at a line and column (from 1; columns count characters).
size_t offset_of(const std::string& text, const toml::source_position& position) {
    size_t offset = 0;
    for (toml::source_index line = 1; line < position.line && offset < text.size(); ++line) {
        const size_t newline = text.find('\n', offset);
        if (newline == std::string::npos) return text.size();
        offset = newline + 1;
    }
    for (toml::source_index column = 1; column < position.column && offset < text.size(); ++column) {
        ++offset;
        while (offset < text.size() && (static_cast<unsigned char>(text[offset]) & 0xC0) == 0x80) ++offset;
    }
    return offset;
}

Result<toml::table> parse(std::string_view text, const std::string& source) {
    toml::parse_result result = toml::parse(text);
    if (result) return std::move(result).table();
    return fail(ErrorCode::bad_format, std::string(result.error().description()),
                place_of(source, result.error().source()), "see docs/configuration.md");
}

}  // namespace

// Walks the tables and hands every leaf to the setting of its dotted name.
struct Settings::TomlReader {
    Settings& settings;
    const std::string& source;

    void table(const toml::table& values, const std::string& prefix) {
        for (const auto& [key, node] : values) {
            const std::string name = prefix + std::string(key.str());
            const std::string where = place_of(source, key.source());
            if (const toml::table* inner = node.as_table()) {
                table(*inner, name + ".");
            } else if (Setting* setting = settings.find(name)) {
                leaf(*setting, node, where);
            } else {
                settings.unknown(name, where);
            }
        }
    }

    void leaf(Setting& setting, const toml::node& node, const std::string& where) {
        const bool wants_text = std::holds_alternative<std::string*>(setting.place) ||
                                std::holds_alternative<std::filesystem::path*>(setting.place);
        const bool wants_bool = std::holds_alternative<bool*>(setting.place);
        const bool wants_number = !wants_text && !wants_bool;
        if (const auto* text = node.as_string(); text && wants_text) {
            settings.assign(setting, text->get(), where, where);
        } else if (const auto* flag = node.as_boolean(); flag && wants_bool) {
            settings.assign(setting, flag->get() ? "true" : "false", where, where);
        } else if (const auto* whole = node.as_integer(); whole && wants_number) {
            settings.assign(setting, fmt::format("{}", whole->get()), where, where);
        } else if (const auto* number = node.as_floating_point();
                   number && std::holds_alternative<double*>(setting.place)) {
            settings.assign(setting, fmt::format("{}", number->get()), where, where);
        } else {
            wrong_type(setting, where);
        }
    }

    void wrong_type(const Setting& setting, const std::string& where) {
        constexpr const char* kWanted[] = {"text in quotes", "a path in quotes", "a whole number", "a number",
                                           "true or false"};
        settings.errors_.push_back(Error{ErrorCode::invalid_argument, setting.name + " has the wrong type",
                                         where, fmt::format("write {}", kWanted[setting.place.index()])});
    }
};

void Settings::read_text(std::string_view text, const std::string& source) {
    auto table = parse(text, source);
    if (!table) {
        errors_.push_back(table.error());
        return;
    }
    TomlReader{*this, source}.table(*table, "");
}

Result<std::string> toml_with(const std::string& text, const std::string& name, const std::string& value) {
    CODA_TRY(const toml::table table, parse(text, "coda.toml"));
    const size_t dot = name.find('.');
    CODA_ASSERT(dot != std::string::npos);
    const std::string section = name.substr(0, dot), key = name.substr(dot + 1);
    std::string changed = text;
    if (const toml::node* node = table.at_path(name).node()) {
        const size_t begin = offset_of(text, node->source().begin), end = offset_of(text, node->source().end);
        changed.replace(begin, end - begin, quoted(value));
    } else if (const toml::table* existing = table.at_path(section).as_table();
               existing && !existing->is_inline()) {
        size_t after = text.find('\n', offset_of(text, existing->source().begin));
        if (after == std::string::npos) {
            changed += '\n';
            after = changed.size() - 1;
        }
        changed.insert(after + 1, key + " = " + quoted(value) + "\n");
    } else {
        if (!changed.empty() && changed.back() != '\n') changed += '\n';
        changed += "[" + section + "]\n" + key + " = " + quoted(value) + "\n";
    }
    const auto again = parse(changed, "coda.toml");
    if (!again || again->at_path(name).value<std::string>() != value) {
        return fail(ErrorCode::bad_format, "cannot be changed safely", "coda.toml",
                    fmt::format("write {} = {} into [{}] by hand", key, quoted(value), section));
    }
    return changed;
}

}  // namespace coda
