// Text to token ids and back, over the vocabulary that a GGUF carries: byte-level BPE, or SentencePiece
// (sentence_pieces.h). Ids are those of llama.cpp for the same file, for any bytes, except that text never
// becomes a marker. Thread safety: immutable after create(); every member may be called from any thread.
// Views point into the Tokenizer.
#pragma once

#include "base/result.h"
#include "models/llm/pre_tokenizer.h"
#include "models/llm/sentence_pieces.h"
#include "models/llm/token_table.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace coda::models::llm {

enum class TokenType : int32_t { undefined, normal, unknown, control, user_defined, unused, byte };

// What the file says, unchecked.
struct VocabularyData {
    enum class Model { byte_pairs, sentence_pieces };
    Model model = Model::byte_pairs;
    std::vector<std::string>
        tokens;                  // as stored: bytes written as printable code points, or spaces as U+2581
    std::vector<int32_t> types;  // TokenType; empty: all normal
    std::vector<std::string> merges;  // of byte pairs: "left right", best first
    std::string pre;                  // of byte pairs: tokenizer.ggml.pre
    std::vector<float> scores;        // of sentence pieces: one per token
    std::optional<int64_t> bos, eos, eot, unknown;
    std::optional<bool> add_bos;           // nothing: as `pre` has it; sentence pieces: true
    std::optional<bool> add_space_prefix;  // of sentence pieces; nothing: true
};

class Tokenizer {
  public:
    // Fails with bad_format or unsupported; `where` names the file in the error.
    static Result<Tokenizer> create(VocabularyData data, const std::string& where);

    // Ids of `text` as ordinary text: control tokens are never found in it, whatever it says. No BOS is
    // added. `text` stands at the beginning or behind a marker: where the vocabulary wants a space before its
    // first word, it gets one.
    std::vector<int32_t> encode(std::string_view text) const;

    int size() const { return static_cast<int>(pieces_.size()); }
    // The bytes a token stands for; empty for control tokens and ids out of range. May be part of a
    // character.
    std::string_view piece(int32_t id) const;
    // The token whose stored text is exactly this ("<|im_end|>").
    std::optional<int32_t> find(std::string_view stored_text) const;
    bool is_control(int32_t id) const;
    // True for the tokens at which generation ends.
    bool ends_generation(int32_t id) const;
    std::optional<int32_t> bos() const { return bos_; }
    std::optional<int32_t> eos() const { return eos_; }
    bool adds_bos() const { return adds_bos_; }
    // Text behind a marker begins with a space that nobody wrote: a reply's first is none of the reply's.
    bool adds_space_prefix() const { return space_prefix_; }

  private:
    // What two neighbours become: `symbol`, with `rank` saying which of two possible merges goes first.
    struct Merge {
        int32_t rank;
        int32_t symbol;
    };
    // Pairs of symbols to merges; open addressing, built once.
    class MergeTable {
      public:
        explicit MergeTable(size_t merges = 0);
        void insert(int32_t left, int32_t right, Merge merge);  // the first of equal pairs stays
        const Merge* find(int32_t left, int32_t right) const;

      private:
        struct Slot {
            uint64_t key = kEmpty;
            Merge merge{};
        };
        static constexpr uint64_t kEmpty = ~uint64_t{0};
        size_t slot_of(uint64_t key) const;
        std::vector<Slot> slots_;
        size_t mask_ = 0;
    };

    Status read_tokens(VocabularyData& data, const std::string& where);
    Status read_scores(VocabularyData& data, const std::string& where);
    bool add_token(const std::string& stored, int32_t type);  // false when it is there already
    Status read_merges(const VocabularyData& data, const std::string& where);
    Status read_special(const VocabularyData& data, const std::string& where);
    int32_t intern(std::string_view stored_text);
    void encode_fragment(std::string_view text, std::vector<int32_t>& ids) const;
    void encode_words(std::string_view text, std::vector<int32_t>& ids) const;
    void encode_word(std::string_view bytes, std::vector<int32_t>& ids) const;
    void append_symbol(int32_t symbol, std::vector<int32_t>& ids) const;

    VocabularyData::Model model_ = VocabularyData::Model::byte_pairs;
    PreTokenizer pre_;
    SentencePieces sentence_pieces_;
    bool space_prefix_ = false;
    // Symbols are what merging works on: ids below size() are tokens; above are texts that the merges mention
    // but the vocabulary lacks, which end as the tokens of their single bytes.
    TokenTable symbols_;
    std::vector<std::vector<int32_t>> symbol_bytes_;  // of the symbols above size()
    std::array<int32_t, 256> byte_symbols_{};
    MergeTable merges_;
    std::vector<std::string> pieces_;
    std::vector<TokenType> types_;
    std::vector<bool> ends_generation_;
    std::vector<int32_t> user_defined_;  // longest text first
    size_t longest_token_ = 0;
    std::optional<int32_t> bos_, eos_, unknown_;
    bool adds_bos_ = false;
};

}  // namespace coda::models::llm
