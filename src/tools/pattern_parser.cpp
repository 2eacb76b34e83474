// The text of sentence patterns to programs: a recursive descent over each line, rules put in where they are
// named.
#include "tools/patterns.h"
#include "tools/words.h"

#include <algorithm>
#include <deque>
#include <set>
#include <unordered_map>

#include <fmt/format.h>

namespace coda::tools {
namespace {

constexpr size_t kMaxCode = 60000;  // instructions of one pattern
constexpr int kMaxNesting = 30;

struct Node {
    enum class Kind { words, sequence, choice, optional, any_words, slot, rule } kind = Kind::sequence;
    std::vector<std::string> words;  // words: a row of literals
    std::vector<Node> children;      // sequence, choice, optional
    const Node* target = nullptr;    // rule: what it stands for; slot: the rule that it holds
    std::string slot, type;
    int low = 1, high = 0;  // slot: words; high 0: no bound
};

struct Failure {
    std::string what;
};
template <class T>
using Parsed = tl::expected<T, Failure>;
tl::unexpected<Failure> broken(std::string what) {
    return tl::unexpected<Failure>({std::move(what)});
}

using Rules = std::map<std::string, Node, std::less<>>;

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r'))
        text.remove_suffix(1);
    return text;
}

// One line's grammar: choice := row ('|' row)*; row := item*; item := word | <rule> | (choice) | [choice] |
// {slot} | ...
class LineParser {
  public:
    LineParser(std::string_view line, const Rules& rules) : line_(line), rules_(rules) {}

    Parsed<Node> parse() {
        Parsed<Node> node = choice();
        if (node && at_ != line_.size()) return broken(fmt::format("unexpected '{}'", line_[at_]));
        return node;
    }

  private:
    char peek() const { return at_ < line_.size() ? line_[at_] : '\0'; }
    void blanks() {
        while (peek() == ' ' || peek() == '\t') ++at_;
    }

    Parsed<Node> choice() {
        if (++nesting_ > kMaxNesting) return broken("nested too deeply");
        Node out;
        out.kind = Node::Kind::choice;
        while (true) {
            Parsed<Node> branch = row();
            if (!branch) return branch;
            out.children.push_back(std::move(*branch));
            if (peek() != '|') break;
            ++at_;
        }
        --nesting_;
        return out.children.size() == 1 ? std::move(out.children.front()) : out;
    }

    Parsed<Node> row() {
        Node out;
        while (true) {
            blanks();
            const char c = peek();
            if (c == '\0' || c == '|' || c == ')' || c == ']') break;
            Parsed<Node> next = item();
            if (!next) return next;
            out.children.push_back(std::move(*next));
        }
        if (out.children.empty()) return broken("an empty alternative");
        return out;
    }

    Parsed<Node> item() {
        switch (peek()) {
            case '(':
                return bracketed(')', Node::Kind::sequence);
            case '[':
                return bracketed(']', Node::Kind::optional);
            case '{':
                return slot();
            case '<':
                return rule();
            default:
                return word();
        }
    }

    Parsed<Node> bracketed(char end, Node::Kind kind) {
        ++at_;
        Parsed<Node> inner = choice();
        if (!inner) return inner;
        if (peek() != end) return broken(fmt::format("missing '{}'", end));
        ++at_;
        if (kind == Node::Kind::sequence) return inner;
        Node out;
        out.kind = kind;
        out.children.push_back(std::move(*inner));
        return out;
    }

    Parsed<std::string> until(char end) {
        const size_t stop = line_.find(end, at_);
        if (stop == std::string_view::npos) return broken(fmt::format("missing '{}'", end));
        const std::string text(line_.substr(at_ + 1, stop - at_ - 1));
        at_ = stop + 1;
        return text;
    }

    Parsed<Node> rule() {
        Parsed<std::string> name = until('>');
        if (!name) return broken(name.error().what);
        const auto found = rules_.find(*name);
        if (found == rules_.end()) return broken(fmt::format("no rule <{}> above this line", *name));
        Node out;
        out.kind = Node::Kind::rule;
        out.target = &found->second;
        return out;
    }

    // {name}, {name:type}, {name:<rule>}, {name:2}, {name:1-3}
    Parsed<Node> slot() {
        Parsed<std::string> text = until('}');
        if (!text) return broken(text.error().what);
        Node out;
        out.kind = Node::Kind::slot;
        const size_t colon = text->find(':');
        out.slot = text->substr(0, colon);
        if (out.slot.empty()) return broken("a slot without a name");
        if (colon == std::string::npos) return out;
        const std::string bound = text->substr(colon + 1);
        if (bound.empty()) return broken("a slot with an empty type");
        if (bound.front() == '<') {
            const auto found = rules_.find(std::string_view(bound).substr(1, bound.size() - 2));
            if (found == rules_.end()) return broken(fmt::format("no rule {} above this line", bound));
            out.target = &found->second;
            return out;
        }
        if (bound.find_first_not_of("0123456789-") != std::string::npos) {
            out.type = bound;
            return out;
        }
        const size_t dash = bound.find('-');
        const std::string low = bound.substr(0, dash),
                          high = dash == std::string::npos ? low : bound.substr(dash + 1);
        if (low.size() != 1 || high.size() != 1) return broken("a slot's bounds are one digit each");
        out.low = low[0] - '0';
        out.high = high[0] - '0';
        if (out.low < 1 || out.high < out.low) return broken("a slot's bounds make no sense");
        return out;
    }

