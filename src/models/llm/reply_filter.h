// What of a model's reply is for the person: not its thoughts (<think>...</think>, [THINK]...[/THINK]), not
// its tool calls. Works on text as it comes; what may be the start of a mark waits until that is decided.
// Thread safety: one thread at a time.
#pragma once

#include "models/llm/tool_format.h"

#include <string>
#include <string_view>

namespace coda::models::llm {

class ReplyFilter {
  public:
    // Calls are looked for in `format`; none: only thoughts are left out.
    explicit ReplyFilter(ToolFormat format) : format_(format) {}

    // Appends to `spoken` what is settled by `text`.
    void push(std::string_view text, std::string& spoken);
    // The end of the reply: what waited comes out, unless it belongs to a thought or a call.
    void finish(std::string& spoken);

    // The reply is a call from here on; its text after the opening mark (for llama3 from its brace on).
    bool in_call() const { return state_ == State::call; }
    const std::string& call() const { return call_; }
    void start_call() { state_ = State::call; }

  private:
    enum class State { start, text, thought, call };
    bool advance(std::string& spoken);
    void speak(size_t count, std::string& spoken);

    ToolFormat format_;
    State state_ = State::start;
    bool after_thought_ = false;
    std::string pending_, call_;
    std::string_view closing_;  // of the thought
};

}  // namespace coda::models::llm
