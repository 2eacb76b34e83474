#include "models/llm/grammar/json_schema.h"

#include "models/llm/grammar/number_range.h"
#include "models/llm/grammar/regex.h"
#include "models/llm/unicode.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace coda::models::llm::grammar {
namespace {

using Json = nlohmann::ordered_json;
using Rule = Builder::Rule;

constexpr int kMaxDepth = 60;        // of schemas in each other
constexpr int64_t kMaxCount = 5000;  // of characters or items that are counted
constexpr char32_t kLast = 0x10FFFF;

constexpr std::array<std::string_view, 7> kTypes = {"object", "array",   "string", "integer",
                                                    "number", "boolean", "null"};
// What says nothing about the value.
constexpr std::array<std::string_view, 15> kRemarks = {
    "title", "description", "default",    "examples", "$schema",
    "$id",   "$comment",    "deprecated", "readOnly", "writeOnly",
    "$defs", "definitions", "example",    "$anchor",  "contentMediaType"};

template <size_t n>
bool contains(const std::array<std::string_view, n>& list, std::string_view word) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

// One code point as it stands in a JSON string.
Rule string_characters(Builder& builder, char32_t first, char32_t last) {
    std::vector<Rule> options;
    static constexpr std::string_view kShort = "\"\\\b\f\n\r\t", kLetters = "\"\\bfnrt";
    for (size_t i = 0; i < kShort.size(); ++i) {
        const auto c = static_cast<char32_t>(static_cast<unsigned char>(kShort[i]));
        if (c >= first && c <= last) options.push_back(builder.literal(std::string{'\\', kLetters[i]}));
    }
    for (char32_t c = first; c <= last && c < 0x20; ++c)
        if (kShort.find(static_cast<char>(c)) == std::string_view::npos)
            options.push_back(builder.literal(fmt::format("\\u{:04x}", static_cast<unsigned>(c))));
    static constexpr char32_t kPlain[][2] = {{0x20, 0x21}, {0x23, 0x5B}, {0x5D, kLast}};
    for (const auto& range : kPlain) {
        const char32_t from = std::max(first, range[0]), to = std::min(last, range[1]);
        if (from <= to) options.push_back(builder.characters(from, to));
    }
    return builder.choice(options);
}

class SchemaCompiler {
  public:
    SchemaCompiler(Builder& builder, const Json& root) : builder_(builder), root_(root) {}

    Result<Rule> compile(const Json& schema, const std::string& where, int depth) {
        if (depth > kMaxDepth) return error(ErrorCode::exhausted, "schemas are nested too deep", where);
        if (builder_.size() > Builder::kMaxElements)
            return error(ErrorCode::exhausted, "the schema is too large", where);
        if (schema.is_boolean()) {
            if (schema.get<bool>()) return any_value();
            return error(ErrorCode::invalid_argument, "no value can follow \"false\"", where);
        }
        if (!schema.is_object())
            return error(ErrorCode::bad_format, "a schema is an object, true or false", where);
        if (schema.contains("$ref")) return reference(schema, where, depth);
        if (schema.contains("const")) return fixed(schema, Json::array({schema["const"]}), "const", where);
        if (schema.contains("enum")) return fixed(schema, schema["enum"], "enum", where);
        for (const char* key : {"anyOf", "oneOf", "allOf"})
            if (schema.contains(key)) return combined(schema, key, where, depth);
        return typed(schema, where, depth);
    }

