#include "models/llm/grammar/regex.h"

#include "models/llm/unicode.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <fmt/format.h>

namespace coda::models::llm::grammar {
namespace {

constexpr int kMaxNesting = 50;
constexpr int64_t kMaxCount = 2000;
constexpr char32_t kLast = 0x10FFFF;

struct Range {
    char32_t first, last;
};
using Ranges = std::vector<Range>;

Ranges normalised(Ranges ranges) {
    std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) { return a.first < b.first; });
    Ranges out;
    for (const Range& range : ranges) {
        if (!out.empty() && range.first <= out.back().last + 1)
            out.back().last = std::max(out.back().last, range.last);
        else
            out.push_back(range);
    }
    return out;
}

Ranges opposite(const Ranges& ranges) {
    Ranges out;
    char32_t next = 0;
    for (const Range& range : normalised(ranges)) {
        if (range.first > next) out.push_back({next, range.first - 1});
        next = range.last + 1;
    }
    if (next <= kLast) out.push_back({next, kLast});
    return out;
}

class RegexParser {
  public:
    RegexParser(Builder& builder, std::string_view pattern, const WriteCharacters& write)
        : builder_(builder), characters_(decode_utf8(pattern)), write_(write) {}

    Result<Builder::Rule> whole() {
        const Builder::Rule anything = builder_.repeat(rule_of({{0, kLast}}), 0, -1);
        const bool from_start = take('^');
        CODA_TRY(Builder::Rule body, alternatives());
        // "^a|b$" binds the anchors to one side each, which is hardly ever meant.
        if ((from_start || anchored_end_) && top_level_choice_)
            return error("an anchor beside a choice without a group");
        if (at_ < characters_.size()) return error("unexpected character");
        std::vector<Builder::Rule> parts;
        if (!from_start) parts.push_back(anything);
        parts.push_back(body);
        if (!anchored_end_) parts.push_back(anything);
        return builder_.sequence(parts);
    }

  private:
    bool at_end() const { return at_ >= characters_.size(); }
    char32_t now() const { return at_end() ? 0 : characters_[at_]; }
    bool take(char32_t c) {
        if (at_end() || now() != c) return false;
        ++at_;
        return true;
    }
    tl::unexpected<Error> error(std::string_view what, ErrorCode code = ErrorCode::bad_format) const {
        return fail(code, std::string(what), fmt::format("pattern, character {}", at_ + 1));
    }
    Builder::Rule rule_of(const Ranges& ranges) {
        std::vector<Builder::Rule> options;
        for (const Range& range : normalised(ranges))
            options.push_back(write_(builder_, range.first, range.last));
        return builder_.choice(options);
    }

    Result<Builder::Rule> alternatives() {
        if (++nesting_ > kMaxNesting) return error("groups are nested too deep", ErrorCode::exhausted);
        std::vector<Builder::Rule> options;
        do {
            CODA_TRY(Builder::Rule option, sequence());
            options.push_back(option);
        } while (take('|'));
        --nesting_;
        if (nesting_ == 0) top_level_choice_ = options.size() > 1;
        return builder_.choice(options);
    }

    Result<Builder::Rule> sequence() {
        std::vector<Builder::Rule> parts;
        while (!at_end() && now() != '|' && now() != ')') {
            if (now() == '$') {
                if (nesting_ > 1 || at_ + 1 != characters_.size())
                    return error("$ in the middle", ErrorCode::unsupported);
                ++at_;
                anchored_end_ = true;
                break;
            }
            CODA_TRY(Builder::Rule part, atom());
            CODA_TRY(part, quantified(part));
            parts.push_back(part);
            if (builder_.size() > Builder::kMaxElements)
                return error("the pattern is too large", ErrorCode::exhausted);
        }
        return parts.empty() ? builder_.nothing() : builder_.sequence(parts);
    }

    Result<Builder::Rule> quantified(Builder::Rule part) {
        int64_t least = 1, most = 1;
        if (take('*')) {
            least = 0;
            most = -1;
        } else if (take('+')) {
            most = -1;
        } else if (take('?')) {
            least = 0;
        } else if (take('{')) {
            CODA_TRY(least, number());
            most = least;
            if (take(',')) {
                most = -1;
                if (now() != '}') {
                    CODA_TRY(most, number());
                }
            }
            if (!take('}')) return error("\"}\" is missing");
            if (most >= 0 && most < least) return error("a repetition from more to less");
        } else {
            return part;
        }
        take('?');  // lazy: the same texts
        if (now() == '*' || now() == '+' || now() == '{') return error("a repetition of a repetition");
        return builder_.repeat(part, least, most);
    }

    Result<int64_t> number() {
        int64_t value = 0;
        bool any = false;
        for (; now() >= '0' && now() <= '9'; ++at_, any = true) {
            value = value * 10 + static_cast<int64_t>(now() - '0');
            if (value > kMaxCount) return error(fmt::format("a repetition of more than {}", kMaxCount));
        }
        if (!any) return error("a number is missing");
        return value;
    }

