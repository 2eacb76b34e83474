// Sentence patterns: a small language for what people say, compiled once and matched against normalised words
// (words.h). The format is described in docs/intents.md. Matching backtracks within a bound of steps per
// pattern, so its time is bounded for any input. Thread safety: immutable after parse.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace coda::tools {

// What a typed slot ("{sum:sum}") accepts.
using SlotTypes = std::map<std::string, std::function<bool(std::span<const std::string>)>, std::less<>>;

class TypeMemo;

class Patterns {
  public:
    // Fails with bad_format, naming the line. `where` names the text in errors.
    static Result<Patterns> parse(std::string_view text, const std::string& where, SlotTypes types);

    struct Range {
        size_t first = 0, last = 0;  // words [first, last)
    };
    struct Match {
        std::string section;
        std::map<std::string, Range> slots;
        std::map<std::string, std::string> fixed;  // what the pattern itself says ("-> day=tomorrow")
        int line = 0;                              // of the pattern, for explanations and tests
        bool closed = false;  // the last word is one that the pattern names: nothing is left to be filled in
    };

    // The first pattern, in the order of the text and of the sections that `wanted` names, that the whole of
    // `words` follows; a section is passed over when one of its patterns marked "!" matches too.
    using Wanted = std::function<bool(std::string_view section)>;
    std::optional<Match> match(std::span<const std::string> words, const Wanted& wanted) const;

    // Whether any pattern names this word.
    bool knows(const std::string& word) const { return ids_.count(word) > 0; }
    std::vector<std::string> sections() const;
    size_t size() const;  // patterns

  private:
    friend class PatternParser;
    friend class PatternRun;

    enum class Op : uint8_t { word, set, any, split, jump, open, close, match };
    struct Instruction {
        Op op;
        int32_t a = 0;  // word: id; set: index; split: first choice; jump: target; open/close: slot
        int32_t b = 0;  // split: second choice; close: type or -1
    };
    struct Pattern {
        std::vector<Instruction> code;
        std::vector<std::string> slots;
        std::map<std::string, std::string> fixed;
        std::vector<bool> first;  // by word id, when any_first is false: words it can start with
        bool any_first = false;
        int line = 0;
    };
    struct Section {
        std::string name;
        std::vector<Pattern> patterns, vetoes;
    };

    std::optional<Match> run(const Pattern& pattern, std::span<const std::string> words,
                             std::span<const int32_t> ids, TypeMemo& types) const;

    std::vector<Section> sections_;
    std::unordered_map<std::string, int32_t> ids_;
    std::vector<std::vector<bool>> sets_;  // by word id
    std::vector<std::function<bool(std::span<const std::string>)>> types_;
};

}  // namespace coda::tools
