#include "tools/claims.h"

#include "tools/pattern_text.h"
#include "tools/words.h"

namespace coda::tools {
namespace {

// "3:45", "12:05".
bool is_clock(std::span<const std::string> words) {
    if (words.size() != 1) return false;
    const std::string& word = words.front();
    const size_t colon = word.find(':');
    return colon != std::string::npos && is_number(word.substr(0, colon)) &&
           is_number(word.substr(colon + 1));
}

}  // namespace

Result<Claims> Claims::create() {
    Claims out;
    SlotTypes types = {
        {"number",
         [](std::span<const std::string> words) { return words.size() == 1 && is_number(words.front()); }},
        {"clock", is_clock}};
    CODA_TRY(out.patterns_, Patterns::parse(claims_text(), "claims.txt", std::move(types)));
    return out;
}

Claim Claims::in(std::string_view clause) const {
    for (const Sentence& sentence : read_words(clause).sentences) {
        std::vector<std::string> words;
        for (const Word& word : sentence.words) words.push_back(word.text);
        if (sentence.question || words.size() > 80) continue;
        const auto match = patterns_.match(words, [](std::string_view) { return true; });
        if (match) return match->section == "action" ? Claim::action : Claim::live;
    }
    return Claim::none;
}

}  // namespace coda::tools
