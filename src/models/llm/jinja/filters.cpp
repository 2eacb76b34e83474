// The filters of Jinja that chat templates use.
#include "models/llm/jinja/functions.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include <fmt/format.h>

namespace coda::models::llm::jinja {
namespace {

using Env = Environment;
using Args = Arguments;

tl::unexpected<Error> wrong(std::string what) {
    return fail(ErrorCode::invalid_argument, std::move(what));
}

Result<Value> length(Env&, const Value& subject, const Args&) {
    if (subject.text()) return Value::integer(count_characters(*subject.text()));
    if (subject.dict()) return Value::integer(static_cast<int64_t>(subject.dict()->items.size()));
    if (subject.list() && subject.list()->kind != List::Kind::generator)
        return Value::integer(static_cast<int64_t>(subject.list()->items.size()));
    if (subject.is_undefined()) return Value::integer(0);
    return wrong(fmt::format("{} has no length", subject.type_name()));
}

Result<Value> or_default(Env&, const Value& subject, const Args& arguments) {
    const bool absent = subject.is_undefined() || (arguments.flag(1, "boolean", false) && !subject.truthy());
    if (!absent) return subject;
    const Value* otherwise = arguments.at(0, "default_value");
    return otherwise ? *otherwise : Value::text("");
}

Result<Value> trim(Env&, const Value& subject, const Args& arguments) {
    const Value* set = arguments.at(0, "chars");
    return Value::text(stripped(to_text(subject), set ? set->text() : nullptr, true, true));
}

Result<Value> replace(Env& environment, const Value& subject, const Args& arguments) {
    const Value *from = arguments.at(0, "old"), *to = arguments.at(1, "new");
    if (!from || !to) return wrong("replace needs what to replace and by what");
    const Text text = to_text(subject), old = to_text(*from), by = to_text(*to);
    int64_t most = arguments.integer(2, "count", -1);
    Text out;
    size_t at = 0;
    while (most != 0) {
        const size_t found = text.bytes.find(old.bytes, at);
        if (found == std::string::npos) break;
        // An empty string is found between all characters.
        const size_t next = old.size() > 0 ? found + old.size() : std::min(found + 1, text.size());
        out.append(text.part(at, found - at));
        out.append(by);
        if (old.size() == 0) {
            if (found == text.size()) return Value::text(std::move(out));
            out.append(text.part(found, next - found));
        }
        CODA_CHECK(environment.budget.spend(by.size()));
        if (out.size() > environment.budget.max_bytes())
            return fail(ErrorCode::exhausted, "a text grows too long");
        at = next;
        --most;
    }
    out.append(text.part(std::min(at, text.size()), text.size()));
    return Value::text(std::move(out));
}

// attribute="a.b": the value that is looked at; `otherwise` stands in for what is not there on the way.
Result<Value> looked_at(const Value& item, const Value* attribute, const Value* otherwise = nullptr) {
    if (!attribute) return item;
    if (!attribute->text()) return item_of(item, *attribute);
    Value value = item;
    std::string_view path = attribute->text()->bytes;
    while (true) {
        const size_t dot = path.find('.');
        const std::string_view step = path.substr(0, dot);
        int64_t index = 0;
        const bool number =
            !step.empty() &&
            std::from_chars(step.data(), step.data() + step.size(), index).ptr == step.data() + step.size();
        CODA_TRY(value, item_of(value, number ? Value::integer(index) : Value::text(step)));
        if (otherwise && value.is_undefined()) value = *otherwise;
        if (dot == std::string_view::npos) return value;
        path.remove_prefix(dot + 1);
    }
}

Result<Value> join(Env& environment, const Value& subject, const Args& arguments) {
    CODA_TRY(const std::vector<Value> items, items_of(subject));
    const Value* mark = arguments.at(0, "d");
    const Text separator = mark ? to_text(*mark) : Text();
    Text out;
    for (size_t i = 0; i < items.size(); ++i) {
        CODA_TRY(const Value item, looked_at(items[i], arguments.at(1, "attribute")));
        if (i > 0) out.append(separator);
        const Text text = to_text(item);
        out.append(text);
        CODA_CHECK(environment.budget.spend(text.size() + separator.size()));
        if (out.size() > environment.budget.max_bytes())
            return fail(ErrorCode::exhausted, "a text grows too long");
    }
    return Value::text(std::move(out));
}

Result<Value> end_item(const Value& subject, bool first) {
    CODA_TRY(const std::vector<Value> items, items_of(subject));
    if (items.empty()) return Value::undefined(first ? "the first item" : "the last item");
    return first ? items.front() : items.back();
}

Args without_first(const Args& arguments) {
    Args rest = arguments;
    if (!rest.positional.empty()) rest.positional.erase(rest.positional.begin());
    return rest;
}

Result<Value> map(Env& environment, const Value& subject, const Args& arguments) {
    if (!subject.truthy()) return Value::list({}, List::Kind::generator);  // None too, as in Jinja
    CODA_TRY(const std::vector<Value> items, items_of(subject));
    std::vector<Value> out;
    const Value* attribute = arguments.positional.empty() ? arguments.at(0, "attribute") : nullptr;
    const Value* name = arguments.positional.empty() ? nullptr : &arguments.positional.front();
    if (!attribute && (!name || !name->text() || !is_filter(name->text()->bytes)))
        return wrong("map needs an attribute or the name of a filter");
    const Args rest = without_first(arguments);
    for (const Value& item : items) {
        CODA_CHECK(environment.budget.spend(0));
        if (attribute) {
            CODA_TRY(Value value, looked_at(item, attribute, arguments.at(SIZE_MAX, "default")));
            out.push_back(std::move(value));
        } else {
            CODA_TRY(Value value, apply_filter(environment, name->text()->bytes, item, rest));
            out.push_back(std::move(value));
        }
    }
    return Value::list(std::move(out), List::Kind::generator);
}

// select, reject (`by_attribute` false), selectattr, rejectattr.
Result<Value> choose(Env& environment, const Value& subject, const Args& arguments, bool by_attribute,
                     bool wanted) {
    if (!subject.truthy()) return Value::list({}, List::Kind::generator);
    CODA_TRY(const std::vector<Value> items, items_of(subject));
    const Value* attribute = by_attribute ? arguments.at(0, "attribute") : nullptr;
    if (by_attribute && !attribute) return wrong("an attribute is missing");
    Args rest = by_attribute ? without_first(arguments) : arguments;
    std::string test;
    if (!rest.positional.empty()) {
        if (!rest.positional.front().text() || !is_test(rest.positional.front().text()->bytes))
            return wrong("there is no such test");
        test = rest.positional.front().text()->bytes;
        rest = without_first(rest);
    }
    std::vector<Value> out;
    for (const Value& item : items) {
        CODA_CHECK(environment.budget.spend(0));
        CODA_TRY(const Value value, looked_at(item, attribute));
        bool holds = value.truthy();
        if (!test.empty()) {
            CODA_TRY(holds, apply_test(test, value, rest));
        }
        if (holds == wanted) out.push_back(item);
    }
    return Value::list(std::move(out), List::Kind::generator);
}

Result<Value> as_integer(Env&, const Value& subject, const Args& arguments) {
    const Value otherwise = Value::integer(arguments.integer(0, "default", 0));
    if (const auto number = subject.as_integer()) return Value::integer(*number);
    if (subject.is_real()) {
        const double number = subject.as_real();
        return std::fabs(number) < 9e18 ? Value::integer(static_cast<int64_t>(number)) : otherwise;
    }
    if (!subject.text()) return otherwise;
    const std::string text = stripped(*subject.text(), nullptr, true, true).bytes;
    int64_t number = 0;
    const char *begin = text.data() + (text.starts_with('+') ? 1 : 0), *end = text.data() + text.size();
    const auto base = static_cast<int>(std::clamp<int64_t>(arguments.integer(1, "base", 10), 2, 36));
    const auto read = std::from_chars(begin, end, number, base);
    if (read.ec == std::errc() && read.ptr == end) return Value::integer(number);
    double real = 0;
    const auto read_real = std::from_chars(begin, end, real);
    if (read_real.ec == std::errc() && read_real.ptr == end && std::fabs(real) < 9e18)
        return Value::integer(static_cast<int64_t>(real));
    return otherwise;
}

Result<Value> as_real(Env&, const Value& subject, const Args& arguments) {
    if (subject.is_number()) return Value::real(subject.as_real());
    const Value* otherwise = arguments.at(0, "default");
    double number = otherwise && otherwise->is_number() ? otherwise->as_real() : 0.0;
    if (!subject.text()) return Value::real(number);
    const std::string text = stripped(*subject.text(), nullptr, true, true).bytes;
    double read = 0;
    const char* end = text.data() + text.size();
    const auto result = std::from_chars(text.data() + (text.starts_with('+') ? 1 : 0), end, read);
    if (result.ec == std::errc() && result.ptr == end) number = read;
    return Value::real(number);
}

Result<Value> rounded(Env&, const Value& subject, const Args& arguments) {
    if (!subject.is_number()) return wrong("round needs a number");
    const int64_t digits = std::clamp<int64_t>(arguments.integer(0, "precision", 0), -15, 15);
    const Value* method = arguments.at(1, "method");
    const std::string how = method ? to_text(*method).bytes : "common";
    const double scale = std::pow(10.0, static_cast<double>(digits)), scaled = subject.as_real() * scale;
    const double whole = how == "ceil"    ? std::ceil(scaled)
                         : how == "floor" ? std::floor(scaled)
                                          : std::nearbyint(scaled);
    return Value::real(whole / scale);
}

Result<Value> as_json(Env& environment, const Value& subject, const Args& arguments) {
    JsonStyle style;
    // transformers' own order of parameters: ensure_ascii, indent, separators, sort_keys.
    style.ensure_ascii = arguments.flag(0, "ensure_ascii", false);
    if (const Value* indent = arguments.at(1, "indent"); indent && indent->as_integer()) {
        style.indent = static_cast<int>(std::clamp<int64_t>(*indent->as_integer(), 0, 16));
        style.item_separator = ",";
    }
    if (const Value* separators = arguments.at(2, "separators");
        separators && separators->list() && separators->list()->items.size() == 2) {
        style.item_separator = to_text(separators->list()->items[0]).bytes;
        style.key_separator = to_text(separators->list()->items[1]).bytes;
    }
    style.sort_keys = arguments.flag(3, "sort_keys", false);
    CODA_TRY(Text text, to_json(subject, style));
    CODA_CHECK(environment.budget.spend(text.size()));
    return Value::text(std::move(text));
}

Result<Value> indented(Env& environment, const Value& subject, const Args& arguments) {
    const Value* width = arguments.at(0, "width");
    const Text indent =
        width && width->text()
            ? *width->text()
            : Text(
                  std::string(
                      static_cast<size_t>(std::clamp<int64_t>(arguments.integer(0, "width", 4), 0, 64)), ' '),
                  Origin::source);
    const bool first = arguments.flag(1, "first", false), blank = arguments.flag(2, "blank", false);
    const Text text = to_text(subject);
    Text out;
    for (size_t begin = 0, line = 0; begin <= text.size(); ++line) {
        const size_t end = std::min(text.bytes.find('\n', begin), text.size());
        if (line > 0) out.append("\n", Origin::source);
        if (line == 0 ? first : (blank || end > begin)) out.append(indent);
        out.append(text.part(begin, end - begin));
        CODA_CHECK(environment.budget.spend(indent.size() + end - begin));
        begin = end + 1;
    }
    return Value::text(std::move(out));
}

// Sorting by `attribute`; strings without regard to case unless asked for.
struct Keyed {
    Value key, item;
};
Result<std::vector<Keyed>> keyed(const Value& subject, const Value* attribute, bool case_sensitive) {
    CODA_TRY(const std::vector<Value> items, items_of(subject));
    std::vector<Keyed> out;
    for (const Value& item : items) {
        CODA_TRY(Value key, looked_at(item, attribute));
        if (key.text() && !case_sensitive) key = Value::text(with_case(*key.text(), false));
        out.push_back({std::move(key), item});
    }
    for (size_t i = 1; i < out.size(); ++i)
        if (!less(out[0].key, out[i].key))
            return wrong(
                fmt::format("{} and {} cannot be compared", out[0].key.type_name(), out[i].key.type_name()));
    return out;
}
bool by_key(const Keyed& a, const Keyed& b) {
    return less(a.key, b.key).value_or(false);
}

Result<Value> sorted(Env& environment, const Value& subject, const Args& arguments) {
    CODA_TRY(std::vector<Keyed> items,
             keyed(subject, arguments.at(2, "attribute"), arguments.flag(1, "case_sensitive", false)));
    CODA_CHECK(environment.budget.spend(1024 * items.size()));
    if (arguments.flag(0, "reverse", false))
        std::stable_sort(items.begin(), items.end(),
                         [](const Keyed& a, const Keyed& b) { return by_key(b, a); });
    else
        std::stable_sort(items.begin(), items.end(), by_key);
    std::vector<Value> out;
    for (Keyed& item : items) out.push_back(std::move(item.item));
    return Value::list(std::move(out));
}

Result<Value> extreme(const Value& subject, const Args& arguments, bool largest) {
    CODA_TRY(const std::vector<Keyed> items,
             keyed(subject, arguments.at(1, "attribute"), arguments.flag(0, "case_sensitive", false)));
    if (items.empty()) return Value::undefined("an item of an empty list");
    const auto found = largest ? std::max_element(items.begin(), items.end(), by_key)
                               : std::min_element(items.begin(), items.end(), by_key);
    return found->item;
}

Result<Value> unique(Env& environment, const Value& subject, const Args& arguments) {
    CODA_TRY(const std::vector<Value> items, items_of(subject));
    std::vector<Value> out, seen;
    for (const Value& item : items) {
        CODA_TRY(Value key, looked_at(item, arguments.at(1, "attribute")));
        if (key.text() && !arguments.flag(0, "case_sensitive", false))
            key = Value::text(with_case(*key.text(), false));
        CODA_CHECK(environment.budget.spend(16 * seen.size()));
        if (std::any_of(seen.begin(), seen.end(), [&](const Value& other) { return equal(other, key); }))
            continue;
        seen.push_back(std::move(key));
        out.push_back(item);
    }
    return Value::list(std::move(out), List::Kind::generator);
}

Result<Value> sum(Env&, const Value& subject, const Args& arguments) {
    CODA_TRY(const std::vector<Value> items, items_of(subject));
    const Value* start = arguments.at(1, "start");
    int64_t whole = start ? start->as_integer().value_or(0) : 0;
    double real = start && start->is_real() ? start->as_real() : 0;
    bool is_real = start && start->is_real();
    for (const Value& item : items) {
        CODA_TRY(const Value value, looked_at(item, arguments.at(0, "attribute")));
        if (!value.is_number()) return wrong(fmt::format("{} cannot be summed", value.type_name()));
        if (const auto number = value.as_integer()) {
            if (__builtin_add_overflow(whole, *number, &whole)) return wrong("the sum is too large");
        } else {
            real += value.as_real();
            is_real = true;
        }
    }
    return is_real ? Value::real(real + static_cast<double>(whole)) : Value::integer(whole);
}

Result<Value> reversed(Env&, const Value& subject, const Args&) {
    CODA_TRY(std::vector<Value> items, items_of(subject));
    std::reverse(items.begin(), items.end());
    if (!subject.text()) return Value::list(std::move(items), List::Kind::generator);
    Text out;
    for (const Value& item : items) out.append(*item.text());
    return Value::text(std::move(out));
}

Result<Value> batch(Env&, const Value& subject, const Args& arguments) {
    CODA_TRY(const std::vector<Value> items, items_of(subject));
    const int64_t size = arguments.integer(0, "linecount", 0);
    if (size < 1) return wrong("batch needs a size");
    std::vector<Value> out;
    const Value* fill = arguments.at(1, "fill_with");
    for (size_t begin = 0; begin < items.size(); begin += static_cast<size_t>(size)) {
        const size_t end = std::min(items.size(), begin + static_cast<size_t>(size));
        std::vector<Value> line(items.begin() + static_cast<std::ptrdiff_t>(begin),
                                items.begin() + static_cast<std::ptrdiff_t>(end));
        if (fill && size > 10'000) return wrong("the size of a batch is too large");
        while (fill && line.size() < static_cast<size_t>(size)) line.push_back(*fill);
        out.push_back(Value::list(std::move(line)));
    }
    return Value::list(std::move(out), List::Kind::generator);
}

Result<Value> sorted_pairs(Env& environment, const Value& subject, const Args& arguments) {
    if (!subject.dict()) return wrong("dictsort needs a dictionary");
    const Value* by = arguments.at(1, "by");
    Args sorting;
    sorting.named = {{"attribute", Value::integer(by && to_text(*by).bytes == "value" ? 1 : 0)},
                     {"case_sensitive", Value::boolean(arguments.flag(0, "case_sensitive", false))},
                     {"reverse", Value::boolean(arguments.flag(2, "reverse", false))}};
    return sorted(environment, Value::list(pairs_of(*subject.dict())), sorting);
}

Result<Value> items(Env&, const Value& subject, const Args&) {
    if (subject.is_undefined()) return Value::list({}, List::Kind::generator);
    if (!subject.dict()) return wrong("items needs a dictionary");
    return Value::list(pairs_of(*subject.dict()), List::Kind::generator);
}

Result<Value> escaped(Env&, const Value& subject, const Args&) {
    const Text text = to_text(subject);
    Text out;
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text.bytes[i];
        const std::string_view entity = c == '&'    ? "&amp;"
                                        : c == '<'  ? "&lt;"
                                        : c == '>'  ? "&gt;"
                                        : c == '"'  ? "&#34;"
                                        : c == '\'' ? "&#39;"
                                                    : std::string_view(&c, 1);
        out.append(entity, static_cast<Origin>(text.origins[i]));
    }
    return Value::text(std::move(out));
}

Result<Value> word_count(Env& environment, const Value& subject, const Args&) {
    CODA_TRY(const Value words, call_method(environment, Value::text(to_text(subject)), "split", {}));
    return Value::integer(static_cast<int64_t>(words.list()->items.size()));
}

Result<Value> absolute(Env&, const Value& subject, const Args&) {
    if (subject.is_real()) return Value::real(std::fabs(subject.as_real()));
    const auto number = subject.as_integer();
    if (!number || *number == INT64_MIN) return wrong("abs needs a number");
    return Value::integer(std::abs(*number));
}

Result<Value> method_of_text(Env& environment, const char* name, const Value& subject) {
    return call_method(environment, Value::text(to_text(subject)), name, {});
}

Result<Value> as_list(Env&, const Value& subject, const Args&) {
    CODA_TRY(std::vector<Value> all, items_of(subject));
    return Value::list(std::move(all));
}

using Filter = Result<Value> (*)(Env&, const Value&, const Args&);

const std::map<std::string_view, Filter>& filters() {
    using V = Value;
    using A = Args;
    static const std::map<std::string_view, Filter> table = {
        {"abs", absolute},
        {"attr",
         [](Env&, const V& v, const A& a) {
             const Value* name = a.at(0, "name");
             return name && name->text() ? attribute_of(v, name->text()->bytes) : Result<V>(V());
         }},
        {"batch", batch},
        {"capitalize", [](Env& e, const V& v, const A&) { return method_of_text(e, "capitalize", v); }},
        {"count", length},
        {"d", or_default},
        {"default", or_default},
        {"dictsort", sorted_pairs},
        {"e", escaped},
        {"escape", escaped},
        {"first", [](Env&, const V& v, const A&) { return end_item(v, true); }},
        {"float", as_real},
        {"indent", indented},
        {"int", as_integer},
        {"items", items},
        {"join", join},
        {"last", [](Env&, const V& v, const A&) { return end_item(v, false); }},
        {"length", length},
        {"list", as_list},
        {"lower", [](Env& e, const V& v, const A&) { return method_of_text(e, "lower", v); }},
        {"map", map},
        {"max", [](Env&, const V& v, const A& a) { return extreme(v, a, true); }},
        {"min", [](Env&, const V& v, const A& a) { return extreme(v, a, false); }},
        {"reject", [](Env& e, const V& v, const A& a) { return choose(e, v, a, false, false); }},
        {"rejectattr", [](Env& e, const V& v, const A& a) { return choose(e, v, a, true, false); }},
        {"replace", replace},
        {"reverse", reversed},
        {"round", rounded},
        {"safe", [](Env&, const V& v, const A&) -> Result<V> { return v; }},
        {"select", [](Env& e, const V& v, const A& a) { return choose(e, v, a, false, true); }},
        {"selectattr", [](Env& e, const V& v, const A& a) { return choose(e, v, a, true, true); }},
        {"sort", sorted},
        {"string", [](Env&, const V& v, const A&) -> Result<V> { return V::text(to_text(v)); }},
        {"sum", sum},
        {"title", [](Env& e, const V& v, const A&) { return method_of_text(e, "title", v); }},
        {"tojson", as_json},
        {"trim", trim},
        {"unique", unique},
        {"upper", [](Env& e, const V& v, const A&) { return method_of_text(e, "upper", v); }},
        {"wordcount", word_count},
    };
    return table;
}

// ---- tests

using Test = bool (*)(const Value& subject, const Value& operand);

bool parity(const Value& subject, int64_t wanted) {
    const auto number = subject.as_integer();
    return number && (*number % 2 != 0) == (wanted == 1);
}

const std::map<std::string_view, Test>& tests() {
    using V = Value;
    static const Test kEqual = [](const V& a, const V& b) { return equal(a, b); };
    static const Test kUnequal = [](const V& a, const V& b) { return !equal(a, b); };
    static const Test kLess = [](const V& a, const V& b) { return less(a, b).value_or(false); };
    static const Test kGreater = [](const V& a, const V& b) { return less(b, a).value_or(false); };
    static const Test kAtMost = [](const V& a, const V& b) { return less(b, a) && !*less(b, a); };
    static const Test kAtLeast = [](const V& a, const V& b) { return less(a, b) && !*less(a, b); };
    static const Test kSequence = [](const V& v, const V&) {
        return v.text() || v.dict() || v.is_undefined() ||
               (v.list() && v.list()->kind != List::Kind::generator);
    };
    static const std::map<std::string_view, Test> table = {
        {"defined", [](const V& v, const V&) { return !v.is_undefined(); }},
        {"undefined", [](const V& v, const V&) { return v.is_undefined(); }},
        {"none", [](const V& v, const V&) { return v.is_none(); }},
        {"true", [](const V& v, const V&) { return v.is_boolean() && v.truthy(); }},
        {"false", [](const V& v, const V&) { return v.is_boolean() && !v.truthy(); }},
        {"boolean", [](const V& v, const V&) { return v.is_boolean(); }},
        {"integer", [](const V& v, const V&) { return v.is_integer(); }},
        {"float", [](const V& v, const V&) { return v.is_real(); }},
        {"number", [](const V& v, const V&) { return v.is_number(); }},
        {"string", [](const V& v, const V&) { return v.text() != nullptr; }},
        {"mapping", [](const V& v, const V&) { return v.dict() != nullptr; }},
        {"sequence", kSequence},
        {"iterable",
         [](const V& v, const V&) { return v.text() || v.dict() || v.list() || v.is_undefined(); }},
        {"callable", [](const V& v, const V&) { return v.callable() != nullptr; }},
        {"filter", [](const V& v, const V&) { return v.text() && is_filter(v.text()->bytes); }},
        {"test", [](const V& v, const V&) { return v.text() && is_test(v.text()->bytes); }},
        {"lower", [](const V& v,
                     const V&) { return v.text() && with_case(*v.text(), false).bytes == v.text()->bytes; }},
        {"upper", [](const V& v,
                     const V&) { return v.text() && with_case(*v.text(), true).bytes == v.text()->bytes; }},
        {"odd", [](const V& v, const V&) { return parity(v, 1); }},
        {"even", [](const V& v, const V&) { return parity(v, 0); }},
        {"divisibleby",
         [](const V& v, const V& by) {
             const auto number = v.as_integer(), divisor = by.as_integer();
             return number && divisor && *divisor != 0 && *divisor != -1 && *number % *divisor == 0;
         }},
        {"in", [](const V& v, const V& all) { return contained(v, all).value_or(false); }},
        {"sameas", [](const V& a, const V& b) { return a.is_boolean() == b.is_boolean() && equal(a, b); }},
        {"eq", kEqual},
        {"equalto", kEqual},
        {"==", kEqual},
        {"ne", kUnequal},
        {"!=", kUnequal},
        {"lt", kLess},
        {"lessthan", kLess},
        {"<", kLess},
        {"gt", kGreater},
        {"greaterthan", kGreater},
        {">", kGreater},
        {"le", kAtMost},
        {"<=", kAtMost},
        {"ge", kAtLeast},
        {">=", kAtLeast},
    };
    return table;
}

}  // namespace

bool is_filter(std::string_view name) {
    return filters().count(name) > 0;
}

Result<Value> apply_filter(Environment& environment, std::string_view name, const Value& subject,
                           const Arguments& arguments) {
    const auto found = filters().find(name);
    if (found == filters().end())
        return fail(ErrorCode::unsupported, fmt::format("there is no filter \"{}\"", name.substr(0, 40)));
    CODA_CHECK(environment.budget.spend(subject.text() ? subject.text()->size() : 0));
    return found->second(environment, subject, arguments);
}

bool is_test(std::string_view name) {
    return tests().count(name) > 0;
}

Result<bool> apply_test(std::string_view name, const Value& subject, const Arguments& arguments) {
    const auto found = tests().find(name);
    if (found == tests().end())
        return fail(ErrorCode::unsupported, fmt::format("there is no test \"{}\"", name.substr(0, 40)));
    const Value* operand = arguments.at(0, "");
    return found->second(subject, operand ? *operand : Value());
}

}  // namespace coda::models::llm::jinja
