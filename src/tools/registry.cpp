#include "tools/registry.h"

#include <algorithm>
#include <ctime>

#include <fmt/format.h>

namespace coda::tools {
namespace {

using nlohmann::json;

bool has_type(const json& value, const std::string& type) {
    if (type == "string") return value.is_string();
    if (type == "integer") return value.is_number_integer();
    if (type == "number") return value.is_number();
    if (type == "boolean") return value.is_boolean();
    if (type == "array") return value.is_array();
    return type == "object" && value.is_object();
}

Status check_object(const json& value, const json& schema, const std::string& where) {
    const json properties = schema.value("properties", json::object());
    for (const json& name : schema.value("required", json::array()))
        if (name.is_string() && !value.contains(name.get<std::string>()))
            return fail(ErrorCode::invalid_argument, fmt::format("'{}' is missing", name.get<std::string>()),
                        where);
    for (const auto& [name, inner] : value.items()) {
        if (!properties.contains(name))
            return fail(ErrorCode::invalid_argument, fmt::format("no argument '{}'", name), where);
        CODA_CHECK(check_schema(inner, properties[name], where + "." + name));
    }
    return {};
}

// Of this machine's time zone, at a time of UTC.
int32_t local_offset(std::chrono::sys_seconds utc) {
    const std::time_t time = utc.time_since_epoch().count();
    std::tm local{};
    localtime_r(&time, &local);
    return static_cast<int32_t>(local.tm_gmtoff);
}

}  // namespace

const char* to_string(Safety safety) {
    switch (safety) {
        case Safety::read:
            return "read";
        case Safety::write:
            return "write";
        case Safety::confirm:
            return "confirm";
    }
    return "confirm";
}

ToolContext context_at(std::chrono::sys_seconds now) {
    ToolContext context;
    context.now = now;
    context.offset_of = local_offset;
    context.utc_offset = local_offset(now);
    return context;
}

ToolContext context_now(FactStore* facts) {
    ToolContext context =
        context_at(std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
    context.facts = facts;
    return context;
}

Status check_schema(const json& value, const json& schema, const std::string& where) {
    if (!schema.is_object()) return fail(ErrorCode::invalid_argument, "the schema is no object", where);
    if (schema.contains("type") && schema["type"].is_string() &&
        !has_type(value, schema["type"].get<std::string>()))
        return fail(ErrorCode::invalid_argument,
                    fmt::format("must be of type {}", schema["type"].get<std::string>()), where);
    if (schema.contains("enum") && schema["enum"].is_array() &&
        std::find(schema["enum"].begin(), schema["enum"].end(), value) == schema["enum"].end())
        return fail(ErrorCode::invalid_argument, fmt::format("must be one of {}", schema["enum"].dump()),
                    where);
    if (value.is_string() && schema.contains("maxLength") && schema["maxLength"].is_number_integer() &&
        value.get_ref<const std::string&>().size() > schema["maxLength"].get<size_t>())
        return fail(ErrorCode::invalid_argument, "is too long", where);
    if (value.is_object() && schema.contains("properties")) return check_object(value, schema, where);
    return {};
}

Status Registry::add(Tool tool) {
    if (find(tool.name))
        return fail(ErrorCode::invalid_argument, "there is a tool of that name already", tool.name);
    if (!tool.arguments.is_object() || tool.arguments.value("type", json()) != "object" ||
        !tool.arguments.value("properties", json()).is_object())
        return fail(ErrorCode::invalid_argument, "the schema of the arguments must describe an object",
                    tool.name);
    tools_.push_back(std::move(tool));
    return {};
}

const Tool* Registry::find(const std::string& name) const {
    const auto at =
        std::find_if(tools_.begin(), tools_.end(), [&](const Tool& tool) { return tool.name == name; });
    return at == tools_.end() ? nullptr : &*at;
}

bool Registry::covers(std::string_view topic) const {
    return std::any_of(tools_.begin(), tools_.end(), [&](const Tool& tool) {
        return std::find(tool.topics.begin(), tool.topics.end(), topic) != tool.topics.end();
    });
}

Result<ToolResult> Registry::call(const std::string& name, const json& arguments, ToolContext context) const {
    const Tool* tool = find(name);
    if (!tool) return fail(ErrorCode::not_found, "no such tool", name);
    CODA_CHECK(check_schema(arguments, tool->arguments, name));
    if (context.cancel.cancelled()) return fail(ErrorCode::cancelled, "cancelled", name);
    context.deadline = std::chrono::steady_clock::now() + tool->timeout;
    context.registry = this;
    Result<ToolResult> result = tool->run(arguments, context);
    if (context.cancel.cancelled()) return fail(ErrorCode::cancelled, "cancelled", name);
    if (result && std::chrono::steady_clock::now() > context.deadline)
        return fail(ErrorCode::timeout, "took longer than it may", name);
    return result;
}

}  // namespace coda::tools
