// The conversation so far, as the language model is shown it: turns in order, bounded in number and tokens.
// Thread safety: belongs to one thread at a time.
#pragma once

#include <deque>
#include <string>

namespace coda::memory {

struct Turn {
    std::string person;  // the whole user message, frozen as the model saw it
    std::string reply;   // what was heard of the reply
    int tokens = 0;      // of both
};

class Window {
  public:
    Window(int max_turns, int max_tokens) : max_turns_(max_turns), max_tokens_(max_tokens) {}

    void add(Turn turn) {
        tokens_ += turn.tokens;
        turns_.push_back(std::move(turn));
    }
    // Takes the last turn out again; nothing happens to an empty window.
    void drop_last() {
        if (turns_.empty()) return;
        tokens_ -= turns_.back().tokens;
        turns_.pop_back();
    }
    bool over() const { return static_cast<int>(turns_.size()) > max_turns_ || tokens_ > max_tokens_; }
    // Drops the oldest turns until half of either bound is kept, in one step, so that the prefix of the
    // prompt breaks once. False when nothing had to go.
    bool trim() {
        if (!over()) return false;
        while (!turns_.empty() &&
               (static_cast<int>(turns_.size()) > (max_turns_ + 1) / 2 || tokens_ > max_tokens_ / 2)) {
            tokens_ -= turns_.front().tokens;
            turns_.pop_front();
        }
        return true;
    }
    const std::deque<Turn>& turns() const { return turns_; }
    int tokens() const { return tokens_; }

  private:
    int max_turns_, max_tokens_;
    std::deque<Turn> turns_;
    int tokens_ = 0;
};

}  // namespace coda::memory
