#include "models/llm/jinja/value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace coda::models::llm::jinja {
namespace {

bool continues_character(char c) {
    return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

int deepest(const std::vector<Value>& items) {
    int depth = 0;
    for (const Value& item : items) depth = std::max(depth, item.depth());
    return depth;
}

// Text between quotes as Python's repr writes it.
Text quoted(const Text& text) {
    const bool has_single = text.bytes.find('\'') != std::string::npos;
    const char quote = has_single && text.bytes.find('"') == std::string::npos ? '"' : '\'';
    Text out(std::string_view(&quote, 1), Origin::source);
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text.bytes[i];
        const auto origin = static_cast<Origin>(text.origins[i]);
        if (c == quote || c == '\\')
            out.append(std::string{'\\', c}, origin);
        else if (c == '\n')
            out.append("\\n", origin);
        else if (c == '\r')
            out.append("\\r", origin);
        else if (c == '\t')
            out.append("\\t", origin);
        else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
            out.append(fmt::format("\\x{:02x}", static_cast<unsigned char>(c)), origin);
        else
            out.append(std::string_view(&c, 1), origin);
    }
    out.append(std::string_view(&quote, 1), Origin::source);
    return out;
}

void write_repr(const Value& value, Text& out);

void write_items(const std::vector<Value>& items, Text& out) {
    for (size_t i = 0; i < items.size(); ++i) {
        if (i > 0) out.append(", ", Origin::source);
        write_repr(items[i], out);
    }
}

void write_dict(const Dict& dict, Text& out) {
    out.append("{", Origin::source);
    for (size_t i = 0; i < dict.items.size(); ++i) {
        if (i > 0) out.append(", ", Origin::source);
        write_repr(dict.items[i].first, out);
        out.append(": ", Origin::source);
        write_repr(dict.items[i].second, out);
    }
    out.append("}", Origin::source);
}

void write_repr(const Value& value, Text& out) {
    if (const Text* text = value.text()) return out.append(quoted(*text));
    if (const List* list = value.list()) {
        const bool tuple = list->kind == List::Kind::tuple;
        out.append(tuple ? "(" : "[", Origin::source);
        write_items(list->items, out);
        if (tuple && list->items.size() == 1) out.append(",", Origin::source);
        return out.append(tuple ? ")" : "]", Origin::source);
    }
    if (const Dict* dict = value.dict()) return write_dict(*dict, out);
    if (value.is_none()) return out.append("None", Origin::source);
    if (value.is_boolean()) return out.append(value.truthy() ? "True" : "False", Origin::source);
    if (value.is_integer()) return out.append(std::to_string(*value.as_integer()), Origin::source);
    if (value.is_real()) return out.append(real_text(value.as_real()), Origin::source);
    if (value.is_undefined()) return out.append("Undefined", Origin::source);
    out.append(fmt::format("<{}>", value.type_name()), Origin::source);
}

// A character of a JSON string; `character` is all of its bytes.
std::string json_character(std::string_view character, bool ensure_ascii) {
    const auto first = static_cast<unsigned char>(character.front());
    switch (first) {
        case '"':
            return "\\\"";
        case '\\':
            return "\\\\";
        case '\n':
            return "\\n";
        case '\r':
            return "\\r";
        case '\t':
            return "\\t";
        case '\b':
            return "\\b";
        case '\f':
            return "\\f";
        default:
            break;
    }
    if (first < 0x20) return fmt::format("\\u{:04x}", first);
    if (!ensure_ascii || first < 0x80) return std::string(character);
    uint32_t point = first & (0x7Fu >> std::min<size_t>(character.size(), 4));
    for (size_t i = 1; i < character.size(); ++i)
        point = point << 6 | (static_cast<unsigned char>(character[i]) & 0x3F);
    if (point < 0x10000) return fmt::format("\\u{:04x}", point);
    point -= 0x10000;
    return fmt::format("\\u{:04x}\\u{:04x}", 0xD800 + (point >> 10), 0xDC00 + (point & 0x3FF));
}

class JsonWriter {
  public:
    explicit JsonWriter(const JsonStyle& style) : style_(style) {}
    Status write(const Value& value, int level) {
        if (const Text* text = value.text()) {
            write_text(*text);
            return {};
        }
        if (const List* list = value.list(); list && list->kind != List::Kind::generator)
            return write_list(*list, level);
        if (const Dict* dict = value.dict()) return write_dict(*dict, level);
        if (value.is_none())
            add("null");
        else if (value.is_boolean())
            add(value.truthy() ? "true" : "false");
        else if (value.is_integer())
            add(std::to_string(*value.as_integer()));
        else if (value.is_real())
            add(std::isnan(value.as_real())   ? "NaN"
                : std::isinf(value.as_real()) ? (value.as_real() > 0 ? "Infinity" : "-Infinity")
                                              : real_text(value.as_real()));
        else
            return fail(ErrorCode::invalid_argument,
                        fmt::format("JSON has no form for {}", value.type_name()));
        return {};
    }
    Text take() { return std::move(out_); }

