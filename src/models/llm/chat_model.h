// What the assistant asks of a language model, whether it runs here (Llm) or behind an OpenAI-compatible URL
// (OpenAiChat). A ChatModel is shared; a ChatSession is one conversation's place in it (KV cache, cached
// tokens). Thread safety: ChatModel's members from any thread; a ChatSession belongs to one thread at a time.
#pragma once

#include "base/cancel.h"
#include "base/result.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace coda::models {

// How a model's activations are rounded before they multiply quantized weights.
struct ActivationsInUse {
    std::string bits;    // "16", "8", "8 and 16"; empty: not known here (a server, a GPU)
    std::string reason;  // a line for people
    double kl = 0;       // what the model's check found of what is in use; 0: not checked, or 16 bits
};

enum class Role { system, user, assistant, tool };

// What the model may call: its arguments are a JSON object that follows `parameters`, a JSON schema as text.
struct ToolSpec {
    std::string name, description, parameters;
};

struct ToolCall {
    std::string id, name;
    std::string arguments;  // a JSON object
};

struct Message {
    Role role = Role::user;
    std::string text;
    std::vector<ToolCall> tool_calls = {};     // of an assistant
    std::string tool_call_id = {}, tool = {};  // of a tool: which call it answers, and the tool's name
};

enum class ToolChoice {
    automatic,  // the model decides
    none,       // no call, though the prompt shows the tools
    required,   // the reply is a call
};

struct Sampling {
    float temperature = 0;  // 0: greedy
    int top_k = 0;          // 0: off
    float top_p = 1;
    float min_p = 0;
    float repetition_penalty = 1;
    int repetition_window = 64;  // tokens
    uint64_t seed = 0;
    int max_tokens = 256;
    std::vector<std::string> stop;  // text at which generation ends; not emitted; empty ones are ignored
    ToolChoice tool_choice = ToolChoice::automatic;  // among the session's tools
    // Not empty: the reply is one JSON value that follows this schema (grammar/json_schema.h says which
    // schemas).
    std::string json_schema;
};

enum class StopReason {
    end_of_turn,
    stop_string,
    max_tokens,
    context_full,  // prompt and reply have filled the context; what was generated until then is whole
    stopped_by_caller,
    cancelled,
};
const char* to_string(StopReason reason);

struct GenerateStats {
    int prompt_tokens = 0;  // of the whole prompt
    int cached_tokens = 0;  // of those, already in the KV cache
    int generated_tokens = 0;
    double prefill_ms = 0;
    double first_token_ms = 0;  // from the call to the first sampled token
    double decode_ms = 0;       // after the first token
    StopReason stop_reason = StopReason::end_of_turn;
    std::vector<ToolCall> tool_calls;  // whole ones; their text is not emitted
    double tokens_per_second() const {
        return decode_ms > 0 && generated_tokens > 1 ? (generated_tokens - 1) * 1000.0 / decode_ms : 0;
    }
};

struct PrefillStats {
    int prompt_tokens = 0;
    int cached_tokens = 0;
    double prefill_ms = 0;
    // Probability that the next token ends the sentence (. ? ! newline or end of turn) after the last
    // message's words so far; nothing where the model cannot tell (a server).
    std::optional<float> sentence_end_probability;
};

class ChatSession {
  public:
    virtual ~ChatSession() = default;

    // The tools that the model may call from now on, as part of the prompt. No-op where
    // ChatModel::calls_tools() is false.
    virtual void offer_tools(std::vector<ToolSpec> tools) { static_cast<void>(tools); }

    // Brings the KV cache in line with `messages`, the last of which is a user message still being spoken: it
    // is left open (no end-of-turn token), and without the marks at its end, which a recogniser guesses.
    // Shared prefix with what is cached is kept, the rest cut off and computed. Fails with cancelled, or
    // exhausted like generate; what was computed until then stays cached.
    virtual Result<PrefillStats> prefill(std::span<const Message> messages, const Cancel& cancel) = 0;

    // Generates the assistant's answer to `messages`. `on_text` gets whole UTF-8 pieces as they come, without
    // what the model thinks (<think>) and without tool calls; returning false ends generation. Cancel ends it
    // within one token, also in the middle of the prompt, with stop_reason cancelled. Fails with exhausted
    // when the messages leave no room in the context for an answer, and with invalid_argument for sampling
    // out of range.
    using OnText = std::function<bool(std::string_view)>;
    virtual Result<GenerateStats> generate(std::span<const Message> messages, const Sampling& sampling,
                                           const Cancel& cancel, const OnText& on_text) = 0;
};

class ChatModel {
  public:
    virtual ~ChatModel() = default;
    virtual const std::string& name() const = 0;
    // Too small to be trusted with facts (under 1e9 parameters): the assistant then answers facts, live data
    // and actions without it. A server counts as able.
    virtual bool small() const = 0;
    // It was trained to call tools, and its format for that is known.
    virtual bool calls_tools() const { return false; }
    virtual int context_length() const = 0;
    virtual ActivationsInUse activations() const { return {}; }
    // Tokens of `text` as ordinary text; an estimate for a server.
    virtual int count_tokens(std::string_view text) const = 0;
    virtual Result<std::unique_ptr<ChatSession>> new_session() = 0;
};

}  // namespace coda::models
