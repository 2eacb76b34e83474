// The LLM as a witness of whether a person has finished speaking: how likely is it that what comes next ends
// the sentence? Thread safety: immutable.
#pragma once

#include "models/llm/tokenizer.h"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace coda::models::llm {

// Whether a token's text, put after a word, ends the sentence: after optional spaces it is made of closing
// quotes and brackets, white space, and at least one of . ? ! (or their full-width and Devanagari forms) or a
// line end.
// "." "?!" ".\n" and "!\"" do; ".com", ".5", an ellipsis (speech trails off, it does not end) and "," do not.
bool ends_sentence(std::string_view token_text);

class SentenceEnds {
  public:
    explicit SentenceEnds(const Tokenizer& tokenizer);
    // Probability, under the softmax of `logits` (one per token of the vocabulary), of a token that ends the
    // sentence or the turn.
    float probability(std::span<const float> logits) const;

  private:
    std::vector<int32_t> ids_;
};

// `words` without white space and punctuation at its end. A transcript mostly comes with a final mark that
// the recogniser guessed; the question above must be put before it.
std::string_view without_final_marks(std::string_view words);

}  // namespace coda::models::llm