  private:
    void add(std::string_view text) { out_.append(text, Origin::source); }
    void write_text(const Text& text) {
        add("\"");
        for (size_t i = 0; i < text.size();) {
            size_t end = i + 1;
            while (end < text.size() && continues_character(text.bytes[end])) ++end;
            out_.append(json_character(std::string_view(text.bytes).substr(i, end - i), style_.ensure_ascii),
                        static_cast<Origin>(text.origins[i]));
            i = end;
        }
        add("\"");
    }
    void break_line(int level) {
        if (style_.indent)
            add("\n" + std::string(static_cast<size_t>(std::max(0, *style_.indent * level)), ' '));
    }
    Status write_list(const List& list, int level) {
        if (list.items.empty()) {
            add("[]");
            return {};
        }
        add("[");
        for (size_t i = 0; i < list.items.size(); ++i) {
            if (i > 0) add(style_.item_separator);
            break_line(level + 1);
            CODA_CHECK(write(list.items[i], level + 1));
        }
        break_line(level);
        add("]");
        return {};
    }
    Status write_dict(const Dict& dict, int level) {
        if (dict.items.empty()) {
            add("{}");
            return {};
        }
        std::vector<const std::pair<Value, Value>*> items;
        for (const auto& item : dict.items) items.push_back(&item);
        if (style_.sort_keys)
            std::stable_sort(items.begin(), items.end(), [](const auto* a, const auto* b) {
                return less(a->first, b->first).value_or(false);
            });
        add("{");
        for (size_t i = 0; i < items.size(); ++i) {
            if (i > 0) add(style_.item_separator);
            break_line(level + 1);
            const Text* key = items[i]->first.text();
            write_text(key ? *key : to_text(items[i]->first));
            add(style_.key_separator);
            CODA_CHECK(write(items[i]->second, level + 1));
        }
        break_line(level);
        add("}");
        return {};
    }
    const JsonStyle& style_;
    Text out_;
};

}  // namespace

const Value* Dict::find(std::string_view key) const {
    for (const auto& [name, value] : items)
        if (const Text* text = name.text(); text && text->bytes == key) return &value;
    return nullptr;
}

const Value* Dict::find(const Value& key) const {
    if (const Text* text = key.text()) return find(std::string_view(text->bytes));
    for (const auto& [name, value] : items)
        if (equal(name, key)) return &value;
    return nullptr;
}

Value Value::list(std::vector<Value> items, List::Kind kind) {
    List out{std::move(items), kind, 1};
    out.depth = 1 + deepest(out.items);
    return Value(Data(std::make_shared<const List>(std::move(out))));
}

Value Value::dict(std::vector<std::pair<Value, Value>> items) {
    Dict out;
    for (auto& [key, value] : items) out.depth = std::max({out.depth, 1 + key.depth(), 1 + value.depth()});
    out.items = std::move(items);
    return Value(Data(std::make_shared<const Dict>(std::move(out))));
}

Value Value::from_json(const nlohmann::ordered_json& json, Origin origin, int depth) {
    constexpr int kMaxDepth = 60;
    if (depth > kMaxDepth) return none();
    switch (json.type()) {
        case nlohmann::ordered_json::value_t::boolean:
            return boolean(json.get<bool>());
        case nlohmann::ordered_json::value_t::number_integer:
            return integer(json.get<int64_t>());
        case nlohmann::ordered_json::value_t::number_unsigned: {
            const auto number = json.get<uint64_t>();
            return number <= INT64_MAX ? integer(static_cast<int64_t>(number))
                                       : real(static_cast<double>(number));
        }
        case nlohmann::ordered_json::value_t::number_float:
            return real(json.get<double>());
        case nlohmann::ordered_json::value_t::string:
            return text(json.get_ref<const std::string&>(), origin);
        case nlohmann::ordered_json::value_t::array: {
            std::vector<Value> items;
            for (const auto& item : json) items.push_back(from_json(item, origin, depth + 1));
            return list(std::move(items));
        }
        case nlohmann::ordered_json::value_t::object: {
            std::vector<std::pair<Value, Value>> items;
            for (const auto& [key, value] : json.items())
                items.emplace_back(text(key, origin), from_json(value, origin, depth + 1));
            return dict(std::move(items));
        }
        default:
            return none();
    }
}

