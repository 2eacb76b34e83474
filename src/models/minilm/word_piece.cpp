#include "models/minilm/word_piece.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <utf8proc.h>

namespace coda::models::minilm {
namespace {

constexpr size_t kMaxPieces = 1 << 20;
constexpr size_t kMaxWordCharacters = 100;  // a longer word is unknown, as in BERT's own code

bool is_space(utf8proc_int32_t c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || utf8proc_category(c) == UTF8PROC_CATEGORY_ZS ||
           c == 0x2028 || c == 0x2029;
}

// Control, format, unassigned and private characters; the replacement character is what broken bytes become.
bool is_dropped(utf8proc_int32_t c) {
    if (c == 0 || c == 0xFFFD) return true;
    switch (utf8proc_category(c)) {
        case UTF8PROC_CATEGORY_CC:
        case UTF8PROC_CATEGORY_CF:
        case UTF8PROC_CATEGORY_CN:
        case UTF8PROC_CATEGORY_CO:
        case UTF8PROC_CATEGORY_CS:
            return true;
        default:
            return false;
    }
}

bool is_punctuation(utf8proc_int32_t c) {
    if ((c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) || (c >= 123 && c <= 126))
        return true;
    const utf8proc_category_t category = utf8proc_category(c);
    return category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_PO;
}

// The blocks that BERT's code calls Chinese characters.
bool is_cjk(utf8proc_int32_t c) {
    return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x20000 && c <= 0x2A6DF) ||
           (c >= 0x2A700 && c <= 0x2B73F) || (c >= 0x2B740 && c <= 0x2B81F) ||
           (c >= 0x2B920 && c <= 0x2CEAF) || (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

void append(std::string& out, utf8proc_int32_t c) {
    utf8proc_uint8_t bytes[4];
    const utf8proc_ssize_t count = utf8proc_encode_char(c, bytes);
    out.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(count));
}

// Appends `c` decomposed, without its accents, in lower case.
void append_plain(std::string& out, utf8proc_int32_t c) {
    constexpr size_t kMost = 32;  // no character decomposes into more
    utf8proc_int32_t parts[kMost];
    int last = 0;
    const utf8proc_ssize_t count = utf8proc_decompose_char(c, parts, kMost, UTF8PROC_DECOMPOSE, &last);
    if (count < 0) return;
    for (size_t i = 0; i < std::min(static_cast<size_t>(count), kMost); ++i)
        if (utf8proc_category(parts[i]) != UTF8PROC_CATEGORY_MN) append(out, utf8proc_tolower(parts[i]));
}

// The next character, or nothing for a byte that starts none; `at` moves on.
std::optional<utf8proc_int32_t> next(std::string_view text, size_t& at) {
    utf8proc_int32_t c = -1;
    const utf8proc_ssize_t count =
        utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + at,
                         static_cast<utf8proc_ssize_t>(text.size() - at), &c);
    at += count > 0 ? static_cast<size_t>(count) : 1;
    return count > 0 ? std::optional(c) : std::nullopt;
}

size_t count_characters(std::string_view word) {
    return static_cast<size_t>(std::count_if(
        word.begin(), word.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace

std::vector<std::string> basic_words(std::string_view text) {
    std::vector<std::string> words;
    std::string open;
    const auto close = [&] {
        if (!open.empty()) words.push_back(std::exchange(open, {}));
    };
    for (size_t at = 0; at < text.size();) {
        const std::optional<utf8proc_int32_t> c = next(text, at);
        if (!c) continue;
        if (is_space(*c)) {
            close();
        } else if (is_dropped(*c)) {
            continue;
        } else if (is_cjk(*c) || is_punctuation(*c)) {
            close();
            append_plain(open, *c);
            close();
        } else {
            append_plain(open, *c);
        }
    }
    close();
    return words;
}

Result<WordPiece> WordPiece::parse(std::string_view text, const std::string& where) {
    WordPiece out;
    while (!text.empty()) {
        const size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
        const auto id = static_cast<int32_t>(out.pieces_.size());
        if (out.pieces_.size() >= kMaxPieces)
            return fail(ErrorCode::bad_format, fmt::format("more than {} pieces", kMaxPieces), where);
        if (!out.pieces_.emplace(std::string(line), id).second)
            return fail(ErrorCode::bad_format, fmt::format("line {} repeats an earlier one", id + 1), where,
                        "use the vocab.txt that came with the model");
    }
    for (const auto& [name, place] :
         {std::pair("[CLS]", &out.cls_), std::pair("[SEP]", &out.sep_), std::pair("[UNK]", &out.unknown_)}) {
        const auto found = out.pieces_.find(name);
        if (found == out.pieces_.end())
            return fail(ErrorCode::bad_format, fmt::format("has no {}", name), where,
                        "use the vocab.txt that came with the model");
        *place = found->second;
    }
    return out;
}

std::vector<int32_t> WordPiece::encode(std::string_view text, size_t max_tokens) const {
    CODA_ASSERT(max_tokens >= 2);
    std::vector<int32_t> ids = {cls_};
    for (const std::string& word : basic_words(text)) {
        if (ids.size() >= max_tokens) break;
        add_pieces(word, max_tokens, ids);
    }
    if (ids.size() > max_tokens - 1) ids.resize(max_tokens - 1);
    ids.push_back(sep_);
    return ids;
}

void WordPiece::add_pieces(std::string_view word, size_t max_tokens, std::vector<int32_t>& ids) const {
    const size_t before = ids.size();
    if (count_characters(word) > kMaxWordCharacters) {
        ids.push_back(unknown_);
        return;
    }
    std::string piece;
    for (size_t at = 0; at < word.size() && ids.size() < max_tokens;) {
        size_t end = word.size();
        auto found = pieces_.end();
        while (end > at) {
            piece.assign(at > 0 ? "##" : "").append(word.substr(at, end - at));
            found = pieces_.find(piece);
            if (found != pieces_.end()) break;
            do --end;
            while (end > at && (static_cast<unsigned char>(word[end]) & 0xC0) == 0x80);
        }
        if (found == pieces_.end()) {  // one part that is unknown makes the word unknown
            ids.resize(before);
            ids.push_back(unknown_);
            return;
        }
        ids.push_back(found->second);
        at = end;
    }
}

}  // namespace coda::models::minilm
