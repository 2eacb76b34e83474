#include "models/hibari/text/unicode.h"

#include <algorithm>
#include <cstdlib>

#include <utf8proc.h>

namespace coda::models::hibari {

namespace {

constexpr char32_t kReplacement = 0xFFFD;

utf8proc_category_t category(char32_t c) {
    return utf8proc_category(static_cast<utf8proc_int32_t>(c));
}

bool is_letter_category(utf8proc_category_t c) {
    return c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_LO;
}

}  // namespace

Text decode_utf8(std::string_view bytes) {
    Text out;
    out.reserve(bytes.size());
    const auto* data = reinterpret_cast<const utf8proc_uint8_t*>(bytes.data());
    for (size_t i = 0; i < bytes.size();) {
        if (data[i] < 0x80) {
            out.push_back(data[i++]);
            continue;
        }
        utf8proc_int32_t c = 0;
        const auto used = utf8proc_iterate(data + i, static_cast<utf8proc_ssize_t>(bytes.size() - i), &c);
        out.push_back(used > 0 ? static_cast<char32_t>(c) : kReplacement);
        i += used > 0 ? static_cast<size_t>(used) : 1;
    }
    return out;
}

void append_utf8(std::string& out, char32_t c) {
    if (c < 0x80) {
        out.push_back(static_cast<char>(c));
    } else {
        utf8proc_uint8_t bytes[4];
        const auto n = utf8proc_encode_char(static_cast<utf8proc_int32_t>(c), bytes);
        out.append(reinterpret_cast<const char*>(bytes),
                   static_cast<size_t>(std::max<utf8proc_ssize_t>(n, 0)));
    }
}

std::string encode_utf8(TextView text) {
    std::string out;
    out.reserve(text.size());
    for (const char32_t c : text) append_utf8(out, c);
    return out;
}

bool is_alpha(char32_t c) {
    return c < 0x80 ? is_ascii_alpha(c) : is_letter_category(category(c));
}

bool is_digit(char32_t c) {
    return c < 0x80 ? is_ascii_digit(c) : category(c) == UTF8PROC_CATEGORY_ND;
}

bool is_alnum(char32_t c) {
    if (c < 0x80) return is_ascii_alpha(c) || is_ascii_digit(c);
    const auto kind = category(c);
    return is_letter_category(kind) || (kind >= UTF8PROC_CATEGORY_ND && kind <= UTF8PROC_CATEGORY_NO);
}

bool is_space(char32_t c) {
    if (c < 0x80) return c == U' ' || (c >= 9 && c <= 13) || (c >= 28 && c <= 31);
    if (c == 0x85) return true;
    const auto kind = category(c);
    return kind == UTF8PROC_CATEGORY_ZS || kind == UTF8PROC_CATEGORY_ZL || kind == UTF8PROC_CATEGORY_ZP;
}

bool is_lower(char32_t c) {
    return c < 0x80 ? (c >= U'a' && c <= U'z') : category(c) == UTF8PROC_CATEGORY_LL;
}

bool is_upper(char32_t c) {
    return c < 0x80 ? (c >= U'A' && c <= U'Z') : category(c) == UTF8PROC_CATEGORY_LU;
}

bool is_latin_lower(char32_t c) {
    return (c >= U'a' && c <= U'z') || (c >= 0xDF && c <= 0xF6) || (c >= 0xF8 && c <= 0xFF);
}

bool is_latin_upper(char32_t c) {
    return (c >= U'A' && c <= U'Z') || (c >= 0xC0 && c <= 0xD6) || (c >= 0xD8 && c <= 0xDE);
}

char32_t to_lower(char32_t c) {
    if (c < 0x80) return c >= U'A' && c <= U'Z' ? c + 32 : c;
    return static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c)));
}

char32_t to_upper(char32_t c) {
    if (c < 0x80) return c >= U'a' && c <= U'z' ? c - 32 : c;
    return static_cast<char32_t>(utf8proc_toupper(static_cast<utf8proc_int32_t>(c)));
}

Text lower(TextView text) {
    Text out(text);
    for (char32_t& c : out) c = to_lower(c);
    return out;
}

Text upper(TextView text) {
    Text out;
    out.reserve(text.size());
    for (const char32_t c : text) {
        if (c == 0xDF) {
            out += U"SS";
        } else {
            out.push_back(to_upper(c));
        }
    }
    return out;
}

Text capitalize(TextView text) {
    Text out = lower(text);
    if (!out.empty()) out.front() = to_upper(out.front());
    return out;
}

Text nfkc(TextView text) {
    if (std::all_of(text.begin(), text.end(), [](char32_t c) { return c < 0x80; })) return Text(text);
    const std::string bytes = encode_utf8(text);
    utf8proc_uint8_t* mapped = nullptr;
    const auto options = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT);
    const auto n = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(bytes.data()),
                                static_cast<utf8proc_ssize_t>(bytes.size()), &mapped, options);
    if (n < 0) return Text(text);
    Text out = decode_utf8({reinterpret_cast<const char*>(mapped), static_cast<size_t>(n)});
    std::free(mapped);
    return out;
}

TextView strip(TextView text) {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

int digit_value(char32_t c) {
    if (!is_digit(c)) return -1;
    // Unicode keeps the ten digits of a script together and in order.
    int before = 0;
    while (before < 10 && is_digit(c - 1 - static_cast<char32_t>(before))) ++before;
    return before % 10;
}

bool all_alpha(TextView text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_alpha);
}

bool all_ascii_digits(TextView text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_ascii_digit);
}

}  // namespace coda::models::hibari
