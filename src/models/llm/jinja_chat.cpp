#include "models/llm/jinja_chat.h"

#include "models/llm/grammar/json_schema.h"

#include <ctime>

#include <nlohmann/json.hpp>

namespace coda::models::llm {
namespace {

using Json = nlohmann::ordered_json;
using jinja::Origin;
using jinja::Value;

// Words that no template holds.
constexpr const char* kProbe = "zqx7probe";

using Fields = std::vector<std::pair<Value, Value>>;

void put(Fields& fields, const char* name, Value value) {
    fields.emplace_back(Value::text(name), std::move(value));
}

Value call_value(const ToolCall& call) {
    const Json parsed = Json::parse(call.arguments, nullptr, false);
    Fields function;
    put(function, "name", Value::text(call.name, Origin::input));
    put(function, "arguments",
        parsed.is_object() ? Value::from_json(parsed, Origin::input)
                           : Value::text(call.arguments, Origin::input));
    Fields fields;
    put(fields, "id", Value::text(call.id, Origin::input));
    put(fields, "type", Value::text("function"));
    put(fields, "function", Value::dict(std::move(function)));
    return Value::dict(std::move(fields));
}

const char* role_of(const Message& message) {
    switch (message.role) {
        case Role::system:
            return "system";
        case Role::user:
            return "user";
        case Role::assistant:
            return "assistant";
        case Role::tool:
            return "tool";
    }
    return "user";
}

Value message_value(const Message& message, jinja::Text content) {
    Fields fields;
    put(fields, "role", Value::text(role_of(message)));
    put(fields, "content", Value::text(std::move(content)));
    if (!message.tool_calls.empty()) {
        std::vector<Value> calls;
        for (const ToolCall& call : message.tool_calls) calls.push_back(call_value(call));
        put(fields, "tool_calls", Value::list(std::move(calls)));
    }
    if (message.role == Role::tool) {
        put(fields, "tool_call_id", Value::text(message.tool_call_id, Origin::input));
        put(fields, "name", Value::text(message.tool, Origin::input));
    }
    return Value::dict(std::move(fields));
}

Value tool_value(const ToolSpec& tool) {
    const bool readable = !grammar::json_too_deep(tool.parameters);
    Json parameters = readable ? Json::parse(tool.parameters, nullptr, false) : Json();
    if (!parameters.is_object()) parameters = Json::object();
    Fields function;
    put(function, "name", Value::text(tool.name, Origin::input));
    put(function, "description", Value::text(tool.description, Origin::input));
    put(function, "parameters", Value::from_json(parameters, Origin::input));
    Fields fields;
    put(fields, "type", Value::text("function"));
    put(fields, "function", Value::dict(std::move(function)));
    return Value::dict(std::move(fields));
}

bool shows(const Result<jinja::Text>& text, std::string_view words) {
    return text && text->bytes.find(words) != std::string::npos;
}

// Where a template itself opens a thought, it is closed at once.
void close_thought(jinja::Text& text) {
    const size_t end = text.bytes.find_last_not_of(" \n\r\t");
    constexpr std::string_view kOpening = "<think>";
    if (end == std::string::npos || !std::string_view(text.bytes).substr(0, end + 1).ends_with(kOpening))
        return;
    if (text.origins[end] != static_cast<char>(Origin::source)) return;
    text.append(end + 1 == text.size() ? "\n\n</think>\n\n" : "\n</think>\n\n", Origin::source);
}

}  // namespace

Result<JinjaChat> JinjaChat::create(std::string_view source, std::string bos, std::string eos) {
    CODA_TRY(jinja::Template parsed, jinja::Template::parse(source));
    JinjaChat chat(std::move(parsed));
    chat.bos_ = std::move(bos);
    chat.eos_ = std::move(eos);
    const Message probe{Role::user, kProbe};
    const auto text = chat.closed({&probe, 1}, {});
    if (!text) return tl::unexpected(text.error());
    if (!shows(text, kProbe)) return fail(ErrorCode::unsupported, "does not show the user's words");
    chat.shows_system_ = chat.probe_system();
    chat.shows_tools_ = chat.probe_tools();
    return chat;
}

bool JinjaChat::probe_system() const {
    const std::vector<Message> messages = {{Role::system, kProbe}, {Role::user, "Hi"}};
    return shows(render(messages, {}, true), kProbe);
}

bool JinjaChat::probe_tools() const {
    const std::vector<ToolSpec> tools = {{kProbe, "probes", R"({"type":"object","properties":{}})"}};
    std::vector<Message> messages = {{Role::user, "Hi"}};
    if (!shows(render(messages, tools, true), kProbe)) return false;
    messages.push_back({Role::assistant, "", {{"call00000", "probed7call", "{}"}}});
    messages.push_back({Role::tool, "probed7result", {}, "call00000", kProbe});
    const auto text = render(messages, tools, true);
    return shows(text, "probed7call") && shows(text, "probed7result");
}

Result<jinja::Text> JinjaChat::closed(std::span<const Message> messages,
                                      std::span<const ToolSpec> tools) const {
    CODA_TRY(jinja::Text text, render(messages, tools, true));
    close_thought(text);
    return text;
}

Result<jinja::Text> JinjaChat::open(std::span<const Message> messages,
                                    std::span<const ToolSpec> tools) const {
    CODA_TRY(const jinja::Text text, render(messages, tools, false));
    const size_t last = text.origins.find_last_of(static_cast<char>(Origin::newest));
    if (last == std::string::npos) return fail(ErrorCode::unsupported, "does not show the last message");
    // Nothing said yet: `render` has put a letter in its place.
    const bool empty = messages.back().text.find_first_not_of(" \t\r\n") == std::string::npos;
    return text.part(0, empty ? last : last + 1);
}

Result<jinja::Text> JinjaChat::render(std::span<const Message> messages, std::span<const ToolSpec> tools,
                                      bool opened) const {
    std::vector<Value> values;
    jinja::Text before;  // a system text that the template has no place for stands before the next words
    for (const Message& message : messages) {
        if (message.role == Role::system && !shows_system_) {
            before.append(message.text + "\n\n", Origin::input);
            continue;
        }
        const bool growing = !opened && &message == &messages.back();
        jinja::Text content = std::exchange(before, jinja::Text());
        const bool empty = growing && message.text.find_first_not_of(" \t\r\n") == std::string::npos;
        content.append(empty ? std::string("x") : message.text, growing ? Origin::newest : Origin::input);
        values.push_back(message_value(message, std::move(content)));
    }
    std::vector<Value> tool_values;
    for (const ToolSpec& tool : tools) tool_values.push_back(tool_value(tool));
    const jinja::Template::Variables variables = {
        {"messages", Value::list(std::move(values))},
        {"tools", tool_values.empty() ? Value::none() : Value::list(std::move(tool_values))},
        {"documents", Value::none()},
        {"add_generation_prompt", Value::boolean(opened)},
        {"bos_token", Value::text(bos_)},
        {"eos_token", Value::text(eos_)},
        {"enable_thinking", Value::boolean(false)},  // Qwen, SmolLM3
        {"thinking", Value::boolean(false)},         // Granite, DeepSeek
    };
    const std::time_t now = std::time(nullptr);
    std::tm local{};
    localtime_r(&now, &local);
    return template_.render(variables, local);
}

}  // namespace coda::models::llm
