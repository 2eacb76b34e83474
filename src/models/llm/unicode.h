// Code points and their classes as the byte-level BPE pre-tokenizers need them. Classes come from utf8proc.
// Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace coda::models::llm {

// One code point per character; every byte that does not start a well-formed sequence becomes one U+FFFD.
// Like llama.cpp, and unlike a strict decoder, overlong forms and surrogates pass (they are what the
// vocabularies' golden ids were made with); above U+10FFFF is malformed.
std::vector<char32_t> decode_utf8(std::string_view text);

// Appends one code point (at most 0x10FFFF; surrogates are written as three bytes).
void append_utf8(std::string& out, char32_t code_point);

bool is_letter(char32_t code_point);  // \p{L}
bool is_number(char32_t code_point);  // \p{N}
// Letters by their case, with the marks that follow them; letters without case are in both.
bool is_upper_or_uncased(char32_t code_point);  // [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]
bool is_lower_or_uncased(char32_t code_point);  // [\p{Ll}\p{Lm}\p{Lo}\p{M}]
bool is_whitespace(char32_t code_point);        // White_Space, the regexes' \s

// A file's own words, fit for one line of an error: at most 40 bytes, and '?' for all but printable ASCII.
std::string printable(std::string_view text);

}  // namespace coda::models::llm