    Result<Builder::Rule> atom() {
        const char32_t c = characters_[at_++];
        switch (c) {
            case '(': {
                if (take('?') && !take(':'))
                    return error("look-around and names are not supported", ErrorCode::unsupported);
                CODA_TRY(Builder::Rule inner, alternatives());
                if (!take(')')) return error("\")\" is missing");
                return inner;
            }
            case '[':
                return character_class();
            case '.':
                return rule_of({{0, 9}, {11, 12}, {14, 0x2027}, {0x202A, kLast}});
            case '\\': {
                CODA_TRY(const Ranges ranges, escape(false));
                return rule_of(ranges);
            }
            case '^':
                return error("^ in the middle", ErrorCode::unsupported);
            case '*':
            case '+':
            case '?':
            case '{':
            case '}':
            case ']':
                return error("this character needs a backslash before it");
            default:
                return rule_of({{c, c}});
        }
    }

    Result<Ranges> escape(bool in_class) {
        if (at_end()) return error("a backslash at the end");
        const char32_t c = characters_[at_++];
        static const Ranges kDigit = {{'0', '9'}}, kWord = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}},
                            kSpace = {{9, 13},          {32, 32},         {0xA0, 0xA0},     {0x1680, 0x1680},
                                      {0x2000, 0x200A}, {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F},
                                      {0x3000, 0x3000}, {0xFEFF, 0xFEFF}};
        switch (c) {
            case 'd':
                return kDigit;
            case 'D':
                return opposite(kDigit);
            case 'w':
                return kWord;
            case 'W':
                return opposite(kWord);
            case 's':
                return kSpace;
            case 'S':
                return opposite(kSpace);
            case 'n':
                return Ranges{{10, 10}};
            case 't':
                return Ranges{{9, 9}};
            case 'r':
                return Ranges{{13, 13}};
            case 'f':
                return Ranges{{12, 12}};
            case 'v':
                return Ranges{{11, 11}};
            case 'u':
            case 'x':
                return code_point(c == 'u' ? 4 : 2);
            default:
                break;
        }
        const bool word =
            c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (word && !(in_class && c == 'b'))
            return error("this escape is not supported", ErrorCode::unsupported);
        return Ranges{{c, c}};
    }

    Result<Ranges> code_point(int digits) {
        char32_t value = 0;
        for (int i = 0; i < digits; ++i) {
            const char32_t c = now();
            const int digit = c >= '0' && c <= '9'   ? static_cast<int>(c - '0')
                              : c >= 'a' && c <= 'f' ? static_cast<int>(c - 'a') + 10
                              : c >= 'A' && c <= 'F' ? static_cast<int>(c - 'A') + 10
                                                     : -1;
            if (digit < 0) return error("hexadecimal digits are missing");
            value = value * 16 + static_cast<char32_t>(digit);
            ++at_;
        }
        if (value >= 0xD800 && value < 0xE000) return error("half a character", ErrorCode::unsupported);
        return Ranges{{value, value}};
    }

    Result<Builder::Rule> character_class() {
        const bool negated = take('^');
        Ranges ranges;
        while (!take(']')) {
            if (at_end()) return error("\"]\" is missing");
            CODA_TRY(Ranges low, class_member());
            const bool is_range = now() == '-' && at_ + 1 < characters_.size() && characters_[at_ + 1] != ']';
            if (is_range) {
                ++at_;
                CODA_TRY(const Ranges high, class_member());
                if (low.size() != 1 || high.size() != 1 || low[0].first != low[0].last ||
                    high[0].first != high[0].last || high[0].first < low[0].first)
                    return error("a range that is none");
                low = {{low[0].first, high[0].first}};
            }
            ranges.insert(ranges.end(), low.begin(), low.end());
        }
        if (negated) ranges = opposite(ranges);
        if (ranges.empty()) return error("a class of no characters");
        return rule_of(ranges);
    }

    Result<Ranges> class_member() {
        if (at_end()) return error("\"]\" is missing");
        const char32_t c = characters_[at_++];
        if (c == '\\') return escape(true);
        return Ranges{{c, c}};
    }

    Builder& builder_;
    std::vector<char32_t> characters_;
    const WriteCharacters& write_;
    size_t at_ = 0;
    int nesting_ = 0;
    bool anchored_end_ = false, top_level_choice_ = false;
};

}  // namespace

Builder::Rule plain_characters(Builder& builder, char32_t first, char32_t last) {
    return builder.characters(first, last);
}

Result<Builder::Rule> regex_rule(Builder& builder, std::string_view pattern, const WriteCharacters& write) {
    return RegexParser(builder, pattern, write).whole();
}

}  // namespace coda::models::llm::grammar
