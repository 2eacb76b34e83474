// The character of one conversation, as it is at the moment: how it words what tools say, what it tells of
// itself, what a language model is told of it, and how it adapts. Thread safety: one thread at a time, after
// creation that of the conversation's thinking.
#pragma once

#include "base/result.h"
#include "personality/change_log.h"
#include "personality/character.h"
#include "personality/feedback.h"
#include "personality/wording.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace coda::personality {

class Persona {
  public:
    struct Options {
        Character character = {};
        AdaptationLimits limits = {};
        uint64_t seed = 0;                   // of the choice among wordings
        std::filesystem::path changes = {};  // the file of what was adapted; empty: not kept
    };
    // Fails where the file of changes cannot be read.
    static Result<std::unique_ptr<Persona>> create(Options options);

    const Character& character() const { return options_.character; }
    const Traits& traits() const { return traits_; }  // of this turn
    // What became of a damaged file of changes; empty when all is well.
    const std::string& warning() const { return log_.warning(); }

    // A turn starts: its circumstances may change how it is answered.
    void begin_turn(const Moment& moment);
    // The turn was none: what it changed is as before.
    void retract_turn();

    std::string word(const Template& what) const;
    // "I'm Coda, ...", with the backstory where it is asked about itself.
    std::string introduction(bool at_length) const;
    // Another one each time; that there is none where there is none.
    std::string anecdote();

    // Fulfils a wish of feedback.h, and says so.
    std::string fulfil(const std::string& wish);
    // Undoes everything that was adapted, and says so.
    std::string as_before();

    // What a language model is told of the character once, and what has changed of that since.
    const std::string& prompt() const { return prompt_; }
    std::string prompt_change() const;

  private:
    Persona(Options options, ChangeLog log);
    void keep(Change change);
    void update(Time now);

    Options options_;
    ChangeLog log_;
    Traits traits_, told_;
    std::string prompt_;
    Time now_;
    uint64_t turn_ = 0;
    size_t anecdotes_told_ = 0;
    std::vector<int64_t> kept_, undone_;  // in this turn
};

}  // namespace coda::personality
