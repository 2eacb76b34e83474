#include "models/llm/grammar/grammar.h"

#include "models/llm/unicode.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

namespace coda::models::llm::grammar {

void Builder::append(Element::Kind kind, int32_t index) {
    grammar_.elements.push_back({kind, index});
}

Builder::Rule Builder::declare() {
    grammar_.rules.emplace_back();
    return static_cast<Rule>(grammar_.rules.size() - 1);
}

void Builder::add(Rule rule, const std::vector<Rule>& sequence) {
    grammar_.rules[static_cast<size_t>(rule)].push_back(static_cast<int32_t>(grammar_.elements.size()));
    for (const Rule part : sequence) append(Element::Kind::rule, part);
    append(Element::Kind::end);
}

Builder::Rule Builder::bytes(const ByteSet& set) {
    for (const auto& [known, rule] : known_sets_)
        if (known == set) return rule;
    const Rule rule = declare();
    grammar_.rules.back().push_back(static_cast<int32_t>(grammar_.elements.size()));
    append(Element::Kind::bytes, static_cast<int32_t>(grammar_.sets.size()));
    append(Element::Kind::end);
    grammar_.sets.push_back(set);
    known_sets_.emplace_back(set, rule);
    return rule;
}

Builder::Rule Builder::literal(std::string_view text) {
    std::vector<Rule> parts;
    for (const char c : text) {
        ByteSet set;
        set.set(static_cast<unsigned char>(c));
        parts.push_back(bytes(set));
    }
    return sequence(parts);
}

Builder::Rule Builder::sequence(const std::vector<Rule>& parts) {
    if (parts.size() == 1) return parts.front();
    const Rule rule = declare();
    add(rule, parts);
    return rule;
}

Builder::Rule Builder::choice(const std::vector<Rule>& options) {
    if (options.size() == 1) return options.front();
    const Rule rule = declare();
    for (const Rule option : options) add(rule, {option});
    return rule;
}

Builder::Rule Builder::nothing() {
    if (nothing_ < 0) {
        nothing_ = declare();
        add(nothing_, {});
    }
    return nothing_;
}

Builder::Rule Builder::repeat(Rule part, int64_t least, int64_t most) {
    // From the back: what may follow the last repetition comes first.
    Rule rest = nothing();
    if (most < 0) {
        rest = declare();
        add(rest, {part, rest});
        add(rest, {});
    }
    for (int64_t i = most; i > least && size() <= kMaxElements; --i) {
        const Rule next = declare();
        add(next, {part, rest});
        add(next, {});
        rest = next;
    }
    for (int64_t i = 0; i < least && size() <= kMaxElements; ++i) rest = sequence({part, rest});
    return rest;
}

Builder::Rule Builder::characters(char32_t first, char32_t last) {
    std::vector<Rule> options;
    // Ranges whose bytes differ in a suffix only, so that each byte can be its own set.
    const auto add_range = [&](auto&& self, char32_t from, char32_t to) -> void {
        if (from > to) return;
        static constexpr char32_t kEnds[] = {0x7F, 0x7FF, 0xD7FF, 0xFFFF, 0x10FFFF};
        for (const char32_t end : kEnds)
            if (from <= end && to > end) {
                self(self, from, end);
                return self(self, std::max<char32_t>(end + 1, end == 0xD7FF ? 0xE000 : 0), to);
            }
        if (from >= 0xD800 && from <= 0xDFFF) return self(self, 0xE000, to);
        std::string low, high;
        append_utf8(low, from);
        append_utf8(high, to);
        for (size_t tail = 1; tail < low.size(); ++tail) {
            const char32_t mask = (char32_t{1} << (6 * tail)) - 1;
            if ((from & ~mask) == (to & ~mask)) continue;
            if ((from & mask) != 0) {
                self(self, from, from | mask);
                return self(self, (from | mask) + 1, to);
            }
            if ((to & mask) != mask) {
                self(self, from, (to & ~mask) - 1);
                return self(self, to & ~mask, to);
            }
        }
        std::vector<Rule> parts;
        for (size_t i = 0; i < low.size(); ++i) {
            ByteSet set;
            for (int b = static_cast<unsigned char>(low[i]); b <= static_cast<unsigned char>(high[i]); ++b)
                set.set(static_cast<size_t>(b));
            parts.push_back(bytes(set));
        }
        options.push_back(sequence(parts));
    };
    add_range(add_range, first, last);
    return choice(options);
}

bool Builder::finishes(int32_t element, const std::vector<char>& rules) const {
    for (size_t at = static_cast<size_t>(element);; ++at) {
        const Element& e = grammar_.elements[at];
        if (e.kind == Element::Kind::end) return true;
        if (e.kind == Element::Kind::bytes || !rules[static_cast<size_t>(e.index)]) return false;
    }
}

std::vector<char> Builder::nullable_rules() const {
    std::vector<char> nullable(grammar_.rules.size(), 0);
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t rule = 0; rule < nullable.size(); ++rule) {
            if (nullable[rule]) continue;
            for (const int32_t start : grammar_.rules[rule])
                if (finishes(start, nullable)) nullable[rule] = changed = true;
        }
    }
    return nullable;
}