  private:
    static tl::unexpected<Error> error(ErrorCode code, std::string what, const std::string& where) {
        return fail(code, std::move(what), "schema" + where);
    }
    static tl::unexpected<Error> unsupported(const std::string& key, const std::string& where) {
        return error(ErrorCode::unsupported, fmt::format("\"{}\" is not supported here", printable(key)),
                     where);
    }
    // Beside `known` (and remarks) nothing may stand.
    static Status only(const Json& schema, const std::vector<std::string_view>& known,
                       const std::string& where) {
        for (const auto& [key, value] : schema.items())
            if (std::find(known.begin(), known.end(), key) == known.end() && !contains(kRemarks, key))
                return unsupported(key, where);
        return {};
    }
    static Result<int64_t> count(const Json& schema, const char* key, int64_t otherwise,
                                 const std::string& where) {
        if (!schema.contains(key)) return otherwise;
        const Json& value = schema[key];
        const bool whole =
            value.is_number_integer() ||
            (value.is_number_float() && value.get<double>() == std::floor(value.get<double>()));
        if (!whole || value.get<double>() < 0)
            return error(ErrorCode::bad_format, fmt::format("\"{}\" must be a whole number", key), where);
        if (value.get<double>() > kMaxCount)
            return error(ErrorCode::exhausted, fmt::format("\"{}\" is larger than {}", key, kMaxCount),
                         where);
        return static_cast<int64_t>(value.get<double>());
    }

    Result<Rule> reference(const Json& schema, const std::string& where, int depth) {
        CODA_CHECK(only(schema, {"$ref"}, where));
        if (!schema["$ref"].is_string())
            return error(ErrorCode::bad_format, "\"$ref\" must be a string", where);
        const auto target = schema["$ref"].get<std::string>();
        if (const auto known = references_.find(target); known != references_.end()) return known->second;
        if (target.empty() || target[0] != '#')
            return error(ErrorCode::unsupported,
                         fmt::format("\"$ref\" to {}: only to this document", printable(target)), where);
        const Json* found = &root_;
        std::string_view path = std::string_view(target).substr(1);
        while (!path.empty()) {
            path.remove_prefix(1);
            const size_t slash = path.find('/');
            std::string step(path.substr(0, slash));
            for (size_t at = 0; (at = step.find("~1", at)) != std::string::npos; ++at)
                step.replace(at, 2, "/");
            for (size_t at = 0; (at = step.find("~0", at)) != std::string::npos; ++at)
                step.replace(at, 2, "~");
            if (!found->is_object() || !found->contains(step))
                return error(ErrorCode::bad_format,
                             fmt::format("\"$ref\" to {}, which is not there", printable(target)), where);
            found = &(*found)[step];
            path.remove_prefix(slash == std::string_view::npos ? path.size() : slash);
        }
        const Rule rule = builder_.declare();
        references_[target] = rule;
        CODA_TRY(const Rule body, compile(*found, target.substr(1), depth + 1));
        builder_.add(rule, {body});
        return rule;
    }

    // enum and const: the values that the type beside them allows.
    Result<Rule> fixed(const Json& schema, const Json& values, const char* key, const std::string& where) {
        CODA_CHECK(only(schema, {key, "type"}, where));
        if (!values.is_array() || values.empty())
            return error(ErrorCode::bad_format, "\"enum\" must be a list of values", where);
        CODA_TRY(const std::vector<std::string> types, types_of(schema, where));
        std::vector<Rule> options;
        for (const Json& value : values)
            if (std::any_of(types.begin(), types.end(), [&](const auto& type) { return is_of(value, type); }))
                options.push_back(json_literal(builder_, value));
        if (options.empty())
            return error(ErrorCode::invalid_argument, "no value is of the type beside it", where);
        return builder_.choice(options);
    }

    static bool is_of(const Json& value, const std::string& type) {
        if (type == "object") return value.is_object();
        if (type == "array") return value.is_array();
        if (type == "string") return value.is_string();
        if (type == "boolean") return value.is_boolean();
        if (type == "null") return value.is_null();
        if (type == "number") return value.is_number();
        return value.is_number_integer() ||
               (value.is_number_float() && value.get<double>() == std::floor(value.get<double>()));
    }

