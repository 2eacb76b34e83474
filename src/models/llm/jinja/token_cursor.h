// Where the parser stands among the tokens, what it expects next, and how it makes nodes; it counts how deep
// it is nested. Private to the parser. Thread safety: one thread at a time. Owns the tokens.
#pragma once

#include "models/llm/jinja/lexer.h"
#include "models/llm/jinja/parser.h"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace coda::models::llm::jinja {

using Tree = std::unique_ptr<Node>;

class TokenCursor {
  protected:
    explicit TokenCursor(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

    // ---- tokens
    const Token& now() const { return tokens_[at_]; }
    const Token& ahead() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
    bool at_sign(std::string_view sign) const {
        return now().kind == Token::Kind::sign && now().text == sign;
    }
    bool at_name(std::string_view name) const {
        return now().kind == Token::Kind::name && now().text == name;
    }
    bool take_sign(std::string_view sign) {
        if (!at_sign(sign)) return false;
        ++at_;
        return true;
    }
    bool take_name(std::string_view name) {
        if (!at_name(name)) return false;
        ++at_;
        return true;
    }
    static std::string told(const Token& token) {
        switch (token.kind) {
            case Token::Kind::end:
                return "the end of the template";
            case Token::Kind::data:
                return "text";
            case Token::Kind::string:
                return "a string";
            default:
                return fmt::format("\"{}\"", token.text.substr(0, 40));
        }
    }
    static tl::unexpected<Error> error(Place place, std::string what) {
        return fail(ErrorCode::bad_format, std::move(what), shown(place));
    }
    tl::unexpected<Error> unexpected(std::string_view wanted) const {
        return error(now().place, fmt::format("{} where {} should be", told(now()), wanted));
    }
    Status expect_sign(std::string_view sign) {
        if (take_sign(sign)) return {};
        return unexpected(fmt::format("\"{}\"", sign));
    }
    Status expect_name(std::string_view name) {
        if (take_name(name)) return {};
        return unexpected(fmt::format("\"{}\"", name));
    }
    Status expect(Token::Kind kind, std::string_view wanted) {
        if (now().kind != kind) return unexpected(wanted);
        ++at_;
        return {};
    }
    Result<std::string> identifier() {
        if (now().kind != Token::Kind::name) return unexpected("a name");
        return tokens_[at_++].text;
    }

    // ---- nodes
    static Tree make(NodeKind kind, Place place, std::string text = {}) {
        Tree node = std::make_unique<Node>();
        node->kind = kind;
        node->place = place;
        node->text = std::move(text);
        return node;
    }
    Status adopt(Tree& parent, Tree child) {
        if (child) parent->height = std::max(parent->height, child->height + 1);
        if (parent->height > kMaxHeight)
            return fail(ErrorCode::exhausted, "statements or expressions are nested too deep",
                        shown(parent->place));
        parent->children.push_back(std::move(child));
        return {};
    }
    // Counts the parser's own recursion.
    struct Nesting {
        int& depth;
        explicit Nesting(int& count) : depth(count) { ++depth; }
        ~Nesting() { --depth; }
        Nesting(const Nesting&) = delete;
        Nesting& operator=(const Nesting&) = delete;
    };
    Status check_nesting() const {
        if (nesting_ <= kMaxNesting) return {};
        return fail(ErrorCode::exhausted, "statements or expressions are nested too deep",
                    shown(now().place));
    }

    static constexpr int kMaxHeight = 200;   // of the tree; templates in the wild stay under 40
    static constexpr int kMaxNesting = 100;  // of the parser's own calls

    std::vector<Token> tokens_;
    size_t at_ = 0;
    int nesting_ = 0;
};

}  // namespace coda::models::llm::jinja