    // A literal, with an optional ending: "light[s]"; "..." stands for any words, also none.
    Parsed<Node> word() {
        const size_t start = at_;
        while (at_ < line_.size() &&
               std::string_view(" \t|()[]{}<>").find(line_[at_]) == std::string_view::npos)
            ++at_;
        const std::string text(line_.substr(start, at_ - start));
        if (text.empty()) return broken(fmt::format("unexpected '{}'", peek()));
        Node out;
        if (text == "...") {
            out.kind = Node::Kind::any_words;
            return out;
        }
        if (peek() == '[' && at_ + 1 < line_.size() && line_[at_ + 1] != ' ') {
            const size_t end = line_.find(']', at_);
            if (end == std::string_view::npos) return broken("missing ']'");
            const std::string longer = text + std::string(line_.substr(at_ + 1, end - at_ - 1));
            at_ = end + 1;
            out.kind = Node::Kind::choice;
            out.children = {literal(text), literal(longer)};
            return out;
        }
        return literal(text);
    }

    static Node literal(const std::string& text) {
        Node out;
        out.kind = Node::Kind::words;
        out.words = phrase_words(text);
        if (out.words.empty()) out.words.push_back(text);
        return out;
    }

    std::string_view line_;
    const Rules& rules_;
    size_t at_ = 0;
    int nesting_ = 0;
};

}  // namespace

class PatternParser {
  public:
    PatternParser(std::string where, SlotTypes types) : where_(std::move(where)) {
        for (auto& [name, accepts] : types) {
            type_ids_[name] = static_cast<int32_t>(out_.types_.size());
            out_.types_.push_back(std::move(accepts));
        }
    }

    Result<Patterns> parse(std::string_view text) {
        int number = 0;
        std::string line;
        int line_number = 0;
        while (!text.empty() || !line.empty()) {
            std::string_view next = text.substr(0, text.find('\n'));
            text.remove_prefix(std::min(next.size() + 1, text.size()));
            ++number;
            const size_t comment = next.find('#');
            next = next.substr(0, comment);
            const bool continues =
                !next.empty() && (next.front() == ' ' || next.front() == '\t') && !trimmed(next).empty();
            if (!continues && !line.empty()) {
                CODA_CHECK(take_line(line, line_number));
                line.clear();
            }
            if (trimmed(next).empty()) continue;
            if (!continues) line_number = number;
            line += (line.empty() ? "" : " ") + std::string(trimmed(next));
        }
        return std::move(out_);
    }

  private:
    tl::unexpected<Error> bad(int line, const std::string& what) const {
        return fail(ErrorCode::bad_format, what, fmt::format("{}: line {}", where_, line));
    }

    Status take_line(std::string_view line, int number) {
        if (line.front() == '[' && line.back() == ']' && line.find(' ') == std::string_view::npos) {
            out_.sections_.push_back({std::string(line.substr(1, line.size() - 2)), {}, {}});
            return {};
        }
        const size_t equals = line.find('=');
        if (line.front() == '<' && equals != std::string_view::npos &&
            trimmed(line.substr(0, equals)).back() == '>' &&
            line.find('>') + 1 == trimmed(line.substr(0, equals)).size())
            return take_rule(trimmed(line.substr(0, equals)), trimmed(line.substr(equals + 1)), number);
        return take_pattern(line, number);
    }

    Status take_rule(std::string_view head, std::string_view body, int number) {
        const std::string name(head.substr(1, head.size() - 2));
        Parsed<Node> node = LineParser(body, rules_).parse();
        if (!node) return bad(number, node.error().what);
        if (!rules_.emplace(name, std::move(*node)).second)
            return bad(number, fmt::format("rule <{}> is there already", name));
        return {};
    }