    Result<Rule> combined(const Json& schema, const char* key, const std::string& where, int depth) {
        CODA_CHECK(only(schema, {key}, where));
        const Json& parts = schema[key];
        const std::string place = where + "/" + key;
        if (!parts.is_array() || parts.empty())
            return error(ErrorCode::bad_format, "must be a list of schemas", place);
        if (std::string_view(key) == "allOf" && parts.size() > 1)
            return error(ErrorCode::unsupported, "\"allOf\" of several schemas is not supported", where);
        if (std::string_view(key) == "oneOf" && !of_different_types(parts))
            return error(ErrorCode::unsupported,
                         "\"oneOf\" is supported where each part has a type of its own", where,
                         "use \"anyOf\"");
        std::vector<Rule> options;
        for (size_t i = 0; i < parts.size(); ++i) {
            CODA_TRY(const Rule option, compile(parts[i], fmt::format("{}/{}", place, i), depth + 1));
            options.push_back(option);
        }
        return builder_.choice(options);
    }
    static tl::unexpected<Error> error(ErrorCode code, std::string what, const std::string& where,
                                       std::string mend) {
        return fail(code, std::move(what), "schema" + where, std::move(mend));
    }
    static bool of_different_types(const Json& parts) {
        std::vector<std::string> seen;
        for (const Json& part : parts) {
            if (!part.is_object() || !part.contains("type") || !part["type"].is_string()) return false;
            auto type = part["type"].get<std::string>();
            if (type == "integer") type = "number";
            if (std::find(seen.begin(), seen.end(), type) != seen.end()) return false;
            seen.push_back(std::move(type));
        }
        return true;
    }

    static Result<std::vector<std::string>> types_of(const Json& schema, const std::string& where) {
        std::vector<std::string> out;
        if (!schema.contains("type")) {
            // Keywords speak of their own type only; a schema with some of one type means that type.
            static constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kOwners = {
                {{"properties", "object"},
                 {"required", "object"},
                 {"additionalProperties", "object"},
                 {"items", "array"},
                 {"prefixItems", "array"},
                 {"minItems", "array"},
                 {"maxItems", "array"},
                 {"minLength", "string"},
                 {"maxLength", "string"},
                 {"pattern", "string"},
                 {"minimum", "number"},
                 {"maximum", "number"}}};
            for (const auto& [key, type] : kOwners)
                if (schema.contains(std::string(key)) && std::find(out.begin(), out.end(), type) == out.end())
                    out.emplace_back(type);
            if (out.empty())
                for (const std::string_view type : kTypes) out.emplace_back(type);
            return out;
        }
        const Json& type = schema["type"];
        const Json list = type.is_array() ? type : Json::array({type});
        for (const Json& one : list) {
            if (!one.is_string() || !contains(kTypes, one.get_ref<const std::string&>()))
                return error(ErrorCode::bad_format, "\"type\" must name a type of JSON", where);
            out.push_back(one.get<std::string>());
        }
        if (out.empty()) return error(ErrorCode::bad_format, "\"type\" names no type", where);
        return out;
    }

    Result<Rule> typed(const Json& schema, const std::string& where, int depth) {
        CODA_CHECK(only(schema,
                        {"type", "properties", "required", "additionalProperties", "items", "prefixItems",
                         "minItems", "maxItems", "minLength", "maxLength", "pattern", "format", "minimum",
                         "maximum", "exclusiveMinimum", "exclusiveMaximum"},
                        where));
        CODA_TRY(const std::vector<std::string> types, types_of(schema, where));
        if (types.size() == kTypes.size()) return any_value();
        std::vector<Rule> options;
        for (const std::string& type : types) {
            CODA_TRY(const Rule option, of_type(type, schema, where, depth));
            options.push_back(option);
        }
        return builder_.choice(options);
    }

    Result<Rule> of_type(const std::string& type, const Json& schema, const std::string& where, int depth) {
        if (type == "object") return object(schema, where, depth);
        if (type == "array") return array(schema, where, depth);
        if (type == "string") return string(schema, where);
        if (type == "integer" || type == "number") return number(schema, type == "integer", where);
        if (type == "boolean") return builder_.choice({builder_.literal("true"), builder_.literal("false")});
        return builder_.literal("null");
    }

