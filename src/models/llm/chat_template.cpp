#include "models/llm/chat_template.h"

#include "base/log.h"

#include <algorithm>

namespace coda::models::llm {

namespace {

bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

std::string_view trimmed(std::string_view text) {
    const size_t first = text.find_first_not_of(" \t\r\n\f\v");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n\f\v") - first + 1);
}

// Of a message that still grows only the start is settled.
std::string_view left_trimmed(std::string_view text) {
    const size_t first = text.find_first_not_of(" \t\r\n\f\v");
    return first == std::string_view::npos ? std::string_view() : text.substr(first);
}

const char* role_name(Role role) {
    switch (role) {
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

const char* end_marker(TemplateFamily family) {
    switch (family) {
        case TemplateFamily::chatml:
            return "<|im_end|>";
        case TemplateFamily::llama3:
            return "<|eot_id|>";
        case TemplateFamily::mistral:
            return "</s>";
        case TemplateFamily::gemma:
            return "<end_of_turn>";
    }
    return "";
}

}  // namespace

const char* to_string(TemplateFamily family) {
    switch (family) {
        case TemplateFamily::chatml:
            return "ChatML";
        case TemplateFamily::llama3:
            return "Llama 3";
        case TemplateFamily::mistral:
            return "Mistral";
        case TemplateFamily::gemma:
            return "Gemma";
    }
    return "";
}

// Collects text until a marker cuts it, because BPE merges across the pieces of a text but never across a
// marker.
class ChatTemplate::Writer {
  public:
    explicit Writer(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}

    void bos(const char* family_bos) {
        const auto named = tokenizer_.find(family_bos);
        if (named) {
            ids_.push_back(*named);
        } else if (tokenizer_.bos()) {
            ids_.push_back(*tokenizer_.bos());
        }
    }
    void marker(std::string_view name) {
        const auto id = tokenizer_.find(name);
        if (!id) return text(name);
        flush();
        ids_.push_back(*id);
    }
    void text(std::string_view text) { pending_ += text; }
    std::vector<int32_t> take() {
        flush();
        return std::move(ids_);
    }

  private:
    void flush() {
        const auto ids = tokenizer_.encode(pending_);
        ids_.insert(ids_.end(), ids.begin(), ids.end());
        pending_.clear();
    }
    const Tokenizer& tokenizer_;
    std::vector<int32_t> ids_;
    std::string pending_;
};

ChatTemplate::ChatTemplate(std::string_view jinja, const Tokenizer& tokenizer,
                           std::span<const std::string_view> control_tokens)
    : tokenizer_(tokenizer) {
    for (const std::string_view text : control_tokens)
        if (const auto id = tokenizer.find(text); id && tokenizer.is_control(*id) && !text.empty())
            controls_.push_back({std::string(text), *id});
    for (const Control& control : controls_) control_starts_.set(static_cast<unsigned char>(control.text[0]));
    std::stable_sort(controls_.begin(), controls_.end(),
                     [](const Control& a, const Control& b) { return a.text.size() > b.text.size(); });
    recognised_ = true;
    if (has(jinja, "<|im_start|>") && !has(jinja, "<|im_sep|>")) {
        family_ = TemplateFamily::chatml;
    } else if (has(jinja, "<|start_header_id|>") && has(jinja, "<|end_header_id|>")) {
        family_ = TemplateFamily::llama3;
    } else if (has(jinja, "<start_of_turn>")) {
        family_ = TemplateFamily::gemma;
    } else if (has(jinja, "[INST]") && !has(jinja, "<<SYS>>")) {
        family_ = TemplateFamily::mistral;
        system_prompt_ = has(jinja, "[SYSTEM_PROMPT]");
        space_after_open_ = has(jinja, "[INST] ");
        space_before_close_ = has(jinja, " [/INST]");
    } else {
        recognised_ = false;
    }
    const auto text_of = [&](const std::optional<int32_t>& token) {
        return token ? std::string(control_text(*token)) : std::string();
    };
    auto chat = JinjaChat::create(jinja, text_of(tokenizer.bos()), text_of(tokenizer.eos()));
    if (chat) {
        jinja_ = std::move(*chat);
        if (jinja_->shows_tools()) tool_format_ = tool_format_of(jinja);
        adds_system_text_ = recognised_ && adds_system_text();
    } else {
        problem_ = jinja.empty() ? "it is missing" : chat.error().message();
    }
    // A template that is run and belongs to no family ends its turns with the vocabulary's own token.
    if ((recognised_ || !jinja_) && !tokenizer.find(end_marker(family_))) end_text_ = end_marker(family_);
}

bool ChatTemplate::adds_system_text() const {
    constexpr size_t kTokens =
        4;  // that the two forms may differ by: a marker, a line break, a closed thought
    const Message user{Role::user, "Hi"};
    const auto text = jinja_->open({&user, 1}, {});
    return text && encode(*text).size() > render_family({&user, 1}, Last::open).size() + kTokens;
}

std::string_view ChatTemplate::control_text(int32_t token) const {
    const auto found =
        std::find_if(controls_.begin(), controls_.end(), [&](const Control& c) { return c.token == token; });
    return found == controls_.end() ? std::string_view() : std::string_view(found->text);
}

std::vector<int32_t> ChatTemplate::call_opening() const {
    return encode(jinja::Text(llm::call_opening(tool_format_), jinja::Origin::source));
}

std::string_view ChatTemplate::marker_at(const jinja::Text& text, size_t at) const {
    if (!control_starts_.test(static_cast<unsigned char>(text.bytes[at]))) return {};
    const std::string_view rest = std::string_view(text.bytes).substr(at);
    const std::string_view origins = std::string_view(text.origins).substr(at);
    for (const Control& control : controls_) {
        if (rest[0] != control.text[0] || !rest.starts_with(control.text)) continue;
        const auto written = origins.substr(0, control.text.size());
        if (written.find_first_not_of(static_cast<char>(jinja::Origin::source)) == std::string_view::npos)
            return control.text;
    }
    return {};
}

std::vector<int32_t> ChatTemplate::encode(const jinja::Text& text) const {
    Writer out(tokenizer_);
    size_t begin = 0;
    for (size_t at = 0; at < text.size();) {
        const std::string_view marker = text.origins[at] == static_cast<char>(jinja::Origin::source)
                                            ? marker_at(text, at)
                                            : std::string_view();
        if (marker.empty()) {
            ++at;
            continue;
        }
        out.text(std::string_view(text.bytes).substr(begin, at - begin));
        out.marker(marker);
        begin = at += marker.size();
    }
    out.text(std::string_view(text.bytes).substr(begin));
    return out.take();
}

std::vector<int32_t> ChatTemplate::render(std::span<const Message> messages, Last last,
                                          std::span<const ToolSpec> tools) const {
    if (!jinja_) return render_family(messages, last);
    if (tool_format_ == ToolFormat::none) tools = {};
    const bool has_system = std::any_of(messages.begin(), messages.end(),
                                        [](const Message& message) { return message.role == Role::system; });
    if (adds_system_text_ && !has_system && tools.empty()) return render_family(messages, last);
    const auto text = last == Last::open ? jinja_->open(messages, tools) : jinja_->closed(messages, tools);
    if (!text) {
        if (!warned_.exchange(true))
            log::warn("the chat template fails ({}); using {}'s form", text.error().message(),
                      to_string(family_));
        return render_family(messages, last);
    }
    std::vector<int32_t> ids = encode(*text);
    const auto bos = tokenizer_.bos();
    if (tokenizer_.adds_bos() && bos && (ids.empty() || ids.front() != *bos)) ids.insert(ids.begin(), *bos);
    return ids;
}

std::vector<int32_t> ChatTemplate::render_family(std::span<const Message> messages, Last last) const {
    Writer out(tokenizer_);
    switch (family_) {
        case TemplateFamily::chatml:
            render_chatml(messages, last, out);
            break;
        case TemplateFamily::llama3:
            render_llama3(messages, last, out);
            break;
        case TemplateFamily::mistral:
            render_mistral(messages, last, out);
            break;
        case TemplateFamily::gemma:
            render_gemma(messages, last, out);
            break;
    }
    return out.take();
}

void ChatTemplate::render_chatml(std::span<const Message> messages, Last last, Writer& out) const {
    if (tokenizer_.adds_bos()) out.bos("");
    for (const Message& message : messages) {
        out.marker("<|im_start|>");
        out.text(role_name(message.role));
        out.text("\n");
        out.text(message.text);
        if (last == Last::open && &message == &messages.back()) return;
        out.marker("<|im_end|>");
        out.text("\n");
    }
    out.marker("<|im_start|>");
    out.text("assistant\n");
}

void ChatTemplate::render_llama3(std::span<const Message> messages, Last last, Writer& out) const {
    const auto header = [&](const char* role) {
        out.marker("<|start_header_id|>");
        out.text(role);
        out.marker("<|end_header_id|>");
        out.text("\n\n");
    };
    out.bos("<|begin_of_text|>");
    for (const Message& message : messages) {
        header(message.role == Role::tool ? "ipython" : role_name(message.role));
        if (last == Last::open && &message == &messages.back()) return out.text(left_trimmed(message.text));
        out.text(trimmed(message.text));
        out.marker("<|eot_id|>");
    }
    header("assistant");
}

void ChatTemplate::render_mistral(std::span<const Message> messages, Last last, Writer& out) const {
    out.bos("<s>");
    std::string before_user;
    for (const Message& message : messages) {
        if (message.role == Role::assistant) {
            out.text(message.text);
            out.marker("</s>");
            continue;
        }
        if (message.role == Role::system) {
            if (system_prompt_) {
                out.marker("[SYSTEM_PROMPT]");
                out.text(message.text);
                out.marker("[/SYSTEM_PROMPT]");
            } else {
                before_user += message.text + "\n\n";
            }
            continue;
        }
        out.marker("[INST]");
        if (space_after_open_) out.text(" ");
        out.text(before_user);
        before_user.clear();
        out.text(message.text);
        if (last == Last::open && &message == &messages.back()) return;
        if (space_before_close_) out.text(" ");
        out.marker("[/INST]");
    }
}

void ChatTemplate::render_gemma(std::span<const Message> messages, Last last, Writer& out) const {
    out.bos("<bos>");
    std::string before_user;
    for (const Message& message : messages) {
        if (message.role == Role::system) {
            before_user.append(trimmed(message.text)).append("\n\n");
            continue;
        }
        out.marker("<start_of_turn>");
        out.text(message.role == Role::assistant ? "model\n" : "user\n");
        if (message.role != Role::assistant) {
            out.text(before_user);
            before_user.clear();
        }
        if (last == Last::open && &message == &messages.back()) return out.text(left_trimmed(message.text));
        out.text(trimmed(message.text));
        out.marker("<end_of_turn>");
        out.text("\n");
    }
    out.marker("<start_of_turn>");
    out.text("model\n");
}

}  // namespace coda::models::llm
