// Text into sentences, and long sentences into clauses. Thread safety: free functions without state.
#pragma once

#include "models/hibari/text/normalise.h"
#include "models/hibari/text/unicode.h"

#include <vector>

namespace coda::models::hibari {

// Sentences end at line breaks and at . ! ? … before a space, but not after a title or an initial ("Dr.
// Smith", "J. K. Rowling") and not before a small letter. Closing quotes and brackets after the mark are
// dropped.
std::vector<Text> split_sentences(TextView text, const Normaliser& normaliser);

// Text or phonemes into stretches of at most `most` characters, cut after , ; : — and, where there are none,
// at a space.
std::vector<Text> split_at_pauses(TextView text, size_t most);

}  // namespace coda::models::hibari