    // ---- values without limits

    Rule any_value() {
        if (any_value_ >= 0) return any_value_;
        any_value_ = builder_.declare();
        const Rule space = json_space(builder_);
        const Rule member = builder_.sequence({any_string(), builder_.literal(":"), space, any_value_});
        builder_.add(any_value_, {list_of(member, "{", "}", 0, -1)});
        builder_.add(any_value_, {list_of(any_value_, "[", "]", 0, -1)});
        builder_.add(any_value_, {any_string()});
        builder_.add(any_value_, {any_number(false)});
        for (const char* word : {"true", "false", "null"}) builder_.add(any_value_, {builder_.literal(word)});
        return any_value_;
    }
    Rule any_string() {
        if (any_string_ < 0)
            any_string_ = builder_.sequence(
                {builder_.literal("\""), builder_.repeat(any_character(), 0, -1), builder_.literal("\"")});
        return any_string_;
    }
    Rule any_character() {
        if (any_character_ >= 0) return any_character_;
        // Any of the escapes, also for characters that need none; not for halves of a character.
        ByteSet letters, hexadecimal, before_surrogates;
        for (const char c : std::string_view("\"\\/bfnrt")) letters.set(static_cast<unsigned char>(c));
        for (const char c : std::string_view("0123456789abcdefABCDEF"))
            hexadecimal.set(static_cast<unsigned char>(c));
        before_surrogates = hexadecimal;
        before_surrogates.reset('d').reset('D');
        const Rule digit = builder_.bytes(hexadecimal);
        any_character_ =
            builder_.choice({builder_.characters(0x20, 0x21), builder_.characters(0x23, 0x5B),
                             builder_.characters(0x5D, kLast),
                             builder_.sequence({builder_.literal("\\"), builder_.bytes(letters)}),
                             builder_.sequence({builder_.literal("\\u"), builder_.bytes(before_surrogates),
                                                digit, digit, digit})});
        return any_character_;
    }
    Rule any_number(bool whole) {
        ByteSet from_one, all;
        for (char c = '0'; c <= '9'; ++c) all.set(static_cast<size_t>(c));
        from_one = all;
        from_one.reset('0');
        const Rule digit = builder_.bytes(all);
        const Rule integer = builder_.sequence(
            {builder_.optional(builder_.literal("-")),
             builder_.choice({builder_.literal("0"), builder_.sequence({builder_.bytes(from_one),
                                                                        builder_.repeat(digit, 0, 15)})})});
        if (whole) return integer;
        const Rule fraction = builder_.sequence({builder_.literal("."), builder_.repeat(digit, 1, 16)});
        const Rule sign = builder_.choice({builder_.literal("+"), builder_.literal("-"), builder_.nothing()});
        const Rule exponent =
            builder_.sequence({builder_.choice({builder_.literal("e"), builder_.literal("E")}), sign,
                               builder_.repeat(digit, 1, 2)});
        return builder_.sequence({integer, builder_.optional(fraction), builder_.optional(exponent)});
    }

    // least..most (below 0: any number) of `item`, separated by commas, between brackets.
    Rule list_of(Rule item, std::string_view open, std::string_view close, int64_t least, int64_t most) {
        const Rule space = json_space(builder_);
        const Rule next = builder_.sequence({builder_.literal(","), space, item});
        const Rule empty = builder_.sequence({builder_.literal(open), space, builder_.literal(close)});
        if (most == 0) return empty;
        const Rule filled = builder_.sequence(
            {builder_.literal(open), space, item,
             builder_.repeat(next, std::max<int64_t>(least - 1, 0), most < 0 ? -1 : most - 1), space,
             builder_.literal(close)});
        return least > 0 ? filled : builder_.choice({empty, filled});
    }

    // ---- strings and numbers

