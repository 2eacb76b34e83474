// Word error rate for tests: words are compared after a normalisation that treats "10:30" and "ten thirty",
// "15%" and "fifteen percent", "what's" and "what is" as the same. English only. Thread safety: free
// functions without state.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace coda::test {

struct WordErrors {
    int substitutions = 0, deletions = 0, insertions = 0;
    int reference_words = 0;

    int total() const { return substitutions + deletions + insertions; }
    // Errors over reference words; an empty reference counts as one word.
    double rate() const { return static_cast<double>(total()) / (reference_words > 0 ? reference_words : 1); }
    WordErrors& operator+=(const WordErrors& other);
};

// Lower-case words: punctuation dropped, contractions written out, numbers as digits ("two hundred and forty"
// -> "240", "7:30" and "seven thirty" -> "730", "twenty-third" -> "23rd").
std::vector<std::string> normalised_words(std::string_view text);

// The fewest edits that turn the reference's words into the hypothesis's (Levenshtein).
WordErrors word_errors(std::string_view reference, std::string_view hypothesis);

double word_error_rate(std::string_view reference, std::string_view hypothesis);

}  // namespace coda::test
