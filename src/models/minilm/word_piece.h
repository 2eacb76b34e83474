// BERT's uncased tokenizer: text is cleaned, lower-cased and stripped of accents, split at spaces,
// punctuation and CJK characters, and each word is cut into the longest pieces that vocab.txt has ("play",
// "##ing"). Made to give the ids of Hugging Face's BertTokenizerFast, except that a special token's name in
// the text ("[SEP]") is text like any other. Thread safety: immutable once made.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace coda::models::minilm {

class WordPiece {
  public:
    // `text`: the content of a vocab.txt, one piece a line, its line number the id; `where` stands for the
    // file in errors. Fails with bad_format where [CLS], [SEP] or [UNK] is missing, a line repeats or there
    // are too many.
    static Result<WordPiece> parse(std::string_view text, const std::string& where);

    // [CLS] pieces [SEP], at most `max_tokens` (>= 2) of them: the end of a longer text is cut off. Bytes
    // that are no UTF-8 are left out.
    std::vector<int32_t> encode(std::string_view text, size_t max_tokens) const;

    int32_t size() const { return static_cast<int32_t>(pieces_.size()); }

  private:
    void add_pieces(std::string_view word, size_t max_tokens, std::vector<int32_t>& ids) const;

    std::unordered_map<std::string, int32_t> pieces_;
    int32_t cls_ = 0, sep_ = 0, unknown_ = 0;
};

// The words of `text` as the tokenizer sees them: cleaned, lower case, without accents, each punctuation mark
// and CJK character alone.
std::vector<std::string> basic_words(std::string_view text);

}  // namespace coda::models::minilm
