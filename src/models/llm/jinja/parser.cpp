#include "models/llm/jinja/parser.h"

#include "models/llm/jinja/token_cursor.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

namespace coda::models::llm::jinja {
namespace {

constexpr size_t kMaxSource = 1 << 20;  // bytes

using Kind = Token::Kind;

template <class List>
bool contains(const List& list, std::string_view word) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

class Parser : private TokenCursor {
  public:
    explicit Parser(std::vector<Token> tokens) : TokenCursor(std::move(tokens)) {}

    Result<Tree> run() {
        CODA_TRY(Tree body, statements({}));
        return body;
    }

  private:
    // ---- statements

    // Up to a block that starts with one of `ends`, which is left in front, past its "{%".
    Result<Tree> statements(std::vector<std::string_view> ends) {
        const Nesting nesting(nesting_);
        CODA_CHECK(check_nesting());
        Tree out = make(NodeKind::sequence, now().place);
        while (now().kind != Kind::end) {
            if (now().kind == Kind::data) {
                Tree data = make(NodeKind::data, now().place);
                data->literal = Value::text(now().text);
                ++at_;
                CODA_CHECK(adopt(out, std::move(data)));
            } else if (now().kind == Kind::expression_begin) {
                Tree output = make(NodeKind::output, tokens_[at_++].place);
                CODA_TRY(Tree value, tuple_or_expression(true));
                CODA_CHECK(adopt(output, std::move(value)));
                CODA_CHECK(expect(Kind::expression_end, "\"}}\""));
                CODA_CHECK(adopt(out, std::move(output)));
            } else {
                CODA_CHECK(expect(Kind::block_begin, "\"{%\""));
                if (now().kind == Kind::name && contains(ends, now().text)) return out;
                CODA_TRY(Tree statement, this->statement());
                if (statement) CODA_CHECK(adopt(out, std::move(statement)));
            }
        }
        if (!ends.empty()) return unexpected(fmt::format("\"{}\"", ends.back()));
        return out;
    }

    Status end_block() { return expect(Kind::block_end, "\"%}\""); }

    // One statement, past its last "%}".
    Result<Tree> statement() {
        const Place place = now().place;
        CODA_TRY(const std::string word, identifier());
        if (word == "if") return condition(place);
        if (word == "for") return loop(place);
        if (word == "set") return assignment(place);
        if (word == "macro") return macro(place);
        if (word == "call") return call_block(place);
        if (word == "filter") return filter_block(place);
        if (word == "with") return with(place);
        if (word == "generation") return generation();
        if (word == "break" || word == "continue") {
            if (loops_ == 0) return error(place, fmt::format("\"{}\" outside of a loop", word));
            CODA_CHECK(end_block());
            return make(word == "break" ? NodeKind::break_loop : NodeKind::continue_loop, place);
        }
        static constexpr std::array<std::string_view, 6> kOther = {"block",  "extends", "include",
                                                                   "import", "from",    "autoescape"};
        if (contains(kOther, word))
            return fail(ErrorCode::unsupported, fmt::format("the statement \"{}\" is not supported", word),
                        shown(place));
        return error(place, fmt::format("unknown statement \"{}\"", word.substr(0, 40)));
    }

    Result<Tree> condition(Place place) {
        Tree out = make(NodeKind::condition, place);
        while (true) {
            CODA_TRY(Tree test, tuple_or_expression(true));
            CODA_CHECK(end_block());
            CODA_CHECK(adopt(out, std::move(test)));
            CODA_TRY(Tree body, statements({"elif", "else", "endif"}));
            CODA_CHECK(adopt(out, std::move(body)));
            if (!take_name("elif")) break;
        }
        if (take_name("else")) {
            CODA_CHECK(end_block());
            CODA_TRY(Tree body, statements({"endif"}));
            CODA_CHECK(adopt(out, std::move(body)));
        }
        CODA_CHECK(expect_name("endif"));
        CODA_CHECK(end_block());
        return out;
    }

