// SentencePiece's way from text to tokens as llama.cpp does it for tokenizer.ggml.model = "llama" (Llama 2,
// Mistral, Gemma, Phi-3): characters are joined pair by pair into the token of the best score, and what is no
// token is spelt in bytes. Thread safety: immutable after create(); every member may be called from any
// thread.
#pragma once

#include "models/llm/token_table.h"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace coda::models::llm {

class SentencePieces {
  public:
    SentencePieces() = default;
    // `stored`: the tokens; `scores`: one each; `joinable`: whether text may become it: markers, bytes and
    // the unknown token may not. `unknown` stands for a character that has no token where the vocabulary
    // lacks its bytes, too; -1: it is left out.
    SentencePieces(std::span<const std::string> stored, std::vector<float> scores, std::vector<bool> joinable,
                   int32_t unknown);

    // Appends the ids of `text`; `tokens`: the numbers of those it was made with.
    void encode(const TokenTable& tokens, std::string_view text, std::vector<int32_t>& ids) const;

    // The byte that "<0x0A>" stands for, or -1.
    static int byte_of(std::string_view stored);
    // U+2581, which stands for a space in stored tokens.
    static constexpr std::string_view kSpace = "\xE2\x96\x81";

  private:
    int32_t joined(const TokenTable& tokens, std::string_view text) const;  // -1: no such token
    void spell(std::string_view character, std::vector<int32_t>& ids) const;

    std::vector<float> scores_;
    std::vector<bool> joinable_;
    std::array<int32_t, 256> bytes_{};
    int32_t unknown_ = -1;
    size_t longest_ = 0;  // bytes of a stored token
};

}  // namespace coda::models::llm
