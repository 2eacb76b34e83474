// From messages to the token ids that a chat model was trained to continue. A GGUF carries its template as a
// Jinja program, which is run; where it is missing, broken, or refuses the messages, the family it was
// recognised as is rendered instead. Either way markers become token ids only where the template wrote them,
// never where people did: a user who types "<|im_end|>" has typed ten ordinary characters. Thread safety:
// immutable; the Tokenizer must outlive it.
#pragma once

#include "models/llm/chat_model.h"
#include "models/llm/jinja_chat.h"
#include "models/llm/tokenizer.h"
#include "models/llm/tool_format.h"

#include <atomic>
#include <bitset>
#include <cstdint>
#include <memory>
#include <optional>
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
    // is false. `control_tokens` are the texts that the template may write as markers; those that are no
    // control tokens of this vocabulary are left out.
    ChatTemplate(std::string_view jinja, const Tokenizer& tokenizer,
                 std::span<const std::string_view> control_tokens = {});

    // Why the template is not run; empty where it is.
    const std::string& problem() const { return problem_; }
    // none: the template does not know of tools, or how its models call them is not known.
    ToolFormat tool_format() const { return tool_format_; }
    // The text of a control token; empty for others.
    std::string_view control_text(int32_t token) const;
    // The mark that opens tool calls, as ids.
    std::vector<int32_t> call_opening() const;

    TemplateFamily family() const { return family_; }
    bool recognised() const { return recognised_; }

    enum class Last {
        closed,  // the assistant's turn is opened after the last message
        open,    // the last message is still growing: it has no end marker, and nothing follows
    };
    // A conversation without a system text gets none: where the template would add its own, and there are no
    // tools to show, the family's form is written. BOS included where the model wants one. The ids of
    // messages that stay the same stay the same, as long as they are not the last.
    std::vector<int32_t> render(std::span<const Message> messages, Last last,
                                std::span<const ToolSpec> tools = {}) const;

    // Text at which a reply ends, where the family's end marker is no token of this vocabulary; else empty.
    const std::string& end_text() const { return end_text_; }

  private:
    class Writer;
    // Whether the template writes a system text of its own where a conversation has none ("You are ...,
    // trained by ...").
    bool adds_system_text() const;
    std::vector<int32_t> render_family(std::span<const Message> messages, Last last) const;
    // Text to ids, with the markers that the template wrote.
    std::vector<int32_t> encode(const jinja::Text& text) const;
    std::string_view marker_at(const jinja::Text& text, size_t at) const;
    void render_chatml(std::span<const Message> messages, Last last, Writer& out) const;
    void render_llama3(std::span<const Message> messages, Last last, Writer& out) const;
    void render_mistral(std::span<const Message> messages, Last last, Writer& out) const;
    void render_gemma(std::span<const Message> messages, Last last, Writer& out) const;

    struct Control {
        std::string text;
        int32_t token;
    };

    const Tokenizer& tokenizer_;
    std::vector<Control> controls_;    // longest first
    std::bitset<256> control_starts_;  // their first bytes
    std::optional<JinjaChat> jinja_;
    std::string problem_;
    ToolFormat tool_format_ = ToolFormat::none;
    bool adds_system_text_ = false;
    mutable std::atomic<bool> warned_{false};
    TemplateFamily family_ = TemplateFamily::chatml;
    bool recognised_ = false;
    // Mistral's versions differ in the spaces around the instruction and in whether there is a system prompt.
    bool system_prompt_ = false, space_after_open_ = false, space_before_close_ = false;
    std::string end_text_;
};

}  // namespace coda::models::llm
