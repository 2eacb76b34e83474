// Small steps over a text at a position, from which the normalisation rules are put together. Every function
// takes any position and answers "nothing there" beyond the end. Thread safety: free functions without state.
#pragma once

#include "models/hibari/text/unicode.h"

#include <cstdint>
#include <optional>
#include <string>

namespace coda::models::hibari {

// What a rule does to text[at, end).
struct Edit {
    size_t end = 0;
    Text with;
};

inline char32_t at_or_nul(TextView text, size_t i) {
    return i < text.size() ? text[i] : U'\0';
}
inline bool word_at(TextView text, size_t i) {
    return i < text.size() && is_word(text[i]);
}
inline bool digit_at(TextView text, size_t i) {
    return i < text.size() && is_ascii_digit(text[i]);
}
inline bool space_at(TextView text, size_t i) {
    return i < text.size() && is_space(text[i]);
}

// Between a word character and something else.
inline bool word_boundary(TextView text, size_t i) {
    return (i > 0 && word_at(text, i - 1)) != word_at(text, i);
}

// The character before `i` is neither a word character nor one of `others`.
inline bool stands_free(TextView text, size_t i, TextView others) {
    return i == 0 || (!is_word(text[i - 1]) && !contains(others, text[i - 1]));
}

// The end of the run of ASCII digits at `i`, of at most `most` of them.
inline size_t digits_end(TextView text, size_t i, size_t most = SIZE_MAX) {
    const size_t limit = most > text.size() - std::min(i, text.size()) ? text.size() : i + most;
    while (i < limit && is_ascii_digit(text[i])) ++i;
    return i;
}

// The end of a number such as 12, 1,234 or 3.14 at `i`; `i` itself when there is none.
size_t number_end(TextView text, size_t i);
// The same with a minus sign allowed before it.
size_t signed_number_end(TextView text, size_t i);

inline size_t skip_one_space(TextView text, size_t i) {
    return space_at(text, i) ? i + 1 : i;
}
inline bool starts_at(TextView text, size_t i, TextView what) {
    return i <= text.size() && text.substr(i, what.size()) == what;
}

// The value of at most nine ASCII digits.
int to_int(TextView digits);
std::string to_ascii(TextView digits);
Text from_ascii(std::string_view ascii);

// The text with `rule(text, at)` applied wherever it matches, from left to right.
template <class Rule>
Text replace_all(const Text& text, const Rule& rule) {
    Text out;
    size_t copied = 0;
    for (size_t at = 0; at < text.size();) {
        const std::optional<Edit> edit = rule(TextView(text), at);
        if (!edit) {
            ++at;
            continue;
        }
        out.append(text, copied, at - copied);
        out += edit->with;
        at = copied = edit->end > at ? edit->end : at + 1;
    }
    if (copied == 0) return text;
    out.append(text, copied);
    return out;
}

// Runs of whitespace become one space; none at the ends.
Text fold_spaces(TextView text);

}  // namespace coda::models::hibari
