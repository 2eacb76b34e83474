// What was said, as words that rules can be written for: lower case, contractions written out ("what's" ->
// "what is"), hesitations and "please" dropped, numbers in digits ("two hundred and forty" -> "240"), signs
// as words of their own ("15%" -> "15 %"). Each word knows where it came from, so that a captured part can be
// given back as said. Thread safety: pure functions over values.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace coda::tools {

struct Word {
    std::string text;  // normalised
    size_t begin = 0;  // byte range in the utterance it came from; two words of a contraction share it
    size_t end = 0;
    bool pause = false;   // a comma, colon, semicolon or dash follows
    bool broken = false;  // a hesitation followed
};

struct Sentence {
    std::vector<Word> words;
    bool question = false;  // ended with a question mark
};

struct Utterance {
    std::string raw;
    std::vector<Sentence> sentences;  // none is empty

    // All words in one row, as if the sentences were one.
    Sentence joined() const;
    // What was said from words[first] to words[last - 1], as it was said but without hesitations.
    std::string said(const std::vector<Word>& words, size_t first, size_t last) const;

    std::vector<bool> dropped;  // per byte of raw: part of a hesitation
};

// Never fails: bytes that are no UTF-8 are dropped; what goes beyond kMaxUtterance bytes is not looked at.
Utterance read_words(std::string_view text);
inline constexpr size_t kMaxUtterance = 4096;

// The words of a phrase from a rule or a slot, joined by blanks: read_words without the dropping of
// hesitations.
std::vector<std::string> phrase_words(std::string_view phrase);

// "12", "3.5": digits with at most one point.
bool is_number(std::string_view word);

}  // namespace coda::tools
