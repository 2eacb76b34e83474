// What values are made of: their items, attributes and members.
#include "models/llm/jinja/functions.h"

#include <algorithm>

#include <fmt/format.h>

namespace coda::models::llm::jinja {
namespace {

bool continues_character(char c) {
    return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

tl::unexpected<Error> undefined(const Value& value) {
    const std::string& name = *value.undefined_name();
    return fail(ErrorCode::invalid_argument, name.empty() ? std::string("an undefined value is used")
                                                          : fmt::format("'{}' is undefined", name));
}

Value loop_field(const Value& value, std::string_view name) {
    const Loop& loop = *value.loop();
    const auto index = static_cast<int64_t>(loop.index), length = static_cast<int64_t>(loop.items.size());
    if (name == "index") return Value::integer(index + 1);
    if (name == "index0") return Value::integer(index);
    if (name == "revindex") return Value::integer(length - index);
    if (name == "revindex0") return Value::integer(length - index - 1);
    if (name == "first") return Value::boolean(index == 0);
    if (name == "last") return Value::boolean(index + 1 == length);
    if (name == "length") return Value::integer(length);
    if (name == "depth") return Value::integer(loop.depth);
    if (name == "depth0") return Value::integer(loop.depth - 1);
    if (name == "previtem" && index > 0) return loop.items[loop.index - 1];
    if (name == "nextitem" && index + 1 < length) return loop.items[loop.index + 1];
    if (name == "cycle" || name == "changed") {
        Callable callable;
        callable.kind = Callable::Kind::loop_method;
        callable.name = name;
        callable.loop = value.shared_loop();
        return Value::of(std::move(callable));
    }
    return Value::undefined(std::string(name));
}

std::optional<Value> indexed(const Value& value, int64_t index) {
    if (const List* list = value.list()) {
        const auto size = static_cast<int64_t>(list->items.size());
        if (index < 0) index += size;
        if (index < 0 || index >= size) return std::nullopt;
        return list->items[static_cast<size_t>(index)];
    }
    if (const Text* text = value.text()) {
        const int64_t size = count_characters(*text);
        if (index < 0) index += size;
        if (index < 0 || index >= size) return std::nullopt;
        const size_t begin = byte_of_character(*text, index), end = byte_of_character(*text, index + 1);
        return Value::text(text->part(begin, end - begin));
    }
    return std::nullopt;
}

}  // namespace

Result<std::vector<Value>> items_of(const Value& value) {
    if (const List* list = value.list()) return list->items;
    std::vector<Value> out;
    if (const Dict* dict = value.dict()) {
        for (const auto& item : dict->items) out.push_back(item.first);
        return out;
    }
    if (const Text* text = value.text()) {
        for (size_t begin = 0; begin < text->size();) {
            size_t end = begin + 1;
            while (end < text->size() && continues_character(text->bytes[end])) ++end;
            out.push_back(Value::text(text->part(begin, end - begin)));
            begin = end;
        }
        return out;
    }
    if (value.is_undefined()) return out;
    return fail(ErrorCode::invalid_argument, fmt::format("{} cannot be looped over", value.type_name()));
}

Result<Value> attribute_of(const Value& value, std::string_view name) {
    if (value.is_undefined()) return undefined(value);
    if (value.loop()) return loop_field(value, name);
    if (const Namespace* space = value.space()) {
        const auto found = space->values.find(std::string(name));
        return found == space->values.end() ? Value::undefined(std::string(name)) : found->second;
    }
    if (has_method(value, name)) {
        Callable callable;
        callable.kind = Callable::Kind::method;
        callable.name = name;
        callable.self = std::make_shared<Value>(value);
        return Value::of(std::move(callable));
    }
    if (const Dict* dict = value.dict())
        if (const Value* found = dict->find(name)) return *found;
    if (const Callable* callable = value.callable(); callable && name == "name")
        return Value::text(callable->name);
    return Value::undefined(std::string(name));
}

Result<Value> item_of(const Value& value, const Value& key) {
    if (value.is_undefined()) return undefined(value);
    if (const Dict* dict = value.dict())
        if (const Value* found = dict->find(key)) return *found;
    if (const auto index = key.as_integer(); index && (value.list() || value.text()))
        if (auto found = indexed(value, *index)) return std::move(*found);
    if (const Text* name = key.text()) return attribute_of(value, name->bytes);
    return Value::undefined(to_text(key).bytes);
}

Result<bool> contained(const Value& needle, const Value& haystack) {
    if (const Text* text = haystack.text()) {
        if (!needle.text())
            return fail(ErrorCode::invalid_argument,
                        fmt::format("{} cannot be looked for in a string", needle.type_name()));
        return text->bytes.find(needle.text()->bytes) != std::string::npos;
    }
    if (const Dict* dict = haystack.dict()) return dict->find(needle) != nullptr;
    CODA_TRY(const std::vector<Value> items, items_of(haystack));
    return std::any_of(items.begin(), items.end(), [&](const Value& item) { return equal(item, needle); });
}

std::vector<Value> pairs_of(const Dict& dict) {
    std::vector<Value> out;
    for (const auto& [key, value] : dict.items) out.push_back(Value::list({key, value}, List::Kind::tuple));
    return out;
}

}  // namespace coda::models::llm::jinja
