// Methods of Python's strings, dictionaries and lists, and the functions of the environment. Those that would
// change a value are not there, as transformers' sandbox has it.
#include "models/llm/jinja/functions.h"
#include "models/llm/unicode.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>

#include <fmt/format.h>
#include <utf8proc.h>

namespace coda::models::llm::jinja {
namespace {

constexpr int64_t kMaxRange = 100'000;  // Jinja's own sandbox has the same

tl::unexpected<Error> wrong(std::string what) {
    return fail(ErrorCode::invalid_argument, std::move(what));
}

bool is_ascii_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r') || (c >= '\x1c' && c <= '\x1f');
}

Result<Text> text_argument(const Arguments& arguments, size_t position, std::string_view name) {
    const Value* value = arguments.at(position, name);
    if (!value || !value->text()) return wrong(fmt::format("argument {} must be a string", position + 1));
    return *value->text();
}

// ---- strings

Result<Value> split(Environment& environment, const Text& text, const Arguments& arguments, bool from_right) {
    const Value* separator = arguments.at(0, "sep");
    int64_t most = arguments.integer(1, "maxsplit", -1);
    std::vector<Value> parts;
    const auto add = [&](size_t begin, size_t end) {
        parts.push_back(Value::text(text.part(begin, end - begin)));
    };
    if (separator && separator->text()) {
        const std::string& mark = separator->text()->bytes;
        if (mark.empty()) return wrong("the separator is empty");
        std::vector<size_t> found;
        if (!from_right) {
            for (size_t at = text.bytes.find(mark); at != std::string::npos && most-- != 0;
                 at = text.bytes.find(mark, at + mark.size()))
                found.push_back(at);
        } else {
            for (size_t end = text.size(); end >= mark.size() && most-- != 0;) {
                const size_t at = text.bytes.rfind(mark, end - mark.size());
                if (at == std::string::npos) break;
                found.insert(found.begin(), at);
                end = at;
            }
        }
        CODA_CHECK(environment.budget.spend(text.size() + 64 * found.size()));
        size_t begin = 0;
        for (const size_t at : found) {
            add(begin, at);
            begin = at + mark.size();
        }
        add(begin, text.size());
        return Value::list(std::move(parts));
    }
    if (from_right) return wrong("rsplit needs a separator");
    CODA_CHECK(environment.budget.spend(64 * text.size()));
    size_t at = 0;
    while (true) {
        while (at < text.size() && is_ascii_space(text.bytes[at])) ++at;
        if (at == text.size()) break;
        size_t end = at;
        if (most-- == 0) {
            end = text.size();
            while (end > at && is_ascii_space(text.bytes[end - 1])) --end;
            add(at, end);
            break;
        }
        while (end < text.size() && !is_ascii_space(text.bytes[end])) ++end;
        add(at, end);
        at = end;
    }
    return Value::list(std::move(parts));
}

Value split_lines(const Text& text, bool keep_ends) {
    std::vector<Value> lines;
    for (size_t begin = 0; begin < text.size();) {
        size_t end = text.bytes.find_first_of("\n\r", begin);
        size_t next = end;
        if (end == std::string::npos)
            end = next = text.size();
        else
            next = end + (text.bytes.compare(end, 2, "\r\n") == 0 ? 2 : 1);
        lines.push_back(Value::text(text.part(begin, (keep_ends ? next : end) - begin)));
        begin = next;
    }
    return Value::list(std::move(lines));
}

bool all_of_class(const Text& text, const std::function<bool(char32_t)>& is) {
    const std::vector<char32_t> characters = decode_utf8(text.bytes);
    return !characters.empty() && std::all_of(characters.begin(), characters.end(), is);
}

// startswith and endswith take one string or a tuple of them.
Result<bool> has_affix(const Text& text, const Arguments& arguments, bool at_start) {
    const Value* wanted = arguments.at(0, "");
    if (!wanted) return wrong("startswith and endswith need a string");
    std::vector<Value> options{*wanted};
    if (const List* list = wanted->list()) options = list->items;
    bool found = false;
    for (const Value& option : options) {
        if (!option.text()) return wrong("startswith and endswith need a string");
        const std::string& affix = option.text()->bytes;
        found = found || (at_start ? text.bytes.starts_with(affix) : text.bytes.ends_with(affix));
    }
    return found;
}

Result<Value> position(const Text& text, const Arguments& arguments, bool from_right, bool must) {
    CODA_TRY(const Text needle, text_argument(arguments, 0, "sub"));
    const size_t at = from_right ? text.bytes.rfind(needle.bytes) : text.bytes.find(needle.bytes);
    if (at == std::string::npos) {
        if (must) return wrong("substring not found");
        return Value::integer(-1);
    }
    return Value::integer(count_characters(text.part(0, at)));
}

// str.title() and str.capitalize(): the first character of each word, or of the text, in upper case.
Text capitalised(const Text& text, bool each_word) {
    Text out;
    bool upper = true;
    for (size_t begin = 0; begin < text.size();) {
        const auto origin = static_cast<Origin>(text.origins[begin]);
        size_t end = begin + 1;
        while (end < text.size() && (static_cast<unsigned char>(text.bytes[end]) & 0xC0) == 0x80) ++end;
        const Text character = text.part(begin, end - begin);
        out.append(with_case(Text(character.bytes, origin), upper));
        const std::vector<char32_t> points = decode_utf8(character.bytes);
        upper = each_word && !(points.size() == 1 && is_letter(points[0]));
        begin = end;
    }
    return out;
}

Result<Value> joined(Environment& environment, const Text& separator, const Arguments& arguments) {
    const Value* list = arguments.at(0, "");
    if (!list) return wrong("join needs a list");
    CODA_TRY(const std::vector<Value> items, items_of(*list));
    Text out;
    for (size_t i = 0; i < items.size(); ++i) {
        if (!items[i].text()) return wrong("join needs a list of strings");
        if (i > 0) out.append(separator);
        out.append(*items[i].text());
        CODA_CHECK(environment.budget.spend(items[i].text()->size() + separator.size()));
        if (out.size() > environment.budget.max_bytes())
            return fail(ErrorCode::exhausted, "a text grows too long");
    }
    return Value::text(std::move(out));
}

// str.format with plain fields: {}, {0}, {name}.
Result<Value> formatted(Environment& environment, const Text& text, const Arguments& arguments) {
    Text out;
    size_t next = 0;
    for (size_t at = 0; at < text.size(); ++at) {
        const char c = text.bytes[at];
        if (c != '{' && c != '}') {
            out.append(text.part(at, 1));
            continue;
        }
        if (at + 1 < text.size() && text.bytes[at + 1] == c) {
            out.append(text.part(at++, 1));
            continue;
        }
        const size_t close = text.bytes.find('}', at);
        if (c == '}' || close == std::string::npos) return wrong("a brace stands alone in the format");
        const std::string field = text.bytes.substr(at + 1, close - at - 1);
        const bool number =
            !field.empty() && field.size() < 4 &&
            std::all_of(field.begin(), field.end(), [](char d) { return d >= '0' && d <= '9'; });
        const Value* value = field.empty() ? arguments.at(next++, "")
                             : number      ? arguments.at(std::stoul(field), "")
                                           : arguments.at(SIZE_MAX, field);
        if (!value) return wrong("a field of the format has no value (only {}, {0} and {name} are known)");
        out.append(to_text(*value));
        CODA_CHECK(environment.budget.spend(out.size() / 16));
        if (out.size() > environment.budget.max_bytes())
            return fail(ErrorCode::exhausted, "a text grows too long");
        at = close;
    }
    return Value::text(std::move(out));
}

using TextMethod = Result<Value> (*)(Environment&, const Text&, const Arguments&);

Result<Value> strip_method(const Text& text, const Arguments& arguments, bool left, bool right) {
    const Value* set = arguments.at(0, "chars");
    return Value::text(stripped(text, set ? set->text() : nullptr, left, right));
}

const std::map<std::string_view, TextMethod>& text_methods() {
    using E = Environment;
    using A = Arguments;
    static const std::map<std::string_view, TextMethod> methods = {
        {"strip", [](E&, const Text& t, const A& a) { return strip_method(t, a, true, true); }},
        {"lstrip", [](E&, const Text& t, const A& a) { return strip_method(t, a, true, false); }},
        {"rstrip", [](E&, const Text& t, const A& a) { return strip_method(t, a, false, true); }},
        {"split", [](E& e, const Text& t, const A& a) { return split(e, t, a, false); }},
        {"rsplit", [](E& e, const Text& t, const A& a) { return split(e, t, a, true); }},
        {"splitlines",
         [](E& e, const Text& t, const A& a) -> Result<Value> {
             CODA_CHECK(e.budget.spend(64 * t.size()));
             return split_lines(t, a.flag(0, "keepends", false));
         }},
        {"startswith",
         [](E&, const Text& t, const A& a) -> Result<Value> {
             CODA_TRY(const bool found, has_affix(t, a, true));
             return Value::boolean(found);
         }},
        {"endswith",
         [](E&, const Text& t, const A& a) -> Result<Value> {
             CODA_TRY(const bool found, has_affix(t, a, false));
             return Value::boolean(found);
         }},
        {"upper",
         [](E&, const Text& t, const A&) -> Result<Value> { return Value::text(with_case(t, true)); }},
        {"lower",
         [](E&, const Text& t, const A&) -> Result<Value> { return Value::text(with_case(t, false)); }},
        {"title",
         [](E&, const Text& t, const A&) -> Result<Value> { return Value::text(capitalised(t, true)); }},
        {"capitalize",
         [](E&, const Text& t, const A&) -> Result<Value> { return Value::text(capitalised(t, false)); }},
        {"find", [](E&, const Text& t, const A& a) { return position(t, a, false, false); }},
        {"rfind", [](E&, const Text& t, const A& a) { return position(t, a, true, false); }},
        {"index", [](E&, const Text& t, const A& a) { return position(t, a, false, true); }},
        {"replace",
         [](E& e, const Text& t, const A& a) { return apply_filter(e, "replace", Value::text(t), a); }},
        {"join", joined},
        {"format", formatted},
        {"count",
         [](E& e, const Text& t, const A& a) -> Result<Value> {
             CODA_TRY(const Text needle, text_argument(a, 0, "sub"));
             CODA_CHECK(e.budget.spend(t.size()));
             if (needle.size() == 0) return Value::integer(count_characters(t) + 1);
             int64_t count = 0;
             for (size_t at = t.bytes.find(needle.bytes); at != std::string::npos;
                  at = t.bytes.find(needle.bytes, at + needle.size()))
                 ++count;
             return Value::integer(count);
         }},
        {"removeprefix",
         [](E&, const Text& t, const A& a) -> Result<Value> {
             CODA_TRY(const Text part, text_argument(a, 0, "prefix"));
             return Value::text(t.bytes.starts_with(part.bytes) ? t.part(part.size(), t.size()) : t);
         }},
        {"removesuffix",
         [](E&, const Text& t, const A& a) -> Result<Value> {
             CODA_TRY(const Text part, text_argument(a, 0, "suffix"));
             return Value::text(t.bytes.ends_with(part.bytes) ? t.part(0, t.size() - part.size()) : t);
         }},
        {"isdigit",
         [](E&, const Text& t, const A&) -> Result<Value> {
             return Value::boolean(all_of_class(t, [](char32_t c) { return is_number(c); }));
         }},
        {"isalpha",
         [](E&, const Text& t, const A&) -> Result<Value> {
             return Value::boolean(all_of_class(t, [](char32_t c) { return is_letter(c); }));
         }},
        {"isalnum",
         [](E&, const Text& t, const A&) -> Result<Value> {
             return Value::boolean(all_of_class(t, [](char32_t c) { return is_letter(c) || is_number(c); }));
         }},
        {"isspace",
         [](E&, const Text& t, const A&) -> Result<Value> {
             return Value::boolean(all_of_class(t, [](char32_t c) { return is_whitespace(c); }));
         }},
        {"islower",
         [](E&, const Text& t, const A&) -> Result<Value> {
             return Value::boolean(with_case(t, false).bytes == t.bytes &&
                                   with_case(t, true).bytes != t.bytes);
         }},
        {"isupper",
         [](E&, const Text& t, const A&) -> Result<Value> {
             return Value::boolean(with_case(t, true).bytes == t.bytes &&
                                   with_case(t, false).bytes != t.bytes);
         }},
    };
    return methods;
}

// ---- dictionaries and lists

constexpr std::array<std::string_view, 5> kDictMethods = {"items", "keys", "values", "get", "copy"};
constexpr std::array<std::string_view, 3> kListMethods = {"index", "count", "copy"};

template <size_t n>
bool contains(const std::array<std::string_view, n>& list, std::string_view word) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

Result<Value> dict_method(const Dict& dict, const Value& self, std::string_view name,
                          const Arguments& arguments) {
    if (name == "items") return Value::list(pairs_of(dict));
    if (name == "copy") return self;
    if (name == "get") {
        const Value* key = arguments.at(0, "key");
        if (!key) return wrong("get needs a key");
        const Value* found = dict.find(*key);
        const Value* otherwise = arguments.at(1, "default");
        return found ? *found : otherwise ? *otherwise : Value::none();
    }
    std::vector<Value> out;
    for (const auto& [key, value] : dict.items) out.push_back(name == "keys" ? key : value);
    return Value::list(std::move(out));
}

Result<Value> list_method(const List& list, const Value& self, std::string_view name,
                          const Arguments& arguments) {
    if (name == "copy") return self;
    const Value* wanted = arguments.at(0, "");
    if (!wanted) return wrong(fmt::format("{} needs a value", name));
    const auto is_wanted = [&](const Value& item) { return equal(item, *wanted); };
    if (name == "count")
        return Value::integer(std::count_if(list.items.begin(), list.items.end(), is_wanted));
    const auto found = std::find_if(list.items.begin(), list.items.end(), is_wanted);
    if (found == list.items.end()) return wrong("the value is not in the list");
    return Value::integer(found - list.items.begin());
}

// ---- functions

Result<Value> range(Environment& environment, const Arguments& arguments) {
    std::array<int64_t, 3> bounds = {0, 0, 1};
    const size_t count = arguments.positional.size();
    if (count < 1 || count > 3) return wrong("range takes one to three numbers");
    for (size_t i = 0; i < count; ++i) {
        const auto number = arguments.positional[i].as_integer();
        if (!number || std::abs(*number) > INT32_MAX) return wrong("range takes integers");
        bounds[count == 1 ? 1 : i] = *number;
    }
    const auto [start, stop, step] = bounds;
    if (step == 0) return wrong("the step of a range is 0");
    const int64_t length = std::max<int64_t>(0, (stop - start + step - (step > 0 ? 1 : -1)) / step);
    if (length > kMaxRange)
        return fail(ErrorCode::exhausted, fmt::format("a range of more than {}", kMaxRange));
    CODA_CHECK(environment.budget.spend(64 * static_cast<size_t>(length)));
    std::vector<Value> out;
    for (int64_t i = 0; i < length; ++i) out.push_back(Value::integer(start + i * step));
    return Value::list(std::move(out));
}

Result<Value> formatted_time(Environment& environment, const Arguments& arguments) {
    CODA_TRY(const Text format, text_argument(arguments, 0, "format"));
    if (format.size() > 256) return wrong("the time's format is too long");
    std::array<char, 2048> buffer{};
    const size_t length = std::strftime(buffer.data(), buffer.size(), format.bytes.c_str(), &environment.now);
    return Value::text(std::string_view(buffer.data(), length));
}

Result<Value> make_dict(const Arguments& arguments) {
    std::vector<std::pair<Value, Value>> items;
    if (!arguments.positional.empty()) {
        const Dict* from = arguments.positional[0].dict();
        if (!from) return wrong("dict takes a dictionary or names");
        items = from->items;
    }
    for (const auto& [name, value] : arguments.named) {
        const auto known = std::find_if(items.begin(), items.end(), [&, &key = name](const auto& item) {
            return item.first.text() && item.first.text()->bytes == key;
        });
        if (known != items.end())
            known->second = value;
        else
            items.emplace_back(Value::text(name), value);
    }
    return Value::dict(std::move(items));
}

constexpr std::array<std::string_view, 5> kFunctions = {"range", "dict", "namespace", "raise_exception",
                                                        "strftime_now"};

}  // namespace

