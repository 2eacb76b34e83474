#include "models/llm/tool_format.h"

#include "base/log.h"
#include "models/llm/grammar/json_schema.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace coda::models::llm {
namespace {

using Json = nlohmann::ordered_json;
using grammar::Builder;

bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

Builder::Rule arguments_rule(Builder& builder, const ToolSpec& tool) {
    const bool readable = !grammar::json_too_deep(tool.parameters);
    const Json schema = readable ? Json::parse(tool.parameters, nullptr, false) : Json();
    if (schema.is_object()) {
        auto rule = grammar::schema_rule(builder, schema);
        if (rule) return *rule;
        log::warn("tool {}: {}; its arguments are not forced", tool.name, rule.error().message());
    }
    auto any = grammar::schema_rule(builder, Json{{"type", "object"}});
    CODA_ASSERT(any);
    return *any;
}

// {"name": "...", "arguments": {...}} of any of the tools.
Builder::Rule call_rule(Builder& builder, ToolFormat format, std::span<const ToolSpec> tools) {
    const char* key = format == ToolFormat::llama3 ? "parameters" : "arguments";
    const Builder::Rule space = grammar::json_space(builder);
    std::vector<Builder::Rule> options;
    for (const ToolSpec& tool : tools)
        options.push_back(builder.sequence(
            {builder.literal("\"name\":"), space, grammar::json_literal(builder, Json(tool.name)),
             builder.literal(","), space, builder.literal(fmt::format("\"{}\":", key)), space,
             arguments_rule(builder, tool)}));
    // Llama writes the type first now and then.
    const Builder::Rule type =
        format == ToolFormat::llama3
            ? builder.optional(builder.sequence(
                  {builder.literal("\"type\":"), space, builder.literal("\"function\","), space}))
            : builder.nothing();
    return builder.sequence(
        {builder.literal("{"), space, type, builder.choice(options), space, builder.literal("}")});
}

// The JSON value at the start of `text`, which is cut off it; discarded where there is none.
Json take_json(std::string_view& text) {
    int depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted) {
            if (c == '\\') ++i;
            quoted = c != '"';
            continue;
        }
        quoted = c == '"';
        if (c == '{' || c == '[') ++depth;
        if ((c == '}' || c == ']') && --depth == 0) {
            const Json value = Json::parse(text.substr(0, i + 1), nullptr, false);
            text.remove_prefix(i + 1);
            return value;
        }
    }
    return Json(Json::value_t::discarded);
}

void add_call(const Json& value, int first_id, std::vector<ToolCall>& calls) {
    if (!value.is_object() || calls.size() >= static_cast<size_t>(kMaxCalls)) return;
    const Json& name = value.contains("name") ? value["name"] : Json();
    const char* key = value.contains("arguments") ? "arguments" : "parameters";
    if (!name.is_string() || !value.contains(key) || !value[key].is_object()) return;
    calls.push_back({fmt::format("call{:05}", (first_id + static_cast<int>(calls.size())) % 100'000),
                     name.get<std::string>(),
                     value[key].dump(-1, ' ', false, Json::error_handler_t::replace)});
}

}  // namespace

const char* to_string(ToolFormat format) {
    switch (format) {
        case ToolFormat::none:
            return "none";
        case ToolFormat::hermes:
            return "Hermes";
        case ToolFormat::llama3:
            return "Llama 3";
        case ToolFormat::mistral:
            return "Mistral";
        case ToolFormat::granite:
            return "Granite";
    }
    return "none";
}

ToolFormat tool_format_of(std::string_view jinja) {
    if (has(jinja, "<tool_call>") && !has(jinja, "<function=")) return ToolFormat::hermes;
    // Mistral's later form, name[ARGS]{...}, is another.
    if (has(jinja, "[TOOL_CALLS]") && !has(jinja, "[ARGS]")) return ToolFormat::mistral;
    if (has(jinja, "<|tool_call|>")) return ToolFormat::granite;
    if (has(jinja, "<|start_header_id|>") && has(jinja, "ipython") && has(jinja, "parameters"))
        return ToolFormat::llama3;
    return ToolFormat::none;
}

std::string_view call_opening(ToolFormat format) {
    switch (format) {
        case ToolFormat::hermes:
            return "<tool_call>";
        case ToolFormat::mistral:
            return "[TOOL_CALLS]";
        case ToolFormat::granite:
            return "<|tool_call|>";
        case ToolFormat::llama3:
        case ToolFormat::none:
            break;
    }
    return "";
}

Result<grammar::Grammar> call_grammar(ToolFormat format, std::span<const ToolSpec> tools) {
    if (tools.empty() || format == ToolFormat::none)
        return fail(ErrorCode::invalid_argument, "there is no tool to call");
    Builder builder;
    const Builder::Rule space = grammar::json_space(builder), call = call_rule(builder, format, tools);
    if (format == ToolFormat::llama3) return std::move(builder).build(call);
    if (format == ToolFormat::hermes) {
        const Builder::Rule one = builder.sequence({space, call, space, builder.literal("</tool_call>")});
        const Builder::Rule more = builder.sequence({space, builder.literal("<tool_call>"), one});
        return std::move(builder).build(builder.sequence({one, builder.repeat(more, 0, kMaxCalls - 1)}));
    }
    const Builder::Rule more = builder.sequence({builder.literal(","), space, call});
    return std::move(builder).build(
        builder.sequence({space, builder.literal("["), space, call, builder.repeat(more, 0, kMaxCalls - 1),
                          space, builder.literal("]")}));
}

std::vector<ToolCall> parse_calls(ToolFormat format, std::string_view text, int first_id) {
    std::vector<ToolCall> calls;
    while (format != ToolFormat::none) {
        const size_t start = text.find_first_of("{[");
        if (start == std::string_view::npos) break;
        text.remove_prefix(start);
        const Json value = take_json(text);
        if (value.is_discarded()) break;
        if (value.is_array())
            for (const Json& item : value) add_call(item, first_id, calls);
        else
            add_call(value, first_id, calls);
    }
    return calls;
}

}  // namespace coda::models::llm