    Result<Rule> string(const Json& schema, const std::string& where) {
        CODA_TRY(const int64_t least, count(schema, "minLength", 0, where));
        CODA_TRY(const int64_t most, count(schema, "maxLength", -1, where));
        if (most >= 0 && most < least)
            return error(ErrorCode::invalid_argument, "\"minLength\" is above \"maxLength\"", where);
        const bool counted = least > 0 || most >= 0;
        std::string pattern = format_pattern(schema.value("format", Json()));
        if (schema.contains("pattern")) {
            if (!schema["pattern"].is_string())
                return error(ErrorCode::bad_format, "\"pattern\" must be a string", where);
            if (!pattern.empty())
                return error(ErrorCode::unsupported, "\"pattern\" beside this \"format\"", where);
            pattern = schema["pattern"].get<std::string>();
        }
        if (pattern.empty()) {
            if (!counted) return any_string();
            return builder_.sequence({builder_.literal("\""), builder_.repeat(any_character(), least, most),
                                      builder_.literal("\"")});
        }
        if (counted)
            return error(ErrorCode::unsupported,
                         "\"minLength\" and \"maxLength\" beside a pattern are not supported", where,
                         "count inside the pattern: ^.{1,20}$");
        auto body = regex_rule(builder_, pattern, string_characters);
        if (!body) return error(body.error().code, body.error().what, where + "/" + body.error().where);
        return builder_.sequence({builder_.literal("\""), *body, builder_.literal("\"")});
    }

    static std::string format_pattern(const Json& format) {
        if (!format.is_string()) return {};
        const auto& name = format.get_ref<const std::string&>();
        // Days up to the 28th: every month has them.
        const std::string date = "\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|1\\d|2[0-8])";
        const std::string time =
            "([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(\\.\\d{1,6})?(Z|[+-]([01]\\d|2[0-3]):[0-5]\\d)";
        if (name == "date") return "^" + date + "$";
        if (name == "time") return "^" + time + "$";
        if (name == "date-time") return "^" + date + "T" + time + "$";
        if (name == "uuid") return "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$";
        return {};
    }

    struct Bound {
        std::optional<double> value;
        bool inclusive = true;
    };
    // The stricter of the two keywords.
    Result<Bound> bound(const Json& schema, const char* key, const char* exclusive, bool lower,
                        const std::string& where) {
        Bound out;
        for (const char* name : {key, exclusive}) {
            if (!schema.contains(name)) continue;
            if (!schema[name].is_number())
                return error(ErrorCode::bad_format, fmt::format("\"{}\" must be a number", name), where);
            const auto value = schema[name].get<double>();
            const bool inclusive = name == key;
            const bool stricter = !out.value || (lower ? value > *out.value : value < *out.value) ||
                                  (value == *out.value && !inclusive);
            if (stricter) out = {value, inclusive};
        }
        return out;
    }

    Result<Rule> number(const Json& schema, bool whole, const std::string& where) {
        CODA_TRY(const Bound low, bound(schema, "minimum", "exclusiveMinimum", true, where));
        CODA_TRY(const Bound high, bound(schema, "maximum", "exclusiveMaximum", false, where));
        if (!low.value && !high.value) return any_number(whole);
        for (const Bound& one : {low, high})
            if (one.value && !(std::fabs(*one.value) < 1e15))
                return error(ErrorCode::unsupported, "bounds of numbers stay below 1e15", where);
        const bool empty =
            low.value && high.value &&
            (*low.value > *high.value || (*low.value == *high.value && !(low.inclusive && high.inclusive)));
        if (empty) return error(ErrorCode::invalid_argument, "no number lies between the bounds", where);
        if (whole) {
            std::optional<int64_t> least, most;
            if (low.value)
                least = static_cast<int64_t>(std::ceil(*low.value)) +
                        (!low.inclusive && *low.value == std::ceil(*low.value) ? 1 : 0);
            if (high.value)
                most = static_cast<int64_t>(std::floor(*high.value)) -
                       (!high.inclusive && *high.value == std::floor(*high.value) ? 1 : 0);
            if (least && most && *least > *most)
                return error(ErrorCode::invalid_argument, "no whole number lies between the bounds", where);
            return integer_range(builder_, least, most);
        }
        std::optional<DecimalBound> least, most;
        if (low.value) least = DecimalBound::of(*low.value, low.inclusive);
        if (high.value) most = DecimalBound::of(*high.value, high.inclusive);
        if ((low.value && !least) || (high.value && !most))
            return error(ErrorCode::unsupported, "a bound has too many digits", where);
        return number_range(builder_, least, most);
    }

