// Code points and the character classes that the text rules speak in. The rules were written against Python's
// str, so the classes are Unicode's as Python sees them: a word character is a letter, a number or '_'.
// Thread safety: free functions without state.
#pragma once

#include <string>
#include <string_view>

namespace coda::models::hibari {

using Text = std::u32string;
using TextView = std::u32string_view;

// Never fails: every byte that is not part of well-formed UTF-8 becomes U+FFFD.
Text decode_utf8(std::string_view bytes);
std::string encode_utf8(TextView text);
void append_utf8(std::string& out, char32_t c);

bool is_alpha(char32_t c);  // any letter
bool is_digit(char32_t c);  // a decimal digit of any script
bool is_alnum(char32_t c);
bool is_space(char32_t c);
bool is_lower(char32_t c);
bool is_upper(char32_t c);
inline bool is_word(char32_t c) {
    return is_alnum(c) || c == U'_';
}
inline bool is_letter(char32_t c) {
    return is_alnum(c) && !is_digit(c);
}  // letters and numbers such as ½
inline bool is_ascii_digit(char32_t c) {
    return c >= U'0' && c <= U'9';
}
inline bool is_ascii_alpha(char32_t c) {
    return (c >= U'a' && c <= U'z') || (c >= U'A' && c <= U'Z');
}
// Letters of Western European languages, the only ones that the tokenizer's case rules know.
bool is_latin_lower(char32_t c);
bool is_latin_upper(char32_t c);

char32_t to_lower(char32_t c);
char32_t to_upper(char32_t c);
Text lower(TextView text);
Text upper(TextView text);
Text capitalize(TextView text);
Text nfkc(TextView text);
TextView strip(TextView text);

// 0..9 for a decimal digit of any script, -1 otherwise.
int digit_value(char32_t c);

// True for a text that is not empty and where all characters are of the class.
bool all_alpha(TextView text);
bool all_ascii_digits(TextView text);

inline bool contains(TextView set, char32_t c) {
    return set.find(c) != TextView::npos;
}

}  // namespace coda::models::hibari
