// A context-free grammar over bytes, built from small parts: what a constrained reply may be. Rules may call
// each other and themselves, except at their own start. Thread safety: a Grammar is immutable once built; a
// Builder belongs to one thread.
#pragma once

#include "base/result.h"

#include <bitset>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace coda::models::llm::grammar {

using ByteSet = std::bitset<256>;

struct Element {
    enum class Kind : uint8_t {
        bytes,  // one byte of set `index`
        rule,   // what rule `index` says
        end,    // of a sequence
    };
    Kind kind = Kind::end;
    int32_t index = 0;
};

struct Grammar {
    std::vector<Element> elements;            // sequences one after the other, each with its end
    std::vector<std::vector<int32_t>> rules;  // of each rule its sequences' first elements
    std::vector<ByteSet> sets;
    int32_t root = 0;
};

class Builder {
  public:
    // Names a rule; most members below make one and return it.
    using Rule = int32_t;

    // A rule without alternatives yet, for rules that call themselves.
    Rule declare();
    void add(Rule rule, const std::vector<Rule>& sequence);

    Rule bytes(const ByteSet& set);
    Rule literal(std::string_view text);
    Rule sequence(const std::vector<Rule>& parts);
    Rule choice(const std::vector<Rule>& options);
    Rule optional(Rule part) { return choice({part, nothing()}); }
    // `most` below 0: any number.
    Rule repeat(Rule part, int64_t least, int64_t most);
    Rule nothing();
    // One code point in UTF-8 from first to last; surrogates are left out.
    Rule characters(char32_t first, char32_t last);

    size_t size() const { return grammar_.elements.size(); }
    static constexpr size_t kMaxElements = 400'000;

    // Fails with unsupported for a rule that starts with itself, invalid_argument where no text can ever be
    // complete, exhausted above kMaxElements.
    Result<Grammar> build(Rule root) &&;

  private:
    void append(Element::Kind kind, int32_t index = 0);
    // True where the sequence that starts at the element can be no text at all.
    bool finishes(int32_t element, const std::vector<char>& rules) const;
    std::vector<char> nullable_rules() const;
    std::vector<char> completable_rules() const;
    bool starts_with_itself(const std::vector<char>& nullable) const;

    Grammar grammar_;
    std::vector<std::pair<ByteSet, Rule>> known_sets_;
    Rule nothing_ = -1;
};

}  // namespace coda::models::llm::grammar
