#include "models/llm/jinja/lexer.h"

#include "models/llm/unicode.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace coda::models::llm::jinja {
namespace {

bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool starts_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// Jinja's own: every kind of line end becomes \n, and one at the end of the source is dropped.
std::string with_plain_lines(std::string_view source) {
    std::string out;
    out.reserve(source.size());
    for (size_t i = 0; i < source.size(); ++i) {
        if (source[i] == '\r') {
            out += '\n';
            if (i + 1 < source.size() && source[i + 1] == '\n') ++i;
        } else {
            out += source[i];
        }
    }
    if (!out.empty() && out.back() == '\n') out.pop_back();
    return out;
}

class Lexer {
  public:
    explicit Lexer(std::string source) : source_(std::move(source)) {}

    Result<std::vector<Token>> run() {
        while (at_ < source_.size()) CODA_CHECK(read_data());
        add(Token::Kind::end, "", source_.size());
        return std::move(tokens_);
    }

  private:
    std::string_view rest() const { return std::string_view(source_).substr(at_); }
    Place place_of(size_t offset) {
        // Offsets only grow, so the lines before are counted once.
        for (; counted_ < offset; ++counted_) {
            if (source_[counted_] != '\n') continue;
            ++line_;
            line_start_ = counted_ + 1;
        }
        return {line_, static_cast<int>(offset - std::min(line_start_, offset)) + 1};
    }
    tl::unexpected<Error> error(size_t offset, std::string what) {
        // Counted anew: what is wrong may lie before what was read last.
        const auto before = std::string_view(source_).substr(0, offset);
        const auto line = std::count(before.begin(), before.end(), '\n');
        const size_t start = before.rfind('\n') + 1;  // 0 where there is none
        return fail(ErrorCode::bad_format, std::move(what),
                    shown(Place{static_cast<int>(line) + 1, static_cast<int>(offset - start) + 1}));
    }
    void add(Token::Kind kind, std::string text, size_t offset) {
        tokens_.push_back({kind, std::move(text), place_of(offset)});
    }

    // Text up to the next delimiter, then what that opens.
    Status read_data() {
        size_t open = at_;
        while (true) {
            open = source_.find('{', open);
            if (open == std::string::npos || open + 1 >= source_.size()) {
                open = source_.size();
                break;
            }
            const char next = source_[open + 1];
            if (next == '%' || next == '{' || next == '#') break;
            ++open;
        }
        std::string_view text = std::string_view(source_).substr(at_, open - at_);
        const size_t text_at = at_;
        if (open == source_.size()) {
            if (!text.empty()) add(Token::Kind::data, std::string(text), text_at);
            at_ = open;
            return {};
        }
        const char kind = source_[open + 1];
        const char sign = open + 2 < source_.size() ? source_[open + 2] : '\0';
        if (sign == '-') {
            while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
        } else if (sign != '+' && kind != '{') {
            text = without_indentation(text);
        }
        if (!text.empty()) add(Token::Kind::data, std::string(text), text_at);
        at_ = open + 2;
        if (sign == '-' || (sign == '+' && kind != '{')) ++at_;
        if (kind == '#') return skip_comment(open);
        if (kind == '{') {
            add(Token::Kind::expression_begin, "{{", open);
            return read_tokens("}}", Token::Kind::expression_end, open);
        }
        if (opens_raw()) return read_raw(open);
        add(Token::Kind::block_begin, "{%", open);
        return read_tokens("%}", Token::Kind::block_end, open);
    }

    // lstrip_blocks: blanks between the start of a line and a block are dropped.
    std::string_view without_indentation(std::string_view text) const {
        const size_t line = text.rfind('\n');
        const size_t start = line == std::string_view::npos ? 0 : line + 1;
        if (start == 0 && !at_line_start_) return text;
        const auto blank = text.substr(start);
        return std::all_of(blank.begin(), blank.end(), is_space) ? text.substr(0, start) : text;
    }

    // After a delimiter that ends with `sign` before it: what of the white space goes.
    void trim_after(char sign, bool block) {
        const size_t before = at_;
        if (sign == '-')
            while (at_ < source_.size() && is_space(source_[at_])) ++at_;
        else if (block && sign != '+' && at_ < source_.size() && source_[at_] == '\n')
            ++at_;
        at_line_start_ = at_ > before && source_[at_ - 1] == '\n';
    }

    Status skip_comment(size_t open) {
        const size_t close = source_.find("#}", at_);
        if (close == std::string::npos) return error(open, "a comment is not closed");
        const char sign = close > at_ ? source_[close - 1] : '\0';
        at_ = close + 2;
        trim_after(sign, true);
        return {};
    }

    bool opens_raw() const {
        size_t at = at_;
        while (at < source_.size() && is_space(source_[at])) ++at;
        if (source_.compare(at, 3, "raw") != 0) return false;
        at += 3;
        while (at < source_.size() && is_space(source_[at])) ++at;
        if (at < source_.size() && (source_[at] == '-' || source_[at] == '+')) ++at;
        return source_.compare(at, 2, "%}") == 0;
    }

    Status read_raw(size_t open) {
        size_t close = source_.find("%}", at_);
        const char first_sign = source_[close - 1];
        at_ = close + 2;
        trim_after(first_sign, true);
        for (size_t begin = at_;;) {
            begin = source_.find("{%", begin);
            if (begin == std::string::npos) return error(open, "a raw block is not closed");
            size_t at = begin + 2;
            const char sign = at < source_.size() ? source_[at] : '\0';
            if (sign == '-' || sign == '+') ++at;
            while (at < source_.size() && is_space(source_[at])) ++at;
            close = source_.find("%}", at);
            if (source_.compare(at, 6, "endraw") != 0 || close == std::string::npos) {
                begin += 2;
                continue;
            }
            std::string_view text = std::string_view(source_).substr(at_, begin - at_);
            if (sign == '-')
                while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
            else if (sign != '+')
                text = without_indentation(text);
            if (!text.empty()) add(Token::Kind::data, std::string(text), at_);
            const char last_sign = source_[close - 1];
            at_ = close + 2;
            trim_after(last_sign, true);
            return {};
        }
    }

