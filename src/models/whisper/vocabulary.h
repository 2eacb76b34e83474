// Whisper's tokens: ids to text, the special tokens, the languages, and the tokens that are never
// transcribed. Read from CTranslate2's vocabulary.json, vocabulary.txt or tokenizer.json, where every token
// has its name, or made from whisper.cpp's list of text tokens, after which the special ones follow in a
// fixed order. Thread safety: immutable once made.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace coda::models::whisper {

struct SpecialTokens {
    int32_t end_of_text = -1;
    int32_t start_of_transcript = -1;
    int32_t translate = -1;
    int32_t transcribe = -1;
    int32_t start_of_lm = -1;
    int32_t start_of_previous = -1;
    int32_t no_speech = -1;
    int32_t no_timestamps = -1;  // the tokens after it are timestamps, 20 ms apart
};

struct Language {
    std::string code;  // "en"
    int32_t token = -1;
};

class Vocabulary {
  public:
    // The first of vocabulary.json, vocabulary.txt and tokenizer.json that is in `folder`.
    static Result<Vocabulary> from_folder(const std::filesystem::path& folder);
    // Each parses the content of the file of that kind; `where` stands for the file in errors.
    static Result<Vocabulary> parse_list_text(std::string_view text, const std::string& where);
    static Result<Vocabulary> parse_list_json(std::string_view text, const std::string& where);
    static Result<Vocabulary> parse_tokenizer_json(std::string_view text, const std::string& where);
    // `text_tokens`: their bytes, up to the end-of-text token or beyond; `size`: how many tokens the model
    // has.
    static Result<Vocabulary> from_text_tokens(std::span<const std::string_view> text_tokens, int64_t size,
                                               const std::string& where);

    int32_t size() const { return static_cast<int32_t>(bytes_.size()); }
    bool multilingual() const { return multilingual_; }
    const SpecialTokens& special() const { return special_; }
    const std::vector<Language>& languages() const { return languages_; }
    std::optional<int32_t> language_token(std::string_view code) const;

    // The bytes of one token of text, perhaps a part of a character; empty for special tokens.
    std::string_view bytes(int32_t token) const { return bytes_[static_cast<size_t>(token)]; }

    // The text of `tokens` without the special ones, as valid UTF-8 (what is not becomes U+FFFD).
    std::string text(std::span<const int32_t> tokens) const;

    // What a transcript must not contain (OpenAI's "non-speech tokens", computed from the vocabulary as in
    // whisper/tokenizer.py: speaker tags, brackets, notes of music; and the special tokens but end of text).
    // Sorted.
    const std::vector<int32_t>& suppressed() const { return suppressed_; }
    // What it must not begin with, besides: a lone space, the end. Sorted.
    const std::vector<int32_t>& suppressed_at_start() const { return suppressed_at_start_; }

  private:
    // From names as in GPT-2's vocabulary, where every byte is written as a printable character.
    static Result<Vocabulary> from_names(const std::vector<std::string>& names, const std::string& where);
    Status find_special(const std::vector<std::string>& names, const std::string& where);
    void find_suppressed();

    std::vector<std::string> bytes_;  // of each token; empty for special ones
    bool multilingual_ = false;
    SpecialTokens special_;
    std::vector<Language> languages_;
    std::vector<int32_t> suppressed_, suppressed_at_start_;
};

}  // namespace coda::models::whisper