std::vector<char> Builder::completable_rules() const {
    std::vector<char> completable(grammar_.rules.size(), 0);
    const auto completes = [&](int32_t element) {
        for (size_t at = static_cast<size_t>(element);; ++at) {
            const Element& e = grammar_.elements[at];
            if (e.kind == Element::Kind::end) return true;
            if (e.kind == Element::Kind::bytes ? grammar_.sets[static_cast<size_t>(e.index)].none()
                                               : !completable[static_cast<size_t>(e.index)])
                return false;
        }
    };
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t rule = 0; rule < completable.size(); ++rule) {
            if (completable[rule]) continue;
            for (const int32_t start : grammar_.rules[rule])
                if (completes(start)) completable[rule] = changed = true;
        }
    }
    return completable;
}

bool Builder::starts_with_itself(const std::vector<char>& nullable) const {
    // Depth first over "may be the first thing in", without the program's stack.
    std::vector<char> state(grammar_.rules.size(), 0);  // 1: on the path, 2: done
    std::vector<std::pair<int32_t, bool>> work;
    for (size_t first = 0; first < state.size(); ++first) {
        work.emplace_back(static_cast<int32_t>(first), false);
        while (!work.empty()) {
            const auto [rule, leaving] = work.back();
            work.pop_back();
            char& mark = state[static_cast<size_t>(rule)];
            if (leaving) {
                mark = 2;
                continue;
            }
            if (mark == 2) continue;
            if (mark == 1) continue;
            mark = 1;
            work.emplace_back(rule, true);
            for (const int32_t start : grammar_.rules[static_cast<size_t>(rule)]) {
                for (size_t at = static_cast<size_t>(start);; ++at) {
                    const Element& e = grammar_.elements[at];
                    if (e.kind != Element::Kind::rule) break;
                    // A tail call of itself after nothing loops without effect; the matcher sees it once.
                    const bool tail = grammar_.elements[at + 1].kind == Element::Kind::end;
                    const char seen = state[static_cast<size_t>(e.index)];
                    if (seen == 1 && !(tail && e.index == rule)) return true;
                    if (seen == 0) work.emplace_back(e.index, false);
                    if (!nullable[static_cast<size_t>(e.index)]) break;
                }
            }
        }
    }
    return false;
}

Result<Grammar> Builder::build(Rule root) && {
    if (size() > kMaxElements)
        return fail(ErrorCode::exhausted, fmt::format("the grammar has more than {} parts", kMaxElements), "",
                    "use smaller bounds for lengths and counts");
    if (starts_with_itself(nullable_rules()))
        return fail(ErrorCode::unsupported, "a rule of the grammar starts with itself", "",
                    "let something stand before it");
    if (!completable_rules()[static_cast<size_t>(root)])
        return fail(ErrorCode::invalid_argument, "no text can ever follow the grammar");
    grammar_.root = root;
    return std::move(grammar_);
}

}  // namespace coda::models::llm::grammar
