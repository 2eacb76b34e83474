// From messages to the token ids that a chat model was trained to continue. A GGUF carries its template as a
// Jinja program; Coda recognises the family it belongs to and renders that itself, so that markers go in as
// token ids and are never parsed out of what people said: a user who types "<|im_end|>" has typed ten
// ordinary characters. Thread safety: immutable; the Tokenizer must outlive it.
#pragma once

#include "models/llm/chat_model.h"
#include "models/llm/tokenizer.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace coda::models::llm {

enum class TemplateFamily { chatml, llama3, mistral, gemma };
const char* to_string(TemplateFamily family);

class ChatTemplate {
  public:
    // From tokenizer.chat_template; what no family claims (or an empty text) becomes ChatML, and recognised()
    // is false.
    ChatTemplate(std::string_view jinja, const Tokenizer& tokenizer);

    TemplateFamily family() const { return family_; }
    bool recognised() const { return recognised_; }

    enum class Last {
        closed,  // the assistant's turn is opened after the last message
        open,    // the last message is still growing: it has no end marker, and nothing follows
    };
    // BOS included where the model wants one. The ids of messages that stay the same stay the same, as long
    // as they are not the last.
    std::vector<int32_t> render(std::span<const Message> messages, Last last) const;

    // Text at which a reply ends, where the family's end marker is no token of this vocabulary; else empty.
    const std::string& end_text() const { return end_text_; }

  private:
    class Writer;
    void render_chatml(std::span<const Message> messages, Last last, Writer& out) const;
    void render_llama3(std::span<const Message> messages, Last last, Writer& out) const;
    void render_mistral(std::span<const Message> messages, Last last, Writer& out) const;
    void render_gemma(std::span<const Message> messages, Last last, Writer& out) const;

    const Tokenizer& tokenizer_;
    TemplateFamily family_ = TemplateFamily::chatml;
    bool recognised_ = false;
    // Mistral's versions differ in the spaces around the instruction and in whether there is a system prompt.
    bool system_prompt_ = false, space_after_open_ = false, space_before_close_ = false;
    std::string end_text_;
};

}  // namespace coda::models::llm