    Result<Tree> loop(Place place) {
        Tree out = make(NodeKind::loop, place);
        CODA_TRY(Tree target, this->target());
        CODA_CHECK(adopt(out, std::move(target)));
        CODA_CHECK(expect_name("in"));
        CODA_TRY(Tree iterable, tuple_or_expression(false));
        CODA_CHECK(adopt(out, std::move(iterable)));
        Tree filter;
        if (take_name("if")) {
            CODA_TRY(filter, expression(true));
        }
        out->flag = take_name("recursive");
        CODA_CHECK(end_block());
        ++loops_;
        auto body = statements({"else", "endfor"});
        --loops_;
        if (!body) return tl::unexpected(std::move(body.error()));
        CODA_CHECK(adopt(out, std::move(*body)));
        CODA_CHECK(adopt(out, std::move(filter)));
        Tree otherwise;
        if (take_name("else")) {
            CODA_CHECK(end_block());
            CODA_TRY(otherwise, statements({"endfor"}));
        }
        CODA_CHECK(adopt(out, std::move(otherwise)));
        CODA_CHECK(expect_name("endfor"));
        CODA_CHECK(end_block());
        return out;
    }

    // One or several names, or an attribute of a namespace.
    Result<Tree> target() {
        const Place place = now().place;
        CODA_TRY(Tree first, target_part());
        if (!at_sign(",")) return first;
        Tree out = make(NodeKind::tuple, place);
        CODA_CHECK(adopt(out, std::move(first)));
        while (take_sign(",")) {
            if (now().kind != Kind::name && !at_sign("(")) break;
            if (at_name("in")) break;
            CODA_TRY(Tree next, target_part());
            CODA_CHECK(adopt(out, std::move(next)));
        }
        return out;
    }

    Result<Tree> target_part() {
        const Nesting nesting(nesting_);
        CODA_CHECK(check_nesting());
        const Place place = now().place;
        if (take_sign("(")) {
            CODA_TRY(Tree inner, target());
            CODA_CHECK(expect_sign(")"));
            return inner;
        }
        CODA_TRY(std::string word, identifier());
        Tree name = make(NodeKind::name, place, std::move(word));
        if (!take_sign(".")) return name;
        CODA_TRY(std::string field, identifier());
        Tree out = make(NodeKind::attribute, place, std::move(field));
        CODA_CHECK(adopt(out, std::move(name)));
        return out;
    }

    Result<Tree> assignment(Place place) {
        CODA_TRY(Tree target, this->target());
        if (take_sign("=")) {
            Tree out = make(NodeKind::assign, place);
            CODA_CHECK(adopt(out, std::move(target)));
            CODA_TRY(Tree value, tuple_or_expression(true));
            CODA_CHECK(adopt(out, std::move(value)));
            CODA_CHECK(end_block());
            return out;
        }
        Tree out = make(NodeKind::assign_block, place);
        CODA_CHECK(adopt(out, std::move(target)));
        Tree filter = make(NodeKind::block_text, place);
        while (at_sign("|")) {
            CODA_TRY(filter, filtered(std::move(filter)));
        }
        CODA_CHECK(end_block());
        CODA_TRY(Tree body, statements({"endset"}));
        CODA_CHECK(expect_name("endset"));
        CODA_CHECK(end_block());
        CODA_CHECK(adopt(out, std::move(body)));
        CODA_CHECK(adopt(out, std::move(filter)));
        return out;
    }

    // "(a, b=1)": names into the node, defaults into `defaults`.
    Status parameters(Tree& node, std::vector<Tree>& defaults) {
        CODA_CHECK(expect_sign("("));
        while (!at_sign(")")) {
            CODA_TRY(std::string name, identifier());
            node->names.push_back(std::move(name));
            Tree value;
            if (take_sign("=")) {
                CODA_TRY(value, expression(true));
            }
            defaults.push_back(std::move(value));
            if (!take_sign(",")) break;
        }
        return expect_sign(")");
    }

    // The body of a macro or call block: no loop around it counts.
    Result<Tree> body_until(std::string_view end) {
        const int loops = std::exchange(loops_, 0);
        auto body = statements({end});
        loops_ = loops;
        if (!body) return body;
        CODA_CHECK(expect_name(end));
        if (now().kind == Kind::name) ++at_;  // "endmacro NAME"
        CODA_CHECK(end_block());
        return body;
    }

