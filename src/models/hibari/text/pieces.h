// Tokens into the pieces that the lexicon reads: "iPhone15" into "i", "Phone", "15"; and the words that
// neighbouring pieces form. Punctuation gets its phonemes here. Thread safety: free functions without state.
#pragma once

#include "models/hibari/text/token.h"

#include <vector>

namespace coda::models::hibari {

constexpr TextView kPausePunctuation = U";:,.!?—…";
constexpr TextView kSilentInWords = U"',-._‘’/";  // silent inside a word

// The pieces of one token's text, cut at changes of case, digits and punctuation. Never empty for a token
// with text.
std::vector<Text> cut_pieces(TextView token);

// Words, each of the pieces that belong together.
std::vector<std::vector<Token>> form_words(const std::vector<Token>& tokens);

// Several pieces as one token; phonemes are left out.
Token merged(const Token* begin, const Token* end);

}  // namespace coda::models::hibari