    // ---- arrays and objects

    Result<Rule> array(const Json& schema, const std::string& where, int depth) {
        CODA_TRY(const int64_t least, count(schema, "minItems", 0, where));
        CODA_TRY(const int64_t most, count(schema, "maxItems", -1, where));
        if (most >= 0 && most < least)
            return error(ErrorCode::invalid_argument, "\"minItems\" is above \"maxItems\"", where);
        if (schema.contains("prefixItems")) return tuple(schema, least, most, where, depth);
        Rule item = -1;
        if (schema.contains("items")) {
            if (most == 0) return list_of(builder_.nothing(), "[", "]", 0, 0);
            CODA_TRY(item, compile(schema["items"], where + "/items", depth + 1));
        } else {
            item = any_value();
        }
        return list_of(item, "[", "]", least, most);
    }

    // prefixItems: exactly these, as far as minItems wants them and no further than maxItems.
    Result<Rule> tuple(const Json& schema, int64_t least, int64_t most, const std::string& where, int depth) {
        const Json& parts = schema["prefixItems"];
        if (!parts.is_array()) return error(ErrorCode::bad_format, "\"prefixItems\" must be a list", where);
        const auto size = static_cast<int64_t>(parts.size());
        if (least > size || (schema.contains("items") && !schema["items"].is_boolean()))
            return error(ErrorCode::unsupported, "items behind \"prefixItems\" are not supported", where);
        const int64_t used = most < 0 ? size : std::min(size, most);
        const Rule space = json_space(builder_);
        std::vector<Rule> parts_of_list = {builder_.literal("["), space};
        for (int64_t i = 0; i < used; ++i) {
            CODA_TRY(const Rule item, compile(parts[static_cast<size_t>(i)],
                                              fmt::format("{}/prefixItems/{}", where, i), depth + 1));
            if (i > 0) parts_of_list.push_back(builder_.sequence({builder_.literal(","), space}));
            parts_of_list.push_back(item);
        }
        parts_of_list.push_back(space);
        parts_of_list.push_back(builder_.literal("]"));
        return builder_.sequence(parts_of_list);
    }

    Result<Rule> object(const Json& schema, const std::string& where, int depth) {
        const Json properties = schema.value("properties", Json::object());
        if (!properties.is_object())
            return error(ErrorCode::bad_format, "\"properties\" must be an object", where);
        const Json required = schema.value("required", Json::array());
        std::vector<std::string> needed;
        if (!required.is_array()) return error(ErrorCode::bad_format, "\"required\" must be a list", where);
        for (const Json& name : required) {
            if (!name.is_string())
                return error(ErrorCode::bad_format, "\"required\" must be a list of names", where);
            if (!properties.contains(name.get<std::string>()))
                return error(
                    ErrorCode::unsupported,
                    fmt::format("\"{}\" is required and no property", printable(name.get<std::string>())),
                    where);
            needed.push_back(name.get<std::string>());
        }
        if (properties.empty()) return map(schema, where, depth);
        std::vector<Member> members;
        for (const auto& [name, inner] : properties.items()) {
            const bool must = std::find(needed.begin(), needed.end(), name) != needed.end();
            auto value = compile(inner, where + "/properties/" + name, depth + 1);
            if (!value) return value;
            members.push_back({builder_.sequence({json_literal(builder_, Json(name)), builder_.literal(":"),
                                                  json_space(builder_), *value}),
                               must});
        }
        return object_of(members);
    }