    Status take_pattern(std::string_view line, int number) {
        if (out_.sections_.empty()) return bad(number, "a pattern before the first [section]");
        const bool veto = line.starts_with("! ");
        if (veto) line = trimmed(line.substr(2));
        Patterns::Pattern pattern;
        pattern.line = number;
        if (const size_t arrow = line.find("->"); arrow != std::string_view::npos) {
            CODA_CHECK(take_fixed(trimmed(line.substr(arrow + 2)), pattern, number));
            line = trimmed(line.substr(0, arrow));
        }
        Parsed<Node> node = LineParser(line, rules_).parse();
        if (!node) return bad(number, node.error().what);
        nodes_.push_back(std::move(*node));
        const std::string problem = emit(nodes_.back(), pattern);
        if (!problem.empty()) return bad(number, problem);
        pattern.code.push_back({Patterns::Op::match, 0, 0});
        if (pattern.code.size() > kMaxCode) return bad(number, "pattern too large");
        find_first(pattern);
        auto& section = out_.sections_.back();
        (veto ? section.vetoes : section.patterns).push_back(std::move(pattern));
        return {};
    }

    // "key=value, key=value"
    Status take_fixed(std::string_view text, Patterns::Pattern& pattern, int number) const {
        while (!text.empty()) {
            const size_t comma = std::min(text.find(','), text.size());
            const std::string_view pair = trimmed(text.substr(0, comma));
            const size_t equals = pair.find('=');
            if (equals == std::string_view::npos || equals == 0)
                return bad(number, "after '->' key=value is expected");
            pattern.fixed[std::string(trimmed(pair.substr(0, equals)))] =
                std::string(trimmed(pair.substr(equals + 1)));
            text.remove_prefix(std::min(comma + 1, text.size()));
        }
        return {};
    }

    int32_t id_of(const std::string& word) {
        return out_.ids_.emplace(word, static_cast<int32_t>(out_.ids_.size())).first->second;
    }
    static int32_t here(const Patterns::Pattern& pattern) {
        return static_cast<int32_t>(pattern.code.size());
    }

    // Appends the node's code; the text of a problem, or nothing.
    std::string emit(const Node& node, Patterns::Pattern& pattern) {
        if (pattern.code.size() > kMaxCode) return "pattern too large";
        using Op = Patterns::Op;
        switch (node.kind) {
            case Node::Kind::words:
                for (const std::string& word : node.words) pattern.code.push_back({Op::word, id_of(word), 0});
                return {};
            case Node::Kind::sequence:
                for (const Node& child : node.children)
                    if (std::string problem = emit(child, pattern); !problem.empty()) return problem;
                return {};
            case Node::Kind::optional:
                return emit_optional(node.children.front(), pattern);
            case Node::Kind::any_words:
                emit_gap(pattern);
                return {};
            case Node::Kind::slot:
                return emit_slot(node, pattern);
            case Node::Kind::choice:
                return emit_choice(node, pattern);
            case Node::Kind::rule:
                return emit(*node.target, pattern);
        }
        return {};
    }

    std::string emit_optional(const Node& inner, Patterns::Pattern& pattern) {
        const int32_t split = here(pattern);
        pattern.code.push_back({Patterns::Op::split, split + 1, 0});
        std::string problem = emit(inner, pattern);
        pattern.code[static_cast<size_t>(split)].b = here(pattern);
        return problem;
    }

    // Any words, as few as will do.
    static void emit_gap(Patterns::Pattern& pattern) {
        const int32_t split = here(pattern);
        pattern.code.push_back({Patterns::Op::split, split + 3, split + 1});
        pattern.code.push_back({Patterns::Op::any, 0, 0});
        pattern.code.push_back({Patterns::Op::jump, split, 0});
    }

    std::string emit_slot(const Node& node, Patterns::Pattern& pattern) {
        int32_t type = -1;
        if (!node.type.empty()) {
            const auto found = type_ids_.find(node.type);
            if (found == type_ids_.end()) return fmt::format("no slot type '{}'", node.type);
            type = found->second;
        }
        auto& slots = pattern.slots;
        auto at = std::find(slots.begin(), slots.end(), node.slot);
        if (at == slots.end()) at = slots.insert(slots.end(), node.slot);
        const auto slot = static_cast<int32_t>(at - slots.begin());
        pattern.code.push_back({Patterns::Op::open, slot, 0});
        if (node.target) {
            std::string problem = emit(*node.target, pattern);
            pattern.code.push_back({Patterns::Op::close, slot, -1});
            return problem;
        }
        for (int i = 0; i < node.low; ++i) pattern.code.push_back({Patterns::Op::any, 0, 0});
        std::vector<int32_t> exits;
        if (node.high == 0) emit_gap(pattern);
        for (int i = node.low; i < node.high; ++i) {
            exits.push_back(here(pattern));
            pattern.code.push_back({Patterns::Op::split, 0, here(pattern) + 1});
            pattern.code.push_back({Patterns::Op::any, 0, 0});
        }
        for (int32_t exit : exits) pattern.code[static_cast<size_t>(exit)].a = here(pattern);
        pattern.code.push_back({Patterns::Op::close, slot, type});
        return {};
    }

