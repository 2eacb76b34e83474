#include "models/hibari/data/json_reader.h"

#include "models/hibari/text/unicode.h"

#include <array>
#include <cmath>

#include <fmt/format.h>

namespace coda::models::hibari {

namespace {

constexpr int kMaxDepth = 64;
constexpr int kMaxDigits = 15;  // what a double holds exactly

bool is_digit_byte(char c) {
    return c >= '0' && c <= '9';
}

}  // namespace

bool JsonReader::wrong() {
    failed_ = true;
    return false;
}

std::string JsonReader::place() const {
    return fmt::format("byte {}", at_);
}

void JsonReader::skip_space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) {
        ++at_;
    }
}

char JsonReader::peek() {
    skip_space();
    return at_ < text_.size() ? text_[at_] : '\0';
}

bool JsonReader::open(char bracket) {
    if (failed_ || peek() != bracket) return wrong();
    ++at_;
    first_ = true;
    return true;
}

bool JsonReader::next_member(char closing) {
    if (failed_) return false;
    const char c = peek();
    if (c == closing) {
        ++at_;
        first_ = false;
        return false;
    }
    if (first_) {
        first_ = false;
        return true;
    }
    if (c != ',') return wrong();
    ++at_;
    return true;
}

bool JsonReader::next_element() {
    return next_member(']');
}

bool JsonReader::next_key(std::string_view& key) {
    if (!next_member('}') || !string(key)) return false;
    if (key.data() == scratch_.data()) {  // keep an escaped key apart from the value that follows
        key_scratch_ = key;
        key = key_scratch_;
    }
    if (peek() != ':') return wrong();
    ++at_;
    return true;
}

bool JsonReader::string(std::string_view& value) {
    if (failed_ || peek() != '"') return wrong();
    const size_t from = ++at_;
    for (; at_ < text_.size(); ++at_) {
        const char c = text_[at_];
        if (c == '"') {
            value = text_.substr(from, at_ - from);
            ++at_;
            return true;
        }
        if (c == '\\') return unescape(from, value);
        if (static_cast<unsigned char>(c) < 0x20) return wrong();
    }
    return wrong();
}

bool JsonReader::unescape(size_t from, std::string_view& value) {
    scratch_.assign(text_.substr(from, at_ - from));
    while (at_ < text_.size()) {
        const char c = text_[at_];
        if (c == '"') {
            ++at_;
            value = scratch_;
            return true;
        }
        if (static_cast<unsigned char>(c) < 0x20) return wrong();
        if (c == '\\') {
            if (!append_escape(at_)) return wrong();
        } else {
            scratch_.push_back(c);
            ++at_;
        }
    }
    return wrong();
}

bool JsonReader::append_escape(size_t& at) {
    constexpr std::array<std::pair<char, char>, 8> kPlain = {{{'"', '"'},
                                                              {'\\', '\\'},
                                                              {'/', '/'},
                                                              {'b', '\b'},
                                                              {'f', '\f'},
                                                              {'n', '\n'},
                                                              {'r', '\r'},
                                                              {'t', '\t'}}};
    if (at + 1 >= text_.size()) return false;
    const char kind = text_[at + 1];
    for (const auto& [from, to] : kPlain) {
        if (kind != from) continue;
        scratch_.push_back(to);
        at += 2;
        return true;
    }
    if (kind != 'u') return false;
    auto c = hex4(at + 2);
    if (!c) return false;
    at += 6;
    if (*c >= 0xD800 && *c < 0xDC00 && text_.substr(at, 2) == "\\u") {
        const auto low = hex4(at + 2);
        if (!low || *low < 0xDC00 || *low > 0xDFFF) return false;
        c = 0x10000 + ((*c - 0xD800) << 10) + (*low - 0xDC00);
        at += 6;
    }
    if (*c >= 0xD800 && *c <= 0xDFFF) return false;
    append_utf8(scratch_, *c);
    return true;
}

std::optional<char32_t> JsonReader::hex4(size_t at) const {
    if (at + 4 > text_.size()) return std::nullopt;
    char32_t value = 0;
    for (const char c : text_.substr(at, 4)) {
        value <<= 4;
        if (is_digit_byte(c)) {
            value |= static_cast<char32_t>(c - '0');
        } else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) {
            value |= static_cast<char32_t>((c | 32) - 'a' + 10);
        } else {
            return std::nullopt;
        }
    }
    return value;
}

bool JsonReader::number(double& value) {
    peek();
    const bool negative = at_ < text_.size() && text_[at_] == '-';
    if (negative) ++at_;
    double digits = 0, scale = 1;
    int count = 0;
    bool fraction = false;
    for (; at_ < text_.size(); ++at_) {
        const char c = text_[at_];
        if (c == '.' && !fraction && count > 0) {
            fraction = true;
        } else if (is_digit_byte(c)) {
            digits = digits * 10 + (c - '0');
            if (fraction) scale *= 10;
            if (++count > kMaxDigits) return wrong();
        } else {
            break;
        }
    }
    if (failed_ || count == 0) return wrong();
    // Both sides are exact below 2^53, so the quotient is the double nearest to the decimal.
    value = (negative ? -digits : digits) / scale;
    return true;
}

bool JsonReader::null() {
    if (failed_ || peek() != 'n' || text_.substr(at_, 4) != "null") return wrong();
    at_ += 4;
    return true;
}

bool JsonReader::skip() {
    int depth = 0;
    do {
        std::string_view ignored;
        const char c = peek();
        if (c == '{' || c == '[') {
            if (++depth > kMaxDepth) return wrong();
            ++at_;
        } else if (c == '}' || c == ']') {
            if (--depth < 0) return wrong();
            ++at_;
        } else if (c == '"') {
            if (!string(ignored)) return false;
        } else if (c == '\0') {
            return wrong();
        } else {
            ++at_;
        }
    } while (depth > 0);
    // A bare literal ends at the next delimiter.
    while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '}' && text_[at_] != ']') ++at_;
    first_ = false;
    return true;
}

bool JsonReader::finished() {
    return !failed_ && peek() == '\0' && at_ == text_.size();
}

}  // namespace coda::models::hibari
