// How a model writes that it calls a tool, by the family of its chat template, and a grammar that holds it to
// that: the tools there are, arguments as their schemas say. Thread safety: pure functions.
#pragma once

#include "base/result.h"
#include "models/llm/chat_model.h"
#include "models/llm/grammar/grammar.h"

#include <span>
#include <string_view>
#include <vector>

namespace coda::models::llm {

enum class ToolFormat {
    none,
    hermes,   // <tool_call>{"name": ..., "arguments": {...}}</tool_call>, one after the other (Qwen, Hermes,
              // SmolLM3)
    llama3,   // {"name": ..., "parameters": {...}}, alone
    mistral,  // [TOOL_CALLS][{"name": ..., "arguments": {...}}, ...]
    granite,  // <|tool_call|>[{"name": ..., "arguments": {...}}, ...]
};
const char* to_string(ToolFormat format);

// By the marks in the template's text.
ToolFormat tool_format_of(std::string_view jinja);

// The mark that opens calls; empty for llama3, whose call is the whole reply and starts with its brace.
std::string_view call_opening(ToolFormat format);

// What follows the opening mark (for llama3 the whole reply). A tool whose schema has no grammar may get any
// object. At most kMaxCalls calls. Fails with invalid_argument for no tools.
Result<grammar::Grammar> call_grammar(ToolFormat format, std::span<const ToolSpec> tools);
constexpr int kMaxCalls = 4;

// The whole calls in the text after the opening mark; ids are call00000 onward from `first_id` (nine letters
// and digits, as Mistral's template demands).
std::vector<ToolCall> parse_calls(ToolFormat format, std::string_view text, int first_id);

}  // namespace coda::models::llm
