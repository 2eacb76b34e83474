#include "models/llm/sentence_end.h"

#include "models/llm/unicode.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace coda::models::llm {

namespace {

bool is_ender(char32_t c) {
    return c == '.' || c == '?' || c == '!' || c == '\n' || c == U'。' || c == U'？' || c == U'！' ||
           c == U'।';
}

bool is_closer(char32_t c) {
    constexpr std::u32string_view kClosers = U"\"')]}*_’”»」』";
    return kClosers.find(c) != std::u32string_view::npos;
}

}  // namespace

bool ends_sentence(std::string_view token_text) {
    bool found = false;
    int dots_in_a_row = 0;
    for (const char32_t c : decode_utf8(token_text)) {
        if (!is_ender(c) && !is_closer(c) && !is_whitespace(c)) return false;
        dots_in_a_row = c == '.' ? dots_in_a_row + 1 : 0;
        if (dots_in_a_row > 1) return false;
        found = found || is_ender(c);
    }
    return found;
}

SentenceEnds::SentenceEnds(const Tokenizer& tokenizer) {
    for (int32_t id = 0; id < tokenizer.size(); ++id) {
        if (tokenizer.ends_generation(id) || ends_sentence(tokenizer.piece(id))) ids_.push_back(id);
    }
}

float SentenceEnds::probability(std::span<const float> logits) const {
    const float top = *std::max_element(logits.begin(), logits.end());
    double all = 0, ends = 0;
    for (const float logit : logits) all += std::exp(static_cast<double>(logit - top));
    for (const int32_t id : ids_)
        ends += std::exp(static_cast<double>(logits[static_cast<size_t>(id)] - top));
    return static_cast<float>(ends / all);
}

std::string_view without_final_marks(std::string_view words) {
    constexpr std::array<std::string_view, 7> kMarks{"…", "。", "？", "！", "।", "“", "”"};
    for (;;) {
        const size_t end = words.find_last_not_of(" \t\r\n.,;:!?-\"");
        words = end == std::string_view::npos ? std::string_view() : words.substr(0, end + 1);
        const auto mark = std::find_if(kMarks.begin(), kMarks.end(),
                                       [&](std::string_view m) { return words.ends_with(m); });
        if (mark == kMarks.end()) return words;
        words.remove_suffix(mark->size());
    }
}

}  // namespace coda::models::llm
