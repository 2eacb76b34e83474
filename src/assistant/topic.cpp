#include "assistant/topic.h"

#include "tools/builtin.h"

#include <algorithm>

namespace coda::assistant {
namespace {

using tools::Recognition;
using tools::Utterance;
using Words = std::vector<std::string>;

std::string joined(Words words, const Words& more = {}) {
    words.insert(words.end(), more.begin(), more.end());
    std::string out;
    for (const std::string& word : words)
        if (!word.empty()) out += (out.empty() ? "" : " ") + word;
    return out;
}

// `words` with the row `part` in it replaced; nothing where it is not there.
std::optional<Words> replaced(const Words& words, const Words& part, const Words& by) {
    if (part.empty()) return std::nullopt;
    const auto at = std::search(words.begin(), words.end(), part.begin(), part.end());
    if (at == words.end()) return std::nullopt;
    Words out(words.begin(), at);
    out.insert(out.end(), by.begin(), by.end());
    out.insert(out.end(), at + static_cast<std::ptrdiff_t>(part.size()), words.end());
    return out;
}

// What is asked of a tool, or would be if there were one. What changes something is not done again by half a
// question.
Recognition asked(const Utterance& utterance, const tools::Recognizer& recognizer,
                  const tools::Registry& registry) {
    Recognition command = recognizer.command(utterance);
    if (command.kind == Recognition::Kind::none)
        return recognizer.no_tool(utterance, [&](std::string_view topic) { return registry.covers(topic); });
    const std::optional<tools::Call> call = tools::to_call(command);
    const tools::Tool* tool = call ? registry.find(call->tool) : nullptr;
    return tool && tool->safety == tools::Safety::read ? command : Recognition();
}

// A slot that takes anything proves nothing.
bool fills_in(const Recognition& whole, const Words& words) {
    return std::any_of(whole.slots.begin(), whole.slots.end(), [&](const auto& slot) {
        return slot.first != "unknown" && std::search(slot.second.words.begin(), slot.second.words.end(),
                                                      words.begin(), words.end()) != slot.second.words.end();
    });
}

}  // namespace

std::vector<std::string> Topic::candidates(const Words& new_words, const std::string& preposition) const {
    std::vector<std::string> out;
    const Words& words = last_.words;
    // After the same preposition: "15 % of 240", "and of 300?".
    const auto same = std::find(words.rbegin(), words.rend(), preposition);
    if (!preposition.empty() && same != words.rend())
        out.push_back(joined(Words(words.begin(), same.base()), new_words));
    for (const auto& [name, slot] : last_.slots)
        if (const auto changed = replaced(words, slot.words, new_words)) out.push_back(joined(*changed));
    // There was no such thing yet: "what time is it", "and in Paris?".
    Words more = new_words;
    if (!preposition.empty()) more.insert(more.begin(), preposition);
    out.push_back(joined(words, more));
    if (preposition.empty()) out.push_back(joined(words, {"in", joined(new_words)}));
    return out;
}

Utterance Topic::completed(const Utterance& utterance, const tools::Recognizer& recognizer,
                           const tools::Registry& registry) const {
    if (last_.kind == Recognition::Kind::none) return utterance;
    if (recognizer.command(utterance).kind != Recognition::Kind::none) return utterance;
    const std::optional<Recognition> part = recognizer.ellipsis(utterance);
    if (!part) return utterance;
    const auto preposition = part->slots.find("link");
    const Words& new_words = part->slots.at("new").words;
    for (const std::string& text :
         candidates(new_words, preposition == part->slots.end() ? "" : joined(preposition->second.words))) {
        Utterance whole = tools::read_words(text);
        const Recognition heard = asked(whole, recognizer, registry);
        if (heard.kind != last_.kind || heard.name != last_.name) continue;
        if (heard.kind == Recognition::Kind::no_tool || fills_in(heard, new_words)) return whole;
    }
    return utterance;
}

void Topic::set(const Utterance& whole, const tools::Recognizer& recognizer,
                const tools::Registry& registry) {
    const Recognition command = recognizer.command(whole);
    const bool phrase = command.kind != Recognition::Kind::none && !tools::to_call(command);
    if (!phrase) last_ = asked(whole, recognizer, registry);
}

}  // namespace coda::assistant