    Result<Tree> macro(Place place) {
        CODA_TRY(std::string name, identifier());
        Tree out = make(NodeKind::macro, place, std::move(name));
        std::vector<Tree> defaults;
        CODA_CHECK(parameters(out, defaults));
        CODA_CHECK(end_block());
        CODA_TRY(Tree body, body_until("endmacro"));
        CODA_CHECK(adopt(out, std::move(body)));
        for (Tree& value : defaults) CODA_CHECK(adopt(out, std::move(value)));
        return out;
    }

    Result<Tree> call_block(Place place) {
        Tree out = make(NodeKind::call_block, place, "caller");
        std::vector<Tree> defaults;
        if (at_sign("(")) CODA_CHECK(parameters(out, defaults));
        CODA_TRY(Tree call, expression(true));
        if (call->kind != NodeKind::call) return error(place, "a call block needs a call");
        CODA_CHECK(end_block());
        CODA_TRY(Tree body, body_until("endcall"));
        CODA_CHECK(adopt(out, std::move(body)));
        for (Tree& value : defaults) CODA_CHECK(adopt(out, std::move(value)));
        CODA_CHECK(adopt(out, std::move(call)));
        return out;
    }

    Result<Tree> filter_block(Place place) {
        Tree filter = make(NodeKind::block_text, place);
        CODA_TRY(filter, named_filter(std::move(filter)));
        while (at_sign("|")) {
            CODA_TRY(filter, filtered(std::move(filter)));
        }
        CODA_CHECK(end_block());
        Tree out = make(NodeKind::filter_block, place);
        CODA_TRY(Tree body, statements({"endfilter"}));
        CODA_CHECK(expect_name("endfilter"));
        CODA_CHECK(end_block());
        CODA_CHECK(adopt(out, std::move(body)));
        CODA_CHECK(adopt(out, std::move(filter)));
        return out;
    }

    Result<Tree> with(Place place) {
        Tree out = make(NodeKind::with, place);
        std::vector<Tree> parts;
        while (now().kind != Kind::block_end) {
            if (!parts.empty()) CODA_CHECK(expect_sign(","));
            CODA_TRY(Tree target, target_part());
            CODA_CHECK(expect_sign("="));
            CODA_TRY(Tree value, expression(true));
            parts.push_back(std::move(target));
            parts.push_back(std::move(value));
        }
        CODA_CHECK(end_block());
        CODA_TRY(Tree body, statements({"endwith"}));
        CODA_CHECK(expect_name("endwith"));
        CODA_CHECK(end_block());
        CODA_CHECK(adopt(out, std::move(body)));
        for (Tree& part : parts) CODA_CHECK(adopt(out, std::move(part)));
        return out;
    }

    // transformers' mark of what the assistant wrote; for rendering it is what it holds.
    Result<Tree> generation() {
        CODA_CHECK(end_block());
        CODA_TRY(Tree body, statements({"endgeneration"}));
        CODA_CHECK(expect_name("endgeneration"));
        CODA_CHECK(end_block());
        return body;
    }

    // ---- expressions, loosest first

    // `choices`: whether "a if b else c" may stand here ("for x in y if z" has its own meaning).
    Result<Tree> tuple_or_expression(bool choices) {
        const Place place = now().place;
        CODA_TRY(Tree first, expression(choices));
        if (!at_sign(",")) return first;
        Tree out = make(NodeKind::tuple, place);
        CODA_CHECK(adopt(out, std::move(first)));
        while (take_sign(",")) {
            if (now().kind == Kind::block_end || now().kind == Kind::expression_end || at_sign(")")) break;
            CODA_TRY(Tree next, expression(choices));
            CODA_CHECK(adopt(out, std::move(next)));
        }
        return out;
    }

