// Cutting text into the words inside which byte-level BPE merges. Each rule stands for the regular expression
// that its vocabulary was trained with (written out in pre_tokenizer.cpp); the scanners here match the same
// spans in one pass, without backtracking. Thread safety: pure functions.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace coda::models::llm {

// What one model's tokenizer.ggml.pre asks for.
struct PreTokenizer {
    enum class Words { gpt2, llama3, cased };
    Words words = Words::gpt2;
    bool digits_alone = false;       // cut around every number first (smollm)
    int digits_per_word = 3;         // llama3 and cased words: \p{N}{1,n}
    bool contractions = false;       // cased words take a 's, 'll, ... behind them (gpt-4o)
    bool whole_words_first = false;  // a word that is a token is that token, merges or no (llama-bpe)
    bool adds_bos = false;           // unless the file says otherwise

    // Nothing for a name this build does not know.
    static std::optional<PreTokenizer> named(std::string_view name);
    // The names above, for an error message: "gpt-2, llama-bpe, ...".
    static std::string_view known_names();
};

// Lengths, in code points, of the words of `text`, in order; they sum to text.size().
std::vector<size_t> split_words(const PreTokenizer& rule, std::span<const char32_t> text);

}  // namespace coda::models::llm
