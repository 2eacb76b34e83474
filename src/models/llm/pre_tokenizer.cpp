#include "models/llm/pre_tokenizer.h"

#include "models/llm/unicode.h"

#include <array>
#include <utility>

namespace coda::models::llm {

namespace {

bool is_line_end(char32_t c) {
    return c == '\r' || c == '\n';
}
bool is_symbol(char32_t c) {
    return !is_whitespace(c) && !is_letter(c) && !is_number(c);
}

char32_t ascii_lower(char32_t c) {
    return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

template <class Class>
size_t end_of_run(std::span<const char32_t> text, size_t at, Class in_class) {
    while (at < text.size() && in_class(text[at])) ++at;
    return at;
}

// End of 's 't 're 've 'm 'll 'd starting at `at`, or `at` where there is none.
size_t end_of_contraction(std::span<const char32_t> text, size_t at, bool any_case) {
    const auto letter = [&](size_t i) -> char32_t {
        if (i >= text.size()) return 0;
        return any_case ? ascii_lower(text[i]) : text[i];
    };
    if (text[at] != '\'') return at;
    const char32_t first = letter(at + 1);
    if (first == 's' || first == 't' || first == 'm' || first == 'd') return at + 2;
    const char32_t second = letter(at + 2);
    if ((first == 'r' && second == 'e') || (first == 'v' && second == 'e') ||
        (first == 'l' && second == 'l')) {
        return at + 3;
    }
    return at;
}

// \s+(?!\S)|\s+ : a run of white space leaves its last character to the word after it.
size_t end_of_space(std::span<const char32_t> text, size_t at) {
    const size_t end = end_of_run(text, at, is_whitespace);
    return end < text.size() && end - at > 1 ? end - 1 : end;
}

// 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
size_t next_gpt2(std::span<const char32_t> text, size_t at) {
    if (const size_t end = end_of_contraction(text, at, false); end > at) return end;
    const size_t first = text[at] == ' ' && at + 1 < text.size() ? at + 1 : at;
    if (is_letter(text[first])) return end_of_run(text, first, is_letter);
    if (is_number(text[first])) return end_of_run(text, first, is_number);
    if (is_symbol(text[first])) return end_of_run(text, first, is_symbol);
    return end_of_space(text, at);
}

// (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,n}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|
// \s+(?!\S)|\s+                               (n = 3 for llama-bpe, 1 for qwen2)
size_t next_llama3(std::span<const char32_t> text, size_t at, size_t digits) {
    if (const size_t end = end_of_contraction(text, at, true); end > at) return end;
    const char32_t c = text[at];
    if (is_letter(c)) return end_of_run(text, at, is_letter);
    if (is_number(c)) {
        const size_t limit = std::min(text.size(), at + digits);
        return end_of_run(text.first(limit), at, is_number);
    }
    if (!is_line_end(c) && at + 1 < text.size() && is_letter(text[at + 1])) {
        return end_of_run(text, at + 1, is_letter);
    }
    const size_t first = c == ' ' && at + 1 < text.size() ? at + 1 : at;
    if (is_symbol(text[first])) return end_of_run(text, end_of_run(text, first, is_symbol), is_line_end);
    const size_t space_end = end_of_run(text, at, is_whitespace);
    for (size_t i = space_end; i > at; --i) {
        if (is_line_end(text[i - 1])) return i;
    }
    return end_of_space(text, at);
}

void split_span(const PreTokenizer& rule, std::span<const char32_t> text, std::vector<size_t>& lengths) {
    for (size_t at = 0; at < text.size();) {
        const size_t end = rule.words == PreTokenizer::Words::gpt2
                               ? next_gpt2(text, at)
                               : next_llama3(text, at, static_cast<size_t>(rule.digits_per_word));
        lengths.push_back(end - at);
        at = end;
    }
}

constexpr PreTokenizer kGpt2{};
constexpr PreTokenizer kSmollm{.digits_alone = true};
constexpr PreTokenizer kLlamaBpe{
    .words = PreTokenizer::Words::llama3, .whole_words_first = true, .adds_bos = true};
constexpr PreTokenizer kQwen2{.words = PreTokenizer::Words::llama3, .digits_per_word = 1};

// The names that converters write for these four rules; llama3 and llama-v3 are llama-bpe's older names.
constexpr std::array<std::pair<std::string_view, PreTokenizer>, 8> kNames{{
    {"gpt-2", kGpt2},
    {"smollm", kSmollm},
    {"llama-bpe", kLlamaBpe},
    {"llama3", kLlamaBpe},
    {"llama-v3", kLlamaBpe},
    {"qwen2", kQwen2},
    {"deepseek-r1-qwen", kQwen2},
    {"falcon3", kLlamaBpe},
}};

}  // namespace

std::optional<PreTokenizer> PreTokenizer::named(std::string_view name) {
    for (const auto& [known, rule] : kNames) {
        if (known == name) return rule;
    }
    return std::nullopt;
}

std::string_view PreTokenizer::known_names() {
    return "smollm, llama-bpe, qwen2, gpt-2";
}

std::vector<size_t> split_words(const PreTokenizer& rule, std::span<const char32_t> text) {
    std::vector<size_t> lengths;
    if (!rule.digits_alone) {
        split_span(rule, text, lengths);
        return lengths;
    }
    for (size_t at = 0; at < text.size();) {
        const size_t number = end_of_run(text, at, [](char32_t c) { return !is_number(c); });
        split_span(rule, text.subspan(at, number - at), lengths);
        if (number < text.size()) lengths.push_back(1);
        at = number + 1;
    }
    return lengths;
}

}  // namespace coda::models::llm
