#include "tools/patterns.h"

#include <algorithm>

namespace coda::tools {

namespace {
constexpr int kMaxSteps = 20000;  // per pattern; what needs more does not match
}

// What the types said of the words between two places: many patterns ask the same.
class TypeMemo {
  public:
    TypeMemo(const std::vector<std::function<bool(std::span<const std::string>)>>& types,
             std::span<const std::string> words)
        : types_(types), words_(words), stride_(words.size() + 1) {}

    bool accepts(size_t type, size_t first, size_t last) {
        if (last - first > kMostWords) return false;
        if (known_.empty()) known_.resize(types_.size() * stride_ * (kMostWords + 1));
        uint8_t& known = known_[(type * stride_ + first) * (kMostWords + 1) + (last - first)];
        if (known == 0) known = types_[type](words_.subspan(first, last - first)) ? 2 : 1;
        return known == 2;
    }

  private:
    static constexpr size_t kMostWords = 30;  // no type accepts more
    const std::vector<std::function<bool(std::span<const std::string>)>>& types_;
    const std::span<const std::string> words_;
    const size_t stride_;
    std::vector<uint8_t> known_;  // 0: not asked yet, 1: no, 2: yes
};

// One try of one pattern: depth-first over the choices, the first way through wins.
class PatternRun {
  public:
    PatternRun(const Patterns& all, const Patterns::Pattern& pattern, std::span<const std::string> words,
               std::span<const int32_t> ids, TypeMemo& types)
        : all_(all),
          pattern_(pattern),
          words_(words),
          ids_(ids),
          types_(types),
          slots_(pattern.slots.size()) {}

    bool matches() {
        todo_.push_back({0, 0, -1, {}});
        while (!todo_.empty()) {
            const Choice choice = todo_.back();
            todo_.pop_back();
            if (choice.slot >= 0) {  // undo of a slot on the way back
                slots_[static_cast<size_t>(choice.slot)] = choice.old;
                continue;
            }
            if (follow(choice.pc, choice.at)) return true;
            if (steps_ > kMaxSteps) return false;
        }
        return false;
    }
    const std::vector<Patterns::Range>& slots() const { return slots_; }
    bool closed() const { return closed_; }

  private:
    struct Choice {
        int32_t pc;
        size_t at;
        int32_t slot;  // >= 0: restore this slot instead of going on
        Patterns::Range old;
    };

    bool follow(int32_t pc, size_t at) {
        using Op = Patterns::Op;
        while (++steps_ <= kMaxSteps) {
            const Patterns::Instruction& in = pattern_.code[static_cast<size_t>(pc)];
            switch (in.op) {
                case Op::match:
                    return at == words_.size();
                case Op::jump:
                    pc = in.a;
                    continue;
                case Op::split:
                    todo_.push_back({in.b, at, -1, {}});
                    pc = in.a;
                    continue;
                case Op::open:
                    remember(in.a);
                    slots_[static_cast<size_t>(in.a)].first = at;
                    break;
                case Op::close:
                    remember(in.a);
                    slots_[static_cast<size_t>(in.a)].last = at;
                    if (in.b >= 0 && !accepted(in)) return false;
                    break;
                case Op::any:
                    if (at == words_.size()) return false;
                    ++at;
                    closed_ = false;
                    break;
                case Op::word:
                    if (at == words_.size() || ids_[at] != in.a) return false;
                    ++at;
                    closed_ = true;
                    break;
                case Op::set: {
                    if (at == words_.size() || ids_[at] < 0) return false;
                    const std::vector<bool>& set = all_.sets_[static_cast<size_t>(in.a)];
                    if (static_cast<size_t>(ids_[at]) >= set.size() || !set[static_cast<size_t>(ids_[at])])
                        return false;
                    ++at;
                    closed_ = true;
                    break;
                }
            }
            ++pc;
        }
        return false;
    }

    void remember(int32_t slot) { todo_.push_back({0, 0, slot, slots_[static_cast<size_t>(slot)]}); }
    bool accepted(const Patterns::Instruction& in) {
        const Patterns::Range range = slots_[static_cast<size_t>(in.a)];
        return types_.accepts(static_cast<size_t>(in.b), range.first, range.last);
    }

    const Patterns& all_;
    const Patterns::Pattern& pattern_;
    std::span<const std::string> words_;
    std::span<const int32_t> ids_;
    TypeMemo& types_;
    std::vector<Patterns::Range> slots_;
    std::vector<Choice> todo_;
    int steps_ = 0;
    bool closed_ = false;  // of the last word that was taken
};

std::optional<Patterns::Match> Patterns::run(const Pattern& pattern, std::span<const std::string> words,
                                             std::span<const int32_t> ids, TypeMemo& types) const {
    if (!pattern.any_first) {
        if (words.empty() || ids[0] < 0) return std::nullopt;
        const auto id = static_cast<size_t>(ids[0]);
        if (id >= pattern.first.size() || !pattern.first[id]) return std::nullopt;
    }
    PatternRun attempt(*this, pattern, words, ids, types);
    if (!attempt.matches()) return std::nullopt;
    Match match;
    match.fixed = pattern.fixed;
    match.line = pattern.line;
    match.closed = attempt.closed();
    for (size_t i = 0; i < pattern.slots.size(); ++i)
        if (attempt.slots()[i].last > attempt.slots()[i].first)
            match.slots[pattern.slots[i]] = attempt.slots()[i];
    return match;
}

std::optional<Patterns::Match> Patterns::match(std::span<const std::string> words,
                                               const Wanted& wanted) const {
    std::vector<int32_t> ids(words.size());
    for (size_t i = 0; i < words.size(); ++i) {
        const auto found = ids_.find(words[i]);
        ids[i] = found == ids_.end() ? -1 : found->second;
    }
    TypeMemo types(types_, words);
    for (const Section& section : sections_) {
        if (!wanted(section.name)) continue;
        for (const Pattern& pattern : section.patterns) {
            std::optional<Match> found = run(pattern, words, ids, types);
            if (!found) continue;
            const bool vetoed =
                std::any_of(section.vetoes.begin(), section.vetoes.end(),
                            [&](const Pattern& veto) { return run(veto, words, ids, types).has_value(); });
            if (vetoed) break;
            found->section = section.name;
            return found;
        }
    }
    return std::nullopt;
}

std::vector<std::string> Patterns::sections() const {
    std::vector<std::string> names;
    for (const Section& section : sections_) names.push_back(section.name);
    return names;
}

size_t Patterns::size() const {
    size_t n = 0;
    for (const Section& section : sections_) n += section.patterns.size() + section.vetoes.size();
    return n;
}

}  // namespace coda::tools