    // An object without named properties.
    Result<Rule> map(const Json& schema, const std::string& where, int depth) {
        const Json extra = schema.value("additionalProperties", Json(!schema.contains("properties")));
        if (extra.is_boolean() && !extra.get<bool>()) return list_of(builder_.nothing(), "{", "}", 0, 0);
        CODA_TRY(const Rule value, compile(extra, where + "/additionalProperties", depth + 1));
        return list_of(builder_.sequence({any_string(), builder_.literal(":"), json_space(builder_), value}),
                       "{", "}", 0, -1);
    }

    struct Member {
        Rule rule;
        bool must;
    };
    // Members in their order, each optional one there or not; a comma before all but the first.
    Rule object_of(const std::vector<Member>& members) {
        const Rule space = json_space(builder_);
        const Rule comma = builder_.sequence({builder_.literal(","), space});
        // rest[i]: what may follow from member i on, where something stands before it.
        std::vector<Rule> rest(members.size() + 1, builder_.nothing());
        for (size_t i = members.size(); i-- > 0;) {
            const Rule with = builder_.sequence({comma, members[i].rule, rest[i + 1]});
            rest[i] = members[i].must ? with : builder_.choice({with, rest[i + 1]});
        }
        std::vector<Rule> starts;
        bool may_be_empty = true;
        for (size_t i = 0; i < members.size() && may_be_empty; ++i) {
            starts.push_back(builder_.sequence({members[i].rule, rest[i + 1], space}));
            may_be_empty = !members[i].must;
        }
        if (may_be_empty) starts.push_back(builder_.nothing());
        return builder_.sequence(
            {builder_.literal("{"), space, builder_.choice(starts), builder_.literal("}")});
    }

    Builder& builder_;
    const Json& root_;
    std::map<std::string, Rule> references_;
    Rule any_value_ = -1, any_string_ = -1, any_character_ = -1;
};

}  // namespace

bool json_too_deep(std::string_view text) {
    constexpr int kMaxBrackets = 500;
    int depth = 0;
    for (const char c : text) {
        if (c == '{' || c == '[') ++depth;
        if ((c == '}' || c == ']') && depth > 0) --depth;
        if (depth > kMaxBrackets) return true;
    }
    return false;
}

Rule json_space(Builder& builder) {
    // One blank, or a line break with an indentation: models write both, and a loop of blanks has an end.
    return builder.choice(
        {builder.nothing(), builder.literal(" "),
         builder.sequence({builder.literal("\n"), builder.repeat(builder.literal(" "), 0, 16)})});
}

Rule json_literal(Builder& builder, const Json& value) {
    if (value.is_object() || value.is_array()) {
        const Rule space = json_space(builder);
        std::vector<Rule> parts = {builder.literal(value.is_object() ? "{" : "["), space};
        bool first = true;
        for (const auto& [key, inner] : value.items()) {
            if (!first) parts.push_back(builder.sequence({builder.literal(","), space}));
            first = false;
            if (value.is_object()) {
                parts.push_back(json_literal(builder, Json(key)));
                parts.push_back(builder.sequence({builder.literal(":"), space}));
            }
            parts.push_back(json_literal(builder, inner));
        }
        parts.push_back(space);
        parts.push_back(builder.literal(value.is_object() ? "}" : "]"));
        return builder.sequence(parts);
    }
    return builder.literal(value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

Result<Rule> schema_rule(Builder& builder, const Json& schema) {
    return SchemaCompiler(builder, schema).compile(schema, "", 0);
}

Result<Grammar> schema_grammar(std::string_view schema) {
    if (json_too_deep(schema)) return fail(ErrorCode::exhausted, "is nested too deep", "schema");
    const Json json = Json::parse(schema, nullptr, false);
    if (json.is_discarded()) return fail(ErrorCode::bad_format, "is no JSON", "schema");
    Builder builder;
    CODA_TRY(const Rule root, schema_rule(builder, json));
    return std::move(builder).build(root);
}

}  // namespace coda::models::llm::grammar