std::optional<int64_t> Value::as_integer() const {
    if (const bool* flag = std::get_if<bool>(&data_)) return *flag ? 1 : 0;
    if (const int64_t* number = std::get_if<int64_t>(&data_)) return *number;
    return std::nullopt;
}

double Value::as_real() const {
    if (const double* number = std::get_if<double>(&data_)) return *number;
    return static_cast<double>(as_integer().value_or(0));
}

bool Value::truthy() const {
    if (is_undefined() || is_none()) return false;
    if (const auto number = as_integer()) return *number != 0;
    if (is_real()) return as_real() != 0;
    if (const Text* held = text()) return held->size() > 0;
    // Python tells only of what has a length whether it is empty.
    if (const List* held = list()) return held->kind == List::Kind::generator || !held->items.empty();
    if (const Dict* held = dict()) return !held->items.empty();
    return true;
}

int Value::depth() const {
    if (const List* held = list()) return held->depth;
    if (const Dict* held = dict()) return held->depth;
    return 0;
}

const char* Value::type_name() const {
    static constexpr std::array<const char*, 11> kNames = {"an undefined value",
                                                           "None",
                                                           "a boolean",
                                                           "an integer",
                                                           "a float",
                                                           "a string",
                                                           "a list",
                                                           "a dict",
                                                           "a namespace",
                                                           "a function",
                                                           "a loop"};
    return kNames[data_.index()];
}

bool equal(const Value& a, const Value& b) {
    if (a.is_number() && b.is_number()) {
        const auto x = a.as_integer(), y = b.as_integer();
        return x && y ? *x == *y : a.as_real() == b.as_real();
    }
    if (a.text() && b.text()) return a.text()->bytes == b.text()->bytes;
    if (a.list() && b.list()) {
        const auto &x = a.list()->items, &y = b.list()->items;
        return a.list()->kind == b.list()->kind && std::equal(x.begin(), x.end(), y.begin(), y.end(), equal);
    }
    if (a.dict() && b.dict()) {
        if (a.dict()->items.size() != b.dict()->items.size()) return false;
        return std::all_of(a.dict()->items.begin(), a.dict()->items.end(), [&](const auto& item) {
            const Value* other = b.dict()->find(item.first);
            return other && equal(item.second, *other);
        });
    }
    if (a.space() || b.space()) return a.space() == b.space();
    if (a.callable() || b.callable()) return a.callable() == b.callable();
    return (a.is_none() && b.is_none()) || (a.is_undefined() && b.is_undefined());
}

std::optional<bool> less(const Value& a, const Value& b) {
    if (a.is_number() && b.is_number()) {
        const auto x = a.as_integer(), y = b.as_integer();
        return x && y ? *x < *y : a.as_real() < b.as_real();
    }
    if (a.text() && b.text()) return a.text()->bytes < b.text()->bytes;
    if (a.list() && b.list() && a.list()->kind == b.list()->kind) {
        const auto &x = a.list()->items, &y = b.list()->items;
        for (size_t i = 0; i < std::min(x.size(), y.size()); ++i)
            if (!equal(x[i], y[i])) return less(x[i], y[i]);
        return x.size() < y.size();
    }
    return std::nullopt;
}

std::string real_text(double value) {
    if (std::isnan(value)) return "nan";
    if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
    std::array<char, 64> buffer{};
    const double size = std::fabs(value);
    const bool plain = size == 0 || (size >= 1e-4 && size < 1e16);
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                   plain ? std::chars_format::fixed : std::chars_format::scientific)
                         .ptr;
    std::string out(buffer.data(), end);
    if (plain && out.find('.') == std::string::npos) out += ".0";
    return out;
}

Text to_text(const Value& value) {
    if (const Text* text = value.text()) return *text;
    if (value.is_undefined()) return {};
    return to_repr(value);
}

Text to_repr(const Value& value) {
    Text out;
    write_repr(value, out);
    return out;
}

Result<Text> to_json(const Value& value, const JsonStyle& style) {
    JsonWriter writer(style);
    CODA_CHECK(writer.write(value, 0));
    return writer.take();
}

int64_t count_characters(const Text& text) {
    return std::count_if(text.bytes.begin(), text.bytes.end(),
                         [](char c) { return !continues_character(c); });
}

size_t byte_of_character(const Text& text, int64_t index) {
    size_t at = 0;
    // A text that starts inside a character counts from its first whole one.
    while (at < text.size() && continues_character(text.bytes[at])) ++at;
    if (index <= 0) return index == 0 ? 0 : at;
    for (; at < text.size(); ++at)
        if (!continues_character(text.bytes[at]) && index-- == 0) return at;
    return text.size();
}

}  // namespace coda::models::llm::jinja
