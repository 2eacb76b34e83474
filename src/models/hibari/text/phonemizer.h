// Text to phonemes, one accent: normalise, cut into tokens, tag, cut tokens into readable pieces, read them
// from the last to the first (what follows decides how "the" sounds), unknown words by the speller. Thread
// safety: immutable; operator() may be called from several threads.
#pragma once

#include "base/result.h"
#include "models/hibari/text/lexicon.h"
#include "models/hibari/text/normalise.h"
#include "models/hibari/text/tagger.h"
#include "models/hibari/text/token.h"
#include "models/hibari/text/tokenizer.h"

#include <functional>
#include <memory>
#include <vector>

namespace coda::models::hibari {

// The tables that all accents share.
struct TextRules {
    Normaliser normaliser;
    Tokenizer tokenizer;
    Tagger tagger;
};

// A word that the lexicon cannot read; nothing where it cannot be said.
using SpellWord = std::function<Result<std::optional<Text>>(TextView word)>;

class Phonemizer {
  public:
    Phonemizer(std::shared_ptr<const TextRules> rules, Lexicon lexicon, SpellWord spell)
        : rules_(std::move(rules)), lexicon_(std::move(lexicon)), spell_(std::move(spell)) {}

    // The phonemes of one line, in misaki's alphabet. [word](/phonemes/) sets a word's phonemes directly.
    Result<Text> operator()(TextView line) const;

  private:
    using Word = std::vector<Token>;  // pieces that are read together; never empty

    std::vector<Token> tokens(TextView line) const;
    void append_tokens(TextView text, std::vector<Token>& out) const;
    Status read(Word& word, Context& context) const;
    Status read_single(Token& token, Context& context) const;
    Status read_pieces(Word& word, Context& context) const;
    Result<Text> spell_unknown(TextView text) const;

    std::shared_ptr<const TextRules> rules_;
    Lexicon lexicon_;
    SpellWord spell_;
};

}  // namespace coda::models::hibari