Text with_case(const Text& text, bool upper) {
    Text out;
    for (size_t begin = 0; begin < text.size();) {
        const auto origin = static_cast<Origin>(text.origins[begin]);
        const auto first = static_cast<unsigned char>(text.bytes[begin]);
        if (first < 0x80) {
            const char c = static_cast<char>(upper ? std::toupper(first) : std::tolower(first));
            out.append(std::string_view(&c, 1), origin);
            ++begin;
            continue;
        }
        utf8proc_int32_t point = 0;
        const auto length =
            utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.bytes.data()) + begin,
                             static_cast<utf8proc_ssize_t>(text.size() - begin), &point);
        const size_t size = length > 0 ? static_cast<size_t>(length) : 1;
        std::string changed = text.bytes.substr(begin, size);
        if (length > 0) {
            changed.clear();
            append_utf8(changed,
                        static_cast<char32_t>(upper ? utf8proc_toupper(point) : utf8proc_tolower(point)));
        }
        out.append(changed, origin);
        begin += size;
    }
    return out;
}

Text stripped(const Text& text, const Text* set, bool left, bool right) {
    const std::vector<char32_t> members = set ? decode_utf8(set->bytes) : std::vector<char32_t>();
    const auto goes = [&](std::string_view character) {
        const std::vector<char32_t> points = decode_utf8(character);
        if (points.size() != 1) return false;
        if (set) return std::find(members.begin(), members.end(), points[0]) != members.end();
        return is_whitespace(points[0]) || (points[0] >= 0x1C && points[0] <= 0x1F);
    };
    const auto continues = [&](size_t at) {
        return (static_cast<unsigned char>(text.bytes[at]) & 0xC0) == 0x80;
    };
    size_t begin = 0, end = text.size();
    while (left && begin < end) {
        size_t next = begin + 1;
        while (next < end && continues(next)) ++next;
        if (!goes(std::string_view(text.bytes).substr(begin, next - begin))) break;
        begin = next;
    }
    while (right && begin < end) {
        size_t before = end - 1;
        while (before > begin && continues(before)) --before;
        if (!goes(std::string_view(text.bytes).substr(before, end - before))) break;
        end = before;
    }
    return text.part(begin, end - begin);
}