    Result<Tree> expression(bool choices) {
        const Nesting nesting(nesting_);
        CODA_CHECK(check_nesting());
        CODA_TRY(Tree value, disjunction());
        while (choices && at_name("if")) {
            Tree out = make(NodeKind::choice, tokens_[at_++].place);
            CODA_TRY(Tree test, disjunction());
            Tree otherwise;
            if (take_name("else")) {
                CODA_TRY(otherwise, expression(true));
            }
            CODA_CHECK(adopt(out, std::move(value)));
            CODA_CHECK(adopt(out, std::move(test)));
            CODA_CHECK(adopt(out, std::move(otherwise)));
            value = std::move(out);
        }
        return value;
    }

    Result<Tree> pair(NodeKind kind, Place place, Tree left, Tree right, std::string text = {}) {
        Tree out = make(kind, place, std::move(text));
        CODA_CHECK(adopt(out, std::move(left)));
        CODA_CHECK(adopt(out, std::move(right)));
        return out;
    }

    Result<Tree> disjunction() {
        CODA_TRY(Tree left, conjunction());
        while (at_name("or")) {
            const Place place = tokens_[at_++].place;
            CODA_TRY(Tree right, conjunction());
            CODA_TRY(left, pair(NodeKind::logical_or, place, std::move(left), std::move(right)));
        }
        return left;
    }

    Result<Tree> conjunction() {
        CODA_TRY(Tree left, negation());
        while (at_name("and")) {
            const Place place = tokens_[at_++].place;
            CODA_TRY(Tree right, negation());
            CODA_TRY(left, pair(NodeKind::logical_and, place, std::move(left), std::move(right)));
        }
        return left;
    }

    Result<Tree> negation() {
        const Nesting nesting(nesting_);
        CODA_CHECK(check_nesting());
        if (!at_name("not")) return comparison();
        Tree out = make(NodeKind::logical_not, tokens_[at_++].place);
        CODA_TRY(Tree operand, negation());
        CODA_CHECK(adopt(out, std::move(operand)));
        return out;
    }

    Result<Tree> comparison() {
        const Place place = now().place;
        CODA_TRY(Tree first, sum());
        Tree out;
        static constexpr std::array<std::string_view, 6> kSigns = {"==", "!=", "<", "<=", ">", ">="};
        while (true) {
            std::string sign;
            if (now().kind == Kind::sign && contains(kSigns, now().text))
                sign = now().text;
            else if (at_name("in"))
                sign = "in";
            else if (at_name("not") && ahead().kind == Kind::name && ahead().text == "in")
                sign = "not in";
            if (sign.empty()) break;
            at_ += sign == "not in" ? 2 : 1;
            if (!out) {
                out = make(NodeKind::compare, place);
                CODA_CHECK(adopt(out, std::move(first)));
            }
            out->names.push_back(std::move(sign));
            CODA_TRY(Tree next, sum());
            CODA_CHECK(adopt(out, std::move(next)));
        }
        return out ? std::move(out) : std::move(first);
    }

    template <size_t n>
    Result<Tree> chain(const std::array<std::string_view, n>& signs, Result<Tree> (Parser::*operand)()) {
        CODA_TRY(Tree left, (this->*operand)());
        while (now().kind == Kind::sign && contains(signs, now().text)) {
            const Token sign = tokens_[at_++];
            CODA_TRY(Tree right, (this->*operand)());
            CODA_TRY(left, pair(NodeKind::binary, sign.place, std::move(left), std::move(right), sign.text));
        }
        return left;
    }
    Result<Tree> sum() { return chain(std::array<std::string_view, 2>{"+", "-"}, &Parser::concatenation); }
    Result<Tree> concatenation() { return chain(std::array<std::string_view, 1>{"~"}, &Parser::product); }
    Result<Tree> product() {
        return chain(std::array<std::string_view, 4>{"*", "/", "//", "%"}, &Parser::power);
    }
    Result<Tree> power() { return chain(std::array<std::string_view, 1>{"**"}, &Parser::filtered_unary); }
    Result<Tree> filtered_unary() { return unary(true); }

