#include "models/llm/tokenizer.h"

#include "models/llm/unicode.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <queue>
#include <string>

#include <fmt/format.h>

namespace coda::models::llm {

namespace {

constexpr size_t kMostTokens = 4'000'000;         // several times the largest vocabulary there is
constexpr size_t kMostBytes = size_t{256} << 20;  // of all tokens, or of all merges
static_assert(4 * kMostBytes <= TokenTable::kMostBytes, "both, and both sides of each merge, fit the table");

// GPT-2's way to write any byte as a printable character: printable Latin-1 stands for itself, the other 68
// bytes for U+0100 onward in order.
bool stands_for_itself(int byte) {
    return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || (byte >= 0xAE && byte <= 0xFF);
}

struct ByteCode {
    std::array<std::string, 256> text;    // byte -> its character, UTF-8
    std::array<int, 0x100 + 68> byte_of;  // character -> byte, or -1
    ByteCode() {
        byte_of.fill(-1);
        char32_t next = 0x100;
        for (int byte = 0; byte < 256; ++byte) {
            const char32_t character = stands_for_itself(byte) ? static_cast<char32_t>(byte) : next++;
            append_utf8(text[static_cast<size_t>(byte)], character);
            byte_of[character] = byte;
        }
    }
};

const ByteCode& byte_code() {
    static const ByteCode code;
    return code;
}

bool is_plain(std::string_view stored) {
    return std::all_of(stored.begin(), stored.end(), [](char c) { return c > ' ' && c <= '~'; });
}

size_t total_bytes(std::span<const std::string> texts) {
    size_t total = 0;
    for (const std::string& text : texts) total += text.size();
    return total;
}

std::string decode_stored(std::string_view stored) {
    if (is_plain(stored)) return std::string(stored);
    std::string bytes;
    for (const char32_t c : decode_utf8(stored)) {
        if (c < byte_code().byte_of.size() && byte_code().byte_of[c] >= 0) {
            bytes += static_cast<char>(byte_code().byte_of[c]);
        } else {
            append_utf8(bytes, c);
        }
    }
    return bytes;
}

std::string replaced(std::string_view text, std::string_view what, std::string_view by) {
    std::string out;
    for (size_t at = 0;;) {
        const size_t found = text.find(what, at);
        out += text.substr(at, found - at);
        if (found == std::string_view::npos) return out;
        out += by;
        at = found + what.size();
    }
}

// Of a SentencePiece token.
std::string decode_piece(std::string_view stored, TokenType type) {
    const int byte = SentencePieces::byte_of(stored);
    if (type == TokenType::byte && byte >= 0) return std::string(1, static_cast<char>(byte));
    return replaced(stored, SentencePieces::kSpace, " ");
}

// Markers of turns and of the text's end in the template families this build renders. They are control tokens
// even where a converter filed them as user-defined, or a user could forge a turn by typing one.
constexpr std::string_view kMarkers[] = {
    "<|im_start|>",
    "<|im_end|>",
    "<|im_sep|>",
    "<|endoftext|>",  // ChatML, Qwen, Phi-4
    "<|begin_of_text|>",
    "<|end_of_text|>",
    "<|start_header_id|>",
    "<|end_header_id|>",  // Llama 3
    "<|eot_id|>",
    "<|eom_id|>",
    "<|python_tag|>",  //
    "<start_of_turn>",
    "<end_of_turn>",
    "<bos>",
    "<eos>",  // Gemma
    "<s>",
    "</s>",
    "[INST]",
    "[/INST]",
    "[SYSTEM_PROMPT]",
    "[/SYSTEM_PROMPT]",  // Llama 2, Mistral
    "[AVAILABLE_TOOLS]",
    "[/AVAILABLE_TOOLS]",
    "[TOOL_CALLS]",
    "[TOOL_RESULTS]",
    "[/TOOL_RESULTS]",
    "<|system|>",
    "<|user|>",
    "<|assistant|>",
    "<|tool|>",
    "<|end|>",  // Phi-3
    "<|start_of_role|>",
    "<|end_of_role|>",
    "<|tool_call|>",  // Granite
};

// The markers at which a reply is over.
constexpr std::string_view kEnds[] = {"<|im_end|>",      "<|endoftext|>", "<|eot_id|>",    "<|eom_id|>",
                                      "<|end_of_text|>", "<end_of_turn>", "<eos>",         "</s>",
                                      "<|end|>",         "<|fim_pad|>",   "<|repo_name|>", "<|file_sep|>"};

template <class List>
bool contains(const List& list, std::string_view text) {
    return std::find(std::begin(list), std::end(list), text) != std::end(list);
}

uint64_t pair_key(int32_t left, int32_t right) {
    return (static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32) | static_cast<uint32_t>(right);
}

}  // namespace

Tokenizer::MergeTable::MergeTable(size_t merges)
    : slots_(std::bit_ceil(2 * merges + 2)), mask_(slots_.size() - 1) {}

size_t Tokenizer::MergeTable::slot_of(uint64_t key) const {
    size_t slot = (key * 0x9E3779B97F4A7C15u) >> 20 & mask_;
    while (slots_[slot].key != kEmpty && slots_[slot].key != key) slot = (slot + 1) & mask_;
    return slot;
}

void Tokenizer::MergeTable::insert(int32_t left, int32_t right, Merge merge) {
    Slot& slot = slots_[slot_of(pair_key(left, right))];
    if (slot.key == kEmpty) slot = {pair_key(left, right), merge};
}

const Tokenizer::Merge* Tokenizer::MergeTable::find(int32_t left, int32_t right) const {
    const Slot& slot = slots_[slot_of(pair_key(left, right))];
    return slot.key == kEmpty ? nullptr : &slot.merge;
}

Result<Tokenizer> Tokenizer::create(VocabularyData data, const std::string& where) {
    Tokenizer tokenizer;
    tokenizer.model_ = data.model;
    if (data.model == VocabularyData::Model::sentence_pieces) {
        tokenizer.pre_.adds_bos = true;
        tokenizer.space_prefix_ = data.add_space_prefix.value_or(true);
        CODA_CHECK(tokenizer.read_tokens(data, where));
        CODA_CHECK(tokenizer.read_special(data, where));
        CODA_CHECK(tokenizer.read_scores(data, where));
        return tokenizer;
    }
    const auto rule = PreTokenizer::named(data.pre);
    if (!rule) {
        return fail(ErrorCode::unsupported,
                    fmt::format("pre-tokenizer '{}' is not supported", printable(data.pre)),
                    where + ": tokenizer.ggml.pre",
                    fmt::format("use a model with one of {}", PreTokenizer::known_names()));
    }
    tokenizer.pre_ = *rule;
    CODA_CHECK(tokenizer.read_tokens(data, where));
    CODA_CHECK(tokenizer.read_merges(data, where));
    CODA_CHECK(tokenizer.read_special(data, where));
    return tokenizer;
}

Status Tokenizer::read_scores(VocabularyData& data, const std::string& where) {
    const std::string place = where + ": tokenizer.ggml.scores";
    if (data.scores.size() != pieces_.size()) {
        return fail(ErrorCode::bad_format,
                    fmt::format("{} scores for {} tokens", data.scores.size(), pieces_.size()), place,
                    "fetch or convert the model again");
    }
    if (!std::all_of(data.scores.begin(), data.scores.end(),
                     [](float score) { return std::isfinite(score); }))
        return fail(ErrorCode::bad_format, "holds a number that is none", place,
                    "fetch or convert the model again");
    std::vector<bool> joinable;
    for (const TokenType type : types_)
        joinable.push_back(type != TokenType::control && type != TokenType::unknown &&
                           type != TokenType::byte);
    const bool usable = unknown_ && !is_control(*unknown_);
    sentence_pieces_ =
        SentencePieces(data.tokens, std::move(data.scores), std::move(joinable), usable ? *unknown_ : -1);
    return {};
}

Status Tokenizer::read_tokens(VocabularyData& data, const std::string& where) {
    const std::string place = where + ": tokenizer.ggml.tokens";
    const size_t bytes = total_bytes(data.tokens);
    if (data.tokens.empty() || data.tokens.size() > kMostTokens || bytes > kMostBytes) {
        return fail(ErrorCode::bad_format,
                    fmt::format("{} tokens of {} bytes in the vocabulary", data.tokens.size(), bytes), place,
                    "fetch or convert the model again");
    }
    if (!data.types.empty() && data.types.size() != data.tokens.size()) {
        return fail(ErrorCode::bad_format,
                    fmt::format("{} types for {} tokens", data.types.size(), data.tokens.size()),
                    where + ": tokenizer.ggml.token_type", "fetch or convert the model again");
    }
    types_.reserve(data.tokens.size());
    pieces_.reserve(data.tokens.size());
    symbols_ = TokenTable(data.tokens.size() + data.merges.size() / 2);
    for (size_t i = 0; i < data.tokens.size(); ++i) {
        std::string& stored = data.tokens[i];
        if (stored.empty()) stored = fmt::format("[EMPTY_{}]", i);
        if (!add_token(stored,
                       data.types.empty() ? static_cast<int32_t>(TokenType::normal) : data.types[i])) {
            return fail(ErrorCode::bad_format,
                        fmt::format("token {} ('{}') is in the vocabulary twice", i, printable(stored)),
                        place, "fetch or convert the model again");
        }
    }
    std::stable_sort(user_defined_.begin(), user_defined_.end(), [&](int32_t a, int32_t b) {
        return pieces_[static_cast<size_t>(a)].size() > pieces_[static_cast<size_t>(b)].size();
    });
    if (model_ == VocabularyData::Model::sentence_pieces) return {};
    for (size_t byte = 0; byte < 256; ++byte) byte_symbols_[byte] = intern(byte_code().text[byte]);
    return {};
}

bool Tokenizer::add_token(const std::string& stored, int32_t type) {
    const int32_t id = size();
    if (!symbols_.insert(stored, id).second) return false;
    const bool known = type >= 0 && type <= static_cast<int32_t>(TokenType::byte);
    const bool marker = (stored[0] == '<' || stored[0] == '[') && contains(kMarkers, stored);
    types_.push_back(marker  ? TokenType::control
                     : known ? static_cast<TokenType>(type)
                             : TokenType::undefined);
    switch (types_.back()) {
        case TokenType::control:
            pieces_.emplace_back();
            break;
        case TokenType::user_defined:
            user_defined_.push_back(id);
            [[fallthrough]];
        case TokenType::unknown:
            pieces_.push_back(stored);
            break;
        default:
            pieces_.push_back(model_ == VocabularyData::Model::byte_pairs
                                  ? decode_stored(stored)
                                  : decode_piece(stored, types_.back()));
    }
    longest_token_ = std::max(longest_token_, stored.size());
    return true;
}

int32_t Tokenizer::intern(std::string_view stored_text) {
    const auto next = static_cast<int32_t>(pieces_.size() + symbol_bytes_.size());
    const auto [symbol, is_new] = symbols_.insert(stored_text, next);
    if (!is_new) return symbol;
    std::vector<int32_t> bytes;
    for (const char c : stored_text) {
        if (const auto id = find(std::string_view(&c, 1))) bytes.push_back(*id);
    }
    symbol_bytes_.push_back(std::move(bytes));
    return next;
}

Status Tokenizer::read_merges(const VocabularyData& data, const std::string& where) {
    if (const size_t bytes = total_bytes(data.merges);
        data.merges.size() > kMostTokens || bytes > kMostBytes) {
        return fail(ErrorCode::bad_format, fmt::format("{} merges of {} bytes", data.merges.size(), bytes),
                    where + ": tokenizer.ggml.merges", "fetch or convert the model again");
    }
    merges_ = MergeTable(data.merges.size());
    std::string merged;
    for (size_t rank = 0; rank < data.merges.size(); ++rank) {
        const std::string_view merge = data.merges[rank];
        // From the second byte: the left side may itself be a space in some files.
        const size_t space = merge.find(' ', 1);
        if (space == std::string_view::npos || space + 1 == merge.size()) {
            return fail(ErrorCode::bad_format,
                        fmt::format("merge {} ('{}') is not a pair", rank, printable(merge)),
                        where + ": tokenizer.ggml.merges", "fetch or convert the model again");
        }
        const auto left = merge.substr(0, space), right = merge.substr(space + 1);
        merged.assign(left).append(right);
        const int32_t left_symbol = intern(left), right_symbol = intern(right);
        merges_.insert(left_symbol, right_symbol, {static_cast<int32_t>(rank), intern(merged)});
    }
    return {};
}

Status Tokenizer::read_special(const VocabularyData& data, const std::string& where) {
    const auto check = [&](const std::optional<int64_t>& id, const char* key,
                           std::optional<int32_t>& out) -> Status {
        if (!id) return {};
        if (*id < 0 || *id >= size()) {
            return fail(ErrorCode::bad_format,
                        fmt::format("token id {} is not among the {} tokens", *id, size()),
                        where + ": tokenizer.ggml." + key, "fetch or convert the model again");
        }
        out = static_cast<int32_t>(*id);
        return {};
    };
    std::optional<int32_t> eot;
    CODA_CHECK(check(data.bos, "bos_token_id", bos_));
    CODA_CHECK(check(data.eos, "eos_token_id", eos_));
    CODA_CHECK(check(data.eot, "eot_token_id", eot));
    CODA_CHECK(check(data.unknown, "unknown_token_id", unknown_));
    ends_generation_.resize(pieces_.size());
    for (const auto& special : {eos_, eot}) {
        if (special) ends_generation_[static_cast<size_t>(*special)] = true;
    }
    for (const std::string_view end : kEnds) {
        if (const auto id = find(end)) ends_generation_[static_cast<size_t>(*id)] = true;
    }
    adds_bos_ = data.add_bos.value_or(pre_.adds_bos) && bos_.has_value();
    return {};
}

std::string_view Tokenizer::piece(int32_t id) const {
    return id >= 0 && id < size() ? std::string_view(pieces_[static_cast<size_t>(id)]) : std::string_view();
}

std::optional<int32_t> Tokenizer::find(std::string_view stored_text) const {
    const int32_t symbol = symbols_.find(stored_text);
    if (symbol < 0 || symbol >= size()) return std::nullopt;
    return symbol;
}

bool Tokenizer::is_control(int32_t id) const {
    return id >= 0 && id < size() && types_[static_cast<size_t>(id)] == TokenType::control;
}

bool Tokenizer::ends_generation(int32_t id) const {
    return id >= 0 && id < size() && ends_generation_[static_cast<size_t>(id)];
}

std::vector<int32_t> Tokenizer::encode(std::string_view text) const {
    // User-defined tokens are cut out before anything else, each through all that the longer ones left.
    struct Fragment {
        std::string_view text;
        int32_t token = -1;
    };
    if (text.empty()) return {};
    std::vector<Fragment> fragments{{text}};
    for (const int32_t id : user_defined_) {
        const std::string_view needle = piece(id);
        if (text.find(needle) == std::string_view::npos) continue;
        std::vector<Fragment> cut;
        for (const Fragment& fragment : fragments) {
            std::string_view rest = fragment.text;
            while (fragment.token < 0) {
                const size_t at = rest.find(needle);
                if (at == std::string_view::npos) break;
                if (at > 0) cut.push_back({rest.substr(0, at)});
                cut.push_back({{}, id});
                rest.remove_prefix(at + needle.size());
            }
            if (fragment.token >= 0 || !rest.empty()) cut.push_back({rest, fragment.token});
        }
        fragments = std::move(cut);
    }
    std::vector<int32_t> ids;
    for (const Fragment& fragment : fragments) {
        if (fragment.token >= 0) {
            ids.push_back(fragment.token);
        } else {
            encode_fragment(fragment.text, ids);
        }
    }
    return ids;
}

// `text` stands at the beginning, or behind a token that was cut out.
void Tokenizer::encode_fragment(std::string_view text, std::vector<int32_t>& ids) const {
    if (model_ == VocabularyData::Model::byte_pairs) return encode_words(text, ids);
    std::string spaced(space_prefix_ ? SentencePieces::kSpace : "");
    spaced += replaced(text, " ", SentencePieces::kSpace);
    sentence_pieces_.encode(symbols_, spaced, ids);
}

void Tokenizer::encode_words(std::string_view text, std::vector<int32_t>& ids) const {
    const std::vector<char32_t> code_points = decode_utf8(text);
    std::string word;
    size_t at = 0;
    for (const size_t length : split_words(pre_, code_points)) {
        word.clear();
        for (const size_t end = at + length; at < end; ++at) append_utf8(word, code_points[at]);
        encode_word(word, ids);
    }
}

void Tokenizer::encode_word(std::string_view bytes, std::vector<int32_t>& ids) const {
    if (pre_.whole_words_first && bytes.size() <= longest_token_) {
        std::string stored;
        for (const char c : bytes) stored += byte_code().text[static_cast<unsigned char>(c)];
        if (const auto id = find(stored)) return ids.push_back(*id);
    }

    struct Node {
        int32_t symbol;  // -1: merged into the node before it
        int32_t previous, next;
    };
    struct Candidate {
        int32_t rank, left;
        int32_t left_symbol, right_symbol, merged;  // what stood there when it was queued
        bool operator>(const Candidate& other) const {
            return rank != other.rank ? rank > other.rank : left > other.left;
        }
    };
    std::vector<Node> nodes(bytes.size());
    const auto count = static_cast<int32_t>(nodes.size());
    for (int32_t i = 0; i < count; ++i) {
        const auto byte = static_cast<unsigned char>(bytes[static_cast<size_t>(i)]);
        nodes[static_cast<size_t>(i)] = {byte_symbols_[byte], i - 1, i + 1 < count ? i + 1 : -1};
    }
    std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue;
    const auto node = [&](int32_t i) -> Node& { return nodes[static_cast<size_t>(i)]; };
    const auto consider = [&](int32_t left) {
        if (left < 0 || node(left).next < 0) return;
        const int32_t a = node(left).symbol, b = node(node(left).next).symbol;
        if (const Merge* merge = merges_.find(a, b)) queue.push({merge->rank, left, a, b, merge->symbol});
    };
    for (int32_t i = 0; i + 1 < count; ++i) consider(i);
    while (!queue.empty()) {
        const Candidate best = queue.top();
        queue.pop();
        Node& left = node(best.left);
        if (left.symbol != best.left_symbol || left.next < 0) continue;
        Node& right = node(left.next);
        if (right.symbol != best.right_symbol) continue;
        left.symbol = best.merged;
        right.symbol = -1;
        left.next = right.next;
        if (left.next >= 0) node(left.next).previous = best.left;
        consider(left.previous);
        consider(best.left);
    }
    for (int32_t i = 0; i >= 0 && i < count; i = node(i).next) append_symbol(node(i).symbol, ids);
}

void Tokenizer::append_symbol(int32_t symbol, std::vector<int32_t>& ids) const {
    if (symbol < size()) {
        ids.push_back(symbol);
    } else {
        const auto& bytes = symbol_bytes_[static_cast<size_t>(symbol - size())];
        ids.insert(ids.end(), bytes.begin(), bytes.end());
    }
}

}  // namespace coda::models::llm
