// A conversation through the chat template in a model's file: what the template is given, what it can show,
// and how it is asked. Thinking is switched off: a voice has no use for it. Thread safety: immutable.
#pragma once

#include "base/result.h"
#include "models/llm/chat_model.h"
#include "models/llm/jinja/template.h"

#include <span>
#include <string>
#include <string_view>

namespace coda::models::llm {

class JinjaChat {
  public:
    // `bos`, `eos`: the texts of these tokens, for the template to write. Fails with what is wrong with the
    // template, or with unsupported where it does not show a user's words.
    static Result<JinjaChat> create(std::string_view source, std::string bos, std::string eos);

    // The assistant's turn is opened after the last message. Fails as jinja::Template::render does: a
    // template may refuse an order of roles.
    Result<jinja::Text> closed(std::span<const Message> messages, std::span<const ToolSpec> tools) const;
    // Up to the end of the last message's words so far.
    Result<jinja::Text> open(std::span<const Message> messages, std::span<const ToolSpec> tools) const;

    // Whether the template tells the model of its tools, and of calls and results in the history.
    bool shows_tools() const { return shows_tools_; }

  private:
    explicit JinjaChat(jinja::Template parsed) : template_(std::move(parsed)) {}
    Result<jinja::Text> render(std::span<const Message> messages, std::span<const ToolSpec> tools,
                               bool opened) const;
    bool probe_system() const;
    bool probe_tools() const;

    jinja::Template template_;
    std::string bos_, eos_;
    bool shows_system_ = true, shows_tools_ = false;
};

}  // namespace coda::models::llm
