#include "models/llm/unicode.h"

#include <utf8proc.h>

namespace coda::models::llm {

namespace {

constexpr char32_t kReplacement = 0xFFFD;

bool is_continuation(unsigned char byte) {
    return (byte & 0xC0) == 0x80;
}

// Length of the sequence a lead byte announces; 0 for a continuation byte or 0xF8 and above.
size_t announced_length(unsigned char lead) {
    if (lead < 0x80) return 1;
    if (lead < 0xC0) return 0;
    if (lead < 0xE0) return 2;
    if (lead < 0xF0) return 3;
    return lead < 0xF8 ? 4 : 0;
}

char32_t decode_one(std::string_view text, size_t& at) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const size_t length = announced_length(lead);
    if (length == 1) {
        ++at;
        return lead;
    }
    if (length == 0 || length > text.size() - at) {
        ++at;
        return kReplacement;
    }
    char32_t code_point = lead & (0x7Fu >> length);
    for (size_t i = 1; i < length; ++i) {
        const auto byte = static_cast<unsigned char>(text[at + i]);
        if (!is_continuation(byte)) {
            ++at;
            return kReplacement;
        }
        code_point = (code_point << 6) | (byte & 0x3Fu);
    }
    if (code_point > 0x10FFFF) {
        ++at;
        return kReplacement;
    }
    at += length;
    return code_point;
}

utf8proc_category_t category(char32_t code_point) {
    return utf8proc_category(static_cast<utf8proc_int32_t>(code_point));
}

}  // namespace

std::vector<char32_t> decode_utf8(std::string_view text) {
    std::vector<char32_t> code_points;
    code_points.reserve(text.size());
    for (size_t at = 0; at < text.size();) code_points.push_back(decode_one(text, at));
    return code_points;
}

void append_utf8(std::string& out, char32_t code_point) {
    const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((code_point >> shift) & 0x3F)); };
    if (code_point < 0x80) {
        out += static_cast<char>(code_point);
    } else if (code_point < 0x800) {
        out += static_cast<char>(0xC0 | (code_point >> 6));
        tail(0);
    } else if (code_point < 0x10000) {
        out += static_cast<char>(0xE0 | (code_point >> 12));
        tail(6);
        tail(0);
    } else {
        out += static_cast<char>(0xF0 | (code_point >> 18));
        tail(12);
        tail(6);
        tail(0);
    }
}

bool is_letter(char32_t code_point) {
    if (code_point < 0x80) return (code_point | 0x20) >= 'a' && (code_point | 0x20) <= 'z';
    const auto c = category(code_point);
    return c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_LO;
}

bool is_number(char32_t code_point) {
    if (code_point < 0x80) return code_point >= '0' && code_point <= '9';
    const auto c = category(code_point);
    return c >= UTF8PROC_CATEGORY_ND && c <= UTF8PROC_CATEGORY_NO;
}

namespace {

bool is_uncased(utf8proc_category_t c) {
    return c == UTF8PROC_CATEGORY_LM || c == UTF8PROC_CATEGORY_LO ||
           (c >= UTF8PROC_CATEGORY_MN && c <= UTF8PROC_CATEGORY_ME);
}

}  // namespace

bool is_upper_or_uncased(char32_t code_point) {
    if (code_point < 0x80) return code_point >= 'A' && code_point <= 'Z';
    const auto c = category(code_point);
    return c == UTF8PROC_CATEGORY_LU || c == UTF8PROC_CATEGORY_LT || is_uncased(c);
}

bool is_lower_or_uncased(char32_t code_point) {
    if (code_point < 0x80) return code_point >= 'a' && code_point <= 'z';
    const auto c = category(code_point);
    return c == UTF8PROC_CATEGORY_LL || is_uncased(c);
}

bool is_whitespace(char32_t code_point) {
    if (code_point < 0x80) return code_point == ' ' || (code_point >= 0x09 && code_point <= 0x0D);
    return code_point == 0x85 || code_point == 0xA0 || code_point == 0x1680 ||
           (code_point >= 0x2000 && code_point <= 0x200A) || code_point == 0x2028 || code_point == 0x2029 ||
           code_point == 0x202F || code_point == 0x205F || code_point == 0x3000;
}

std::string printable(std::string_view text) {
    std::string out(text.substr(0, 40));
    for (char& c : out) {
        if (c < ' ' || c > '~') c = '?';
    }
    return out;
}

}  // namespace coda::models::llm