    Status read_tokens(std::string_view closing, Token::Kind end_kind, size_t open) {
        int nested = 0;  // brackets: "}}" may close two dictionaries
        while (true) {
            while (at_ < source_.size() && is_space(source_[at_])) ++at_;
            if (at_ == source_.size()) return error(open, fmt::format("\"{}\" is missing", closing));
            const char c = source_[at_];
            const bool is_signed =
                (c == '-' || (c == '+' && closing == "%}")) && rest().substr(1).starts_with(closing);
            if (nested == 0 && (is_signed || rest().starts_with(closing))) {
                add(end_kind, std::string(closing), at_);
                at_ += closing.size() + (is_signed ? 1 : 0);
                trim_after(is_signed ? c : '\0', end_kind == Token::Kind::block_end);
                return {};
            }
            if (c == '(' || c == '[' || c == '{') ++nested;
            if ((c == ')' || c == ']' || c == '}') && nested > 0) --nested;
            CODA_CHECK(read_token());
        }
    }

    Status read_token() {
        const char c = source_[at_];
        const size_t start = at_;
        if (starts_name(c)) {
            while (at_ < source_.size() && (starts_name(source_[at_]) || is_digit(source_[at_]))) ++at_;
            add(Token::Kind::name, source_.substr(start, at_ - start), start);
            return {};
        }
        if (is_digit(c)) {
            read_number();
            return {};
        }
        if (c == '"' || c == '\'') return read_string(c);
        static constexpr std::array<std::string_view, 29> kSigns = {
            "//", "**", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~", "<", ">", "=",
            ".",  "[",  "]",  "(",  ")",  "{",  "}", "|", ",", ":", ";", "!", "@", "&"};
        for (const std::string_view sign : kSigns) {
            if (!rest().starts_with(sign)) continue;
            add(Token::Kind::sign, std::string(sign), start);
            at_ += sign.size();
            return {};
        }
        return error(start, fmt::format("unexpected character {}", printable(source_.substr(start, 1))));
    }

    void read_number() {
        const size_t start = at_;
        const auto digits = [&] {
            while (at_ < source_.size() && (is_digit(source_[at_]) || source_[at_] == '_')) ++at_;
        };
        digits();
        bool real = false;
        if (at_ + 1 < source_.size() && source_[at_] == '.' && is_digit(source_[at_ + 1])) {
            real = true;
            ++at_;
            digits();
        }
        if (at_ < source_.size() && (source_[at_] == 'e' || source_[at_] == 'E')) {
            size_t exponent = at_ + 1;
            if (exponent < source_.size() && (source_[exponent] == '+' || source_[exponent] == '-'))
                ++exponent;
            if (exponent < source_.size() && is_digit(source_[exponent])) {
                real = true;
                at_ = exponent;
                digits();
            }
        }
        std::string text = source_.substr(start, at_ - start);
        text.erase(std::remove(text.begin(), text.end(), '_'), text.end());
        add(real ? Token::Kind::real : Token::Kind::integer, std::move(text), start);
    }

    Status read_string(char quote) {
        const size_t start = at_++;
        std::string text;
        while (true) {
            if (at_ >= source_.size()) return error(start, "a string is not closed");
            const char c = source_[at_++];
            if (c == quote) break;
            if (c != '\\') {
                text += c;
                continue;
            }
            if (at_ >= source_.size()) return error(start, "a string is not closed");
            CODA_CHECK(read_escape(text));
        }
        add(Token::Kind::string, std::move(text), start);
        return {};
    }

    // Python's escapes; an unknown one stays as it is written.
    Status read_escape(std::string& text) {
        const char c = source_[at_++];
        static constexpr std::string_view kFrom = "nrtbfav0'\"\\", kTo{"\n\r\t\b\f\a\v\0'\"\\", 11};
        if (const size_t known = kFrom.find(c); known != std::string_view::npos) {
            text += kTo[known];
            return {};
        }
        if (c == '\n') return {};
        const size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
        if (digits == 0) {
            text += '\\';
            text += c;
            return {};
        }
        char32_t point = 0;
        for (size_t i = 0; i < digits; ++i, ++at_) {
            const char digit = at_ < source_.size() ? source_[at_] : '\0';
            const int value = is_digit(digit)                ? digit - '0'
                              : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10
                              : digit >= 'A' && digit <= 'F' ? digit - 'A' + 10
                                                             : -1;
            if (value < 0) return error(std::min(at_, source_.size()), "an escape lacks hexadecimal digits");
            point = point * 16 + static_cast<char32_t>(value);
        }
        if (point > 0x10FFFF || (point >= 0xD800 && point < 0xE000))
            return error(at_ - digits, "an escape names no character");
        append_utf8(text, point);
        return {};
    }

    std::string source_;
    size_t at_ = 0;
    bool at_line_start_ = true;
    size_t counted_ = 0, line_start_ = 0;
    int line_ = 1;
    std::vector<Token> tokens_;
};

}  // namespace

std::string shown(Place place) {
    return fmt::format("line {}, column {}", place.line, place.column);
}

Result<std::vector<Token>> tokenize(std::string_view source) {
    return Lexer(with_plain_lines(source)).run();
}

}  // namespace coda::models::llm::jinja
