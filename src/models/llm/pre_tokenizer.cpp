#include "models/llm/pre_tokenizer.h"

#include "models/llm/unicode.h"

#include <algorithm>

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
    if (letter(at) != '\'') return at;
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

// \s*[\r\n]+|\s+(?!\S)|\s+
size_t end_of_lines_or_space(std::span<const char32_t> text, size_t at) {
    for (size_t i = end_of_run(text, at, is_whitespace); i > at; --i) {
        if (is_line_end(text[i - 1])) return i;
    }
    return end_of_space(text, at);
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
    return end_of_lines_or_space(text, at);
}

// U*L+ or else U+L*, where U is [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}] and L [\p{Ll}\p{Lm}\p{Lo}\p{M}]. `first`: the
// former.
size_t end_of_cased(std::span<const char32_t> text, size_t at, bool first) {
    const size_t upper = end_of_run(text, at, is_upper_or_uncased);
    const size_t lower = end_of_run(text, upper, is_lower_or_uncased);
    if (!first) return upper > at ? lower : at;
    if (lower > upper) return lower;
    // What was taken for U must leave its last letter without case to L.
    for (size_t i = upper; i > at; --i) {
        if (is_lower_or_uncased(text[i - 1])) return i;
    }
    return at;
}

// One word of letters, with the character before it where that is neither letter, number nor line end.
size_t end_of_cased_word(std::span<const char32_t> text, size_t at) {
    const bool prefixed = !is_line_end(text[at]) && !is_letter(text[at]) && !is_number(text[at]);
    for (const bool first : {true, false}) {
        if (prefixed) {
            if (const size_t end = end_of_cased(text, at + 1, first); end > at + 1) return end;
        }
        if (const size_t end = end_of_cased(text, at, first); end > at) return end;
    }
    return at;
}

// [^\r\n\p{L}\p{N}]?U*L+c?|[^\r\n\p{L}\p{N}]?U+L*c?|\p{N}{1,n}|
// ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+
//                   (c = (?i:'s|'t|'re|'ve|'m|'ll|'d), n = 3 for gpt-4o; no c, n = 1 for tekken)
size_t next_cased(std::span<const char32_t> text, size_t at, const PreTokenizer& rule) {
    if (const size_t end = end_of_cased_word(text, at); end > at)
        return rule.contractions && end < text.size() ? end_of_contraction(text, end, true) : end;
    const char32_t c = text[at];
    if (is_number(c)) {
        const size_t limit = std::min(text.size(), at + static_cast<size_t>(rule.digits_per_word));
        return end_of_run(text.first(limit), at, is_number);
    }
    const size_t first = c == ' ' && at + 1 < text.size() ? at + 1 : at;
    if (is_symbol(text[first])) {
        return end_of_run(text, end_of_run(text, first, is_symbol),
                          [](char32_t tail) { return is_line_end(tail) || tail == '/'; });
    }
    return end_of_lines_or_space(text, at);
}

size_t next_word(const PreTokenizer& rule, std::span<const char32_t> text, size_t at) {
    switch (rule.words) {
        case PreTokenizer::Words::gpt2:
            return next_gpt2(text, at);
        case PreTokenizer::Words::llama3:
            return next_llama3(text, at, static_cast<size_t>(rule.digits_per_word));
        case PreTokenizer::Words::cased:
            return next_cased(text, at, rule);
    }
    return text.size();
}

void split_span(const PreTokenizer& rule, std::span<const char32_t> text, std::vector<size_t>& lengths) {
    for (size_t at = 0; at < text.size();) {
        const size_t end = next_word(rule, text, at);
        lengths.push_back(end - at);
        at = end;
    }
}

using Words = PreTokenizer::Words;

constexpr PreTokenizer kGpt2{};
constexpr PreTokenizer kSmollm{.digits_alone = true};
constexpr PreTokenizer kLlamaBpe{.words = Words::llama3, .whole_words_first = true, .adds_bos = true};
constexpr PreTokenizer kDbrx{.words = Words::llama3};
constexpr PreTokenizer kQwen2{.words = Words::llama3, .digits_per_word = 1};
constexpr PreTokenizer kTekken{
    .words = Words::cased, .digits_per_word = 1, .whole_words_first = true, .adds_bos = true};
constexpr PreTokenizer kGpt4o{.words = Words::cased, .contractions = true};

// The names that converters write for these rules, those to be named in messages first.
struct Named {
    std::string_view name;
    PreTokenizer rule;
};
constexpr Named kNames[] = {
    {"gpt-2", kGpt2},
    {"smollm", kSmollm},
    {"refact", kSmollm},  // granite
    {"llama-bpe", kLlamaBpe},
    {"dbrx", kDbrx},  // phi-4
    {"smaug-bpe", kDbrx},
    {"qwen2", kQwen2},
    {"tekken", kTekken},  // mistral
    {"gpt-4o", kGpt4o},   // phi-4-mini
    {"llama3", kLlamaBpe},
    {"llama-v3", kLlamaBpe},
    {"falcon3", kLlamaBpe},
    {"pixtral", kLlamaBpe},
    {"deepseek-r1-qwen", kQwen2},
    {"megrez", kQwen2},
    {"llama4", kGpt4o},
    {"starcoder", kSmollm},
    {"granite-docling", kGpt2},
};

}  // namespace

std::optional<PreTokenizer> PreTokenizer::named(std::string_view name) {
    for (const Named& known : kNames) {
        if (known.name == name) return known.rule;
    }
    return std::nullopt;
}

std::string_view PreTokenizer::known_names() {
    return "gpt-2, smollm, refact, llama-bpe, dbrx, smaug-bpe, qwen2, tekken, gpt-4o";
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