Status Budget::spend(size_t bytes) {
    steps_ -= 1 + static_cast<int64_t>(bytes / 64);
    if (steps_ >= 0) return {};
    return fail(ErrorCode::exhausted, "the template takes too many steps");
}

const Value* Arguments::at(size_t position, std::string_view name) const {
    if (position < positional.size()) return &positional[position];
    for (const auto& [given, value] : named)
        if (given == name) return &value;
    return nullptr;
}

int64_t Arguments::integer(size_t position, std::string_view name, int64_t otherwise) const {
    const Value* value = at(position, name);
    return value ? value->as_integer().value_or(otherwise) : otherwise;
}

bool Arguments::flag(size_t position, std::string_view name, bool otherwise) const {
    const Value* value = at(position, name);
    return value ? value->truthy() : otherwise;
}

bool has_method(const Value& self, std::string_view name) {
    if (self.text()) return text_methods().count(name) > 0;
    if (self.dict()) return contains(kDictMethods, name);
    return self.list() && contains(kListMethods, name);
}

Result<Value> call_method(Environment& environment, const Value& self, std::string_view name,
                          const Arguments& arguments) {
    CODA_CHECK(environment.budget.spend(0));
    if (const Text* text = self.text()) {
        CODA_CHECK(environment.budget.spend(text->size()));
        return text_methods().at(name)(environment, *text, arguments);
    }
    if (const Dict* dict = self.dict()) {
        CODA_CHECK(environment.budget.spend(64 * dict->items.size()));
        return dict_method(*dict, self, name, arguments);
    }
    CODA_CHECK(environment.budget.spend(64 * self.list()->items.size()));
    return list_method(*self.list(), self, name, arguments);
}

bool is_function(std::string_view name) {
    return contains(kFunctions, name);
}

Result<Value> call_function(Environment& environment, std::string_view name, const Arguments& arguments) {
    if (name == "range") return range(environment, arguments);
    if (name == "dict") return make_dict(arguments);
    if (name == "strftime_now") return formatted_time(environment, arguments);
    if (name == "raise_exception") {
        const Value* said = arguments.at(0, "message");
        return wrong(fmt::format("the template refuses: {}", printable(said ? to_text(*said).bytes : "")));
    }
    auto space = std::make_shared<Namespace>();
    if (const Value* from = arguments.at(0, ""); from && from->dict())
        for (const auto& [key, value] : from->dict()->items)
            if (key.text()) space->values[key.text()->bytes] = value;
    for (const auto& [key, value] : arguments.named) space->values[key] = value;
    return Value::of(std::move(space));
}

}  // namespace coda::models::llm::jinja