    Result<Tree> unary(bool filters) {
        const Nesting nesting(nesting_);
        CODA_CHECK(check_nesting());
        const Place place = now().place;
        Tree out;
        if (at_sign("-") || at_sign("+")) {
            out = make(at_sign("-") ? NodeKind::negate : NodeKind::plus, place);
            ++at_;
            CODA_TRY(Tree operand, unary(false));
            CODA_CHECK(adopt(out, std::move(operand)));
        } else {
            CODA_TRY(out, primary());
        }
        CODA_TRY(out, postfix(std::move(out)));
        if (!filters) return out;
        while (true) {
            if (at_sign("|")) {
                CODA_TRY(out, filtered(std::move(out)));
            } else if (at_name("is")) {
                CODA_TRY(out, tested(std::move(out)));
            } else if (at_sign("(")) {
                CODA_TRY(out, called(std::move(out)));
            } else {
                return out;
            }
        }
    }

    Tree literal(Place place, Value value) {
        Tree out = make(NodeKind::literal, place);
        out->literal = std::move(value);
        return out;
    }

    Result<Tree> primary() {
        const Token& token = now();
        switch (token.kind) {
            case Kind::name:
                return named();
            case Kind::string:
                return string();
            case Kind::integer: {
                int64_t value = 0;
                const char* end = token.text.data() + token.text.size();
                if (std::from_chars(token.text.data(), end, value).ec != std::errc())
                    return error(token.place, "the number is too large");
                ++at_;
                return literal(token.place, Value::integer(value));
            }
            case Kind::real: {
                double value = 0;
                const char* end = token.text.data() + token.text.size();
                if (std::from_chars(token.text.data(), end, value).ec != std::errc())
                    return error(token.place, "the number is too large");
                ++at_;
                return literal(token.place, Value::real(value));
            }
            case Kind::sign:
                if (token.text == "(") return parenthesised();
                if (token.text == "[") return list();
                if (token.text == "{") return dict();
                [[fallthrough]];
            default:
                return unexpected("an expression");
        }
    }

    Result<Tree> named() {
        const Token token = tokens_[at_++];
        if (token.text == "true" || token.text == "True") return literal(token.place, Value::boolean(true));
        if (token.text == "false" || token.text == "False")
            return literal(token.place, Value::boolean(false));
        if (token.text == "none" || token.text == "None") return literal(token.place, Value::none());
        return make(NodeKind::name, token.place, token.text);
    }

    Result<Tree> string() {
        const Place place = now().place;
        std::string text;
        while (now().kind == Kind::string) text += tokens_[at_++].text;
        return literal(place, Value::text(text));
    }

    Result<Tree> parenthesised() {
        const Place place = tokens_[at_++].place;
        if (take_sign(")")) return make(NodeKind::tuple, place);
        CODA_TRY(Tree inner, tuple_or_expression(true));
        CODA_CHECK(expect_sign(")"));
        return inner;
    }

    Result<Tree> list() {
        Tree out = make(NodeKind::list, tokens_[at_++].place);
        while (!at_sign("]")) {
            CODA_TRY(Tree item, expression(true));
            CODA_CHECK(adopt(out, std::move(item)));
            if (!take_sign(",")) break;
        }
        CODA_CHECK(expect_sign("]"));
        return out;
    }

    Result<Tree> dict() {
        Tree out = make(NodeKind::dict, tokens_[at_++].place);
        while (!at_sign("}")) {
            CODA_TRY(Tree key, expression(true));
            CODA_CHECK(expect_sign(":"));
            CODA_TRY(Tree value, expression(true));
            CODA_CHECK(adopt(out, std::move(key)));
            CODA_CHECK(adopt(out, std::move(value)));
            if (!take_sign(",")) break;
        }
        CODA_CHECK(expect_sign("}"));
        return out;
    }

    Result<Tree> postfix(Tree node) {
        while (true) {
            if (at_sign(".")) {
                ++at_;
                if (now().kind == Kind::integer) {
                    CODA_TRY(Tree key, primary());
                    CODA_TRY(node, pair(NodeKind::item, now().place, std::move(node), std::move(key)));
                    continue;
                }
                Tree out = make(NodeKind::attribute, now().place);
                CODA_TRY(out->text, identifier());
                CODA_CHECK(adopt(out, std::move(node)));
                node = std::move(out);
            } else if (at_sign("[")) {
                CODA_TRY(node, subscript(std::move(node)));
            } else if (at_sign("(")) {
                CODA_TRY(node, called(std::move(node)));
            } else {
                return node;
            }
        }
    }