    // A choice as it is emitted: its single words as one set, and what is longer as branches.
    struct Choice {
        std::set<int32_t> single;
        std::vector<const Node*> branches;
        int32_t set = -1;
    };

    std::string emit_choice(const Node& node, Patterns::Pattern& pattern) {
        const Choice& choice = choice_of(node);
        std::vector<int32_t> jumps;
        const size_t total = choice.branches.size() + (choice.single.empty() ? 0 : 1);
        for (size_t i = 0; i < total; ++i) {
            const int32_t split = here(pattern);
            const bool last = i + 1 == total;
            if (!last) pattern.code.push_back({Patterns::Op::split, split + 1, 0});
            if (i < choice.branches.size()) {
                if (std::string problem = emit(*choice.branches[i], pattern); !problem.empty())
                    return problem;
            } else if (choice.single.size() == 1) {
                pattern.code.push_back({Patterns::Op::word, *choice.single.begin(), 0});
            } else {
                pattern.code.push_back({Patterns::Op::set, choice.set, 0});
            }
            if (last) break;
            jumps.push_back(here(pattern));
            pattern.code.push_back({Patterns::Op::jump, 0, 0});
            pattern.code[static_cast<size_t>(split)].b = here(pattern);
        }
        for (int32_t jump : jumps) pattern.code[static_cast<size_t>(jump)].a = here(pattern);
        return {};
    }

    // Worked out once per node: a rule's choice is emitted wherever the rule is named. Nodes stay where they
    // are.
    const Choice& choice_of(const Node& node) {
        const auto known = choices_.find(&node);
        if (known != choices_.end()) return known->second;
        Choice choice;
        gather(node, choice);
        if (choice.single.size() > 1) choice.set = set_of(choice.single);
        return choices_.emplace(&node, std::move(choice)).first->second;
    }

    static const Node& unwrapped(const Node& node) {
        const Node* at = &node;
        while (true) {
            if (at->kind == Node::Kind::rule)
                at = at->target;
            else if (at->kind == Node::Kind::sequence && at->children.size() == 1)
                at = &at->children.front();
            else
                return *at;
        }
    }

    void gather(const Node& node, Choice& choice) {
        for (const Node& child : node.children) {
            const Node& inner = unwrapped(child);
            if (inner.kind == Node::Kind::choice)
                gather(inner, choice);
            else if (inner.kind == Node::Kind::words && inner.words.size() == 1)
                choice.single.insert(id_of(inner.words.front()));
            else
                choice.branches.push_back(&inner);
        }
    }

    int32_t set_of(const std::set<int32_t>& words) {
        std::vector<bool> bits(static_cast<size_t>(*words.rbegin()) + 1);
        for (int32_t id : words) bits[static_cast<size_t>(id)] = true;
        out_.sets_.push_back(std::move(bits));
        return static_cast<int32_t>(out_.sets_.size() - 1);
    }

    // The words a pattern can begin with, by walking everything reachable before the first word is read.
    void find_first(Patterns::Pattern& pattern) const {
        std::vector<bool> seen(pattern.code.size());
        std::vector<int32_t> todo = {0};
        while (!todo.empty()) {
            const int32_t pc = todo.back();
            todo.pop_back();
            if (seen[static_cast<size_t>(pc)]) continue;
            seen[static_cast<size_t>(pc)] = true;
            const Patterns::Instruction& in = pattern.code[static_cast<size_t>(pc)];
            switch (in.op) {
                case Patterns::Op::word:
                    mark(pattern.first, static_cast<size_t>(in.a));
                    break;
                case Patterns::Op::set:
                    for (size_t id = 0; id < out_.sets_[static_cast<size_t>(in.a)].size(); ++id)
                        if (out_.sets_[static_cast<size_t>(in.a)][id]) mark(pattern.first, id);
                    break;
                case Patterns::Op::any:
                case Patterns::Op::match:
                    pattern.any_first = true;
                    break;
                case Patterns::Op::split:
                    todo.insert(todo.end(), {in.a, in.b});
                    break;
                case Patterns::Op::jump:
                    todo.push_back(in.a);
                    break;
                case Patterns::Op::open:
                case Patterns::Op::close:
                    todo.push_back(pc + 1);
                    break;
            }
        }
    }
    static void mark(std::vector<bool>& bits, size_t id) {
        if (bits.size() <= id) bits.resize(id + 1);
        bits[id] = true;
    }

    std::string where_;
    Rules rules_;
    std::deque<Node> nodes_;  // of the patterns; a deque does not move them
    std::unordered_map<const Node*, Choice> choices_;
    std::map<std::string, int32_t, std::less<>> type_ids_;
    Patterns out_;
};

Result<Patterns> Patterns::parse(std::string_view text, const std::string& where, SlotTypes types) {
    return PatternParser(where, std::move(types)).parse(text);
}

}  // namespace coda::tools
