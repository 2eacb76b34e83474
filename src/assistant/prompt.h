// The append-only prompt: a fixed system text, the window, and the newest user message, which carries what is
// known at its time and stays as it was once it is part of the history. So the KV cache of one turn is a
// prefix of the next. Thread safety: belongs to one thread at a time.
#pragma once

#include "memory/window.h"
#include "models/llm/chat_model.h"
#include "tools/registry.h"

#include <string>
#include <vector>

namespace coda::assistant {

class Prompt {
  public:
    // `small`: no system text and bare user messages. Any system text of our own that was tried makes the
    // packaged SmolLM2 worse: with "You are a helpful AI assistant named Coda." it no longer says Paris.
    // `tools`: the model can call tools, and is told how to take what they return. `name` and `character`:
    // who it is, and what it is told of that (personality/persona.h).
    Prompt(bool small, bool tools, const std::string& name, const std::string& character, int max_turns,
           int max_tokens);

    // The time, what is remembered, and how to speak where that has changed, as the newest user message
    // begins.
    static std::string note(const tools::ToolContext& now, const std::vector<std::string>& known,
                            const std::string& manner);

    // The note of the turn being spoken. It stands before the words, so that it stays a prefix while they
    // grow.
    void open_turn(const std::string& note);
    void close_turn() { open_ = false; }
    std::string user_message(const std::string& words) const { return open_ ? note_ + words : words; }

    // The whole prompt, with `words` as the newest user message.
    std::vector<models::Message> messages(const std::string& words) const;

    void add(const std::string& message, const std::string& reply, int tokens) {
        window_.add({message, reply, tokens});
    }
    void drop_last() { window_.drop_last(); }
    bool trim() { return window_.trim(); }
    const memory::Window& window() const { return window_; }

  private:
    std::string system_;
    memory::Window window_;
    std::string note_;
    bool open_ = false;
};

}  // namespace coda::assistant