    Result<Tree> subscript(Tree object) {
        const Place place = tokens_[at_++].place;
        std::array<Tree, 3> parts;
        size_t part = 0;
        bool is_slice = false;
        while (!at_sign("]")) {
            if (take_sign(":")) {
                is_slice = true;
                if (++part > 2) return unexpected("\"]\"");
                continue;
            }
            if (parts[part]) return unexpected("\"]\"");
            CODA_TRY(parts[part], expression(true));
        }
        CODA_CHECK(expect_sign("]"));
        if (!is_slice) {
            if (!parts[0]) return error(place, "an index is missing");
            return pair(NodeKind::item, place, std::move(object), std::move(parts[0]));
        }
        Tree out = make(NodeKind::slice, place);
        CODA_CHECK(adopt(out, std::move(object)));
        for (Tree& value : parts) CODA_CHECK(adopt(out, std::move(value)));
        return out;
    }

    Status arguments(Tree& node) {
        CODA_CHECK(expect_sign("("));
        while (!at_sign(")")) {
            if (at_sign("*") || at_sign("**"))
                return fail(ErrorCode::unsupported, "unpacked arguments are not supported",
                            shown(now().place));
            std::string name;
            if (now().kind == Kind::name && ahead().kind == Kind::sign && ahead().text == "=") {
                name = now().text;
                at_ += 2;
            } else if (!node->names.empty() && !node->names.back().empty()) {
                return error(now().place, "a positional argument after one with a name");
            }
            CODA_TRY(Tree value, expression(true));
            node->names.push_back(std::move(name));
            CODA_CHECK(adopt(node, std::move(value)));
            if (!take_sign(",")) break;
        }
        return expect_sign(")");
    }

    Result<Tree> called(Tree function) {
        Tree out = make(NodeKind::call, now().place);
        CODA_CHECK(adopt(out, std::move(function)));
        CODA_CHECK(arguments(out));
        return out;
    }

    Result<Tree> filtered(Tree value) {
        CODA_CHECK(expect_sign("|"));
        return named_filter(std::move(value));
    }

    Result<Tree> named_filter(Tree value) {
        Tree out = make(NodeKind::filter, now().place);
        CODA_TRY(out->text, identifier());
        CODA_CHECK(adopt(out, std::move(value)));
        if (at_sign("(")) CODA_CHECK(arguments(out));
        return out;
    }

    Result<Tree> tested(Tree value) {
        const Place place = tokens_[at_++].place;
        const bool negated = take_name("not");
        Tree out = make(NodeKind::test, place);
        CODA_TRY(out->text, identifier());
        CODA_CHECK(adopt(out, std::move(value)));
        static constexpr std::array<std::string_view, 6> kAfter = {"else", "or", "and", "is", "if", "in"};
        const bool takes_operand = (now().kind == Kind::name && !contains(kAfter, now().text) &&
                                    now().text != "not" && now().text != "recursive") ||
                                   now().kind == Kind::string || now().kind == Kind::integer ||
                                   now().kind == Kind::real || at_sign("[") || at_sign("{");
        if (at_sign("(")) {
            CODA_CHECK(arguments(out));
        } else if (takes_operand) {
            CODA_TRY(Tree operand, primary());
            CODA_TRY(operand, postfix(std::move(operand)));
            out->names.emplace_back();
            CODA_CHECK(adopt(out, std::move(operand)));
        }
        if (!negated) return out;
        Tree inverse = make(NodeKind::logical_not, place);
        CODA_CHECK(adopt(inverse, std::move(out)));
        return inverse;
    }

    int loops_ = 0;
};

}  // namespace

Result<std::unique_ptr<Node>> parse(std::string_view source) {
    if (source.size() > kMaxSource)
        return fail(ErrorCode::exhausted,
                    fmt::format("the template has {} bytes; at most {} are read", source.size(), kMaxSource));
    CODA_TRY(std::vector<Token> tokens, tokenize(source));
    return Parser(std::move(tokens)).run();
}

}  // namespace coda::models::llm::jinja
