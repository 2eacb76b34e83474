// Which tokens may come next, so that a reply follows a grammar. A pushdown automaton over bytes runs through
// the vocabulary's tokens, which are kept as a tree of their bytes; its states and the masks that belong to
// them are found as they are needed, and kept. Thread safety: a Vocabulary is immutable and shared; a Matcher
// belongs to one thread at a time.
#pragma once

#include "models/llm/grammar/grammar.h"
#include "models/llm/tokenizer.h"

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace coda::models::llm::grammar {

// A vocabulary's tokens as a tree of bytes. Control tokens, which stand for no bytes, are not in it.
class Vocabulary {
  public:
    explicit Vocabulary(const Tokenizer& tokenizer);
    // Any tokens, for tests. Empty ones are none.
    explicit Vocabulary(const std::vector<std::string>& pieces, std::vector<int32_t> ends = {});

    int size() const { return size_; }
    std::string_view piece(int32_t token) const { return pieces_[static_cast<size_t>(token)]; }
    // At which a reply may end.
    const std::vector<int32_t>& ends() const { return ends_; }

  private:
    friend class Matcher;
    struct Node {
        uint8_t byte = 0;
        uint8_t depth = 0;   // of its byte in a token, from 0
        int32_t token = -1;  // that ends here; others of the same bytes are in twins_
        int32_t after = 0;   // the next node that is not below this one
    };
    void grow(const std::vector<int32_t>& sorted);

    int size_ = 0;
    std::vector<std::string> pieces_;
    std::vector<int32_t> ends_;
    std::vector<Node> nodes_;                         // depth first
    std::vector<std::pair<int32_t, int32_t>> twins_;  // (token, another of the same bytes)
};

class Matcher {
  public:
    Matcher(Grammar grammar, std::shared_ptr<const Vocabulary> vocabulary);

    // Back to the beginning; what was found out stays.
    void reset();
    // Bit t % 32 of word t / 32: token t may come next (an end token where the text may end). Empty where
    // nothing may: the vocabulary lacks the bytes. Valid until the next call.
    std::span<const uint32_t> allowed();
    // Takes bytes; false, and nothing is taken, where they cannot follow.
    bool accept(std::string_view bytes);
    // Whether the text so far is complete; finished: nothing can follow it, either.
    bool complete() const { return states_[static_cast<size_t>(state_)].complete; }
    bool finished() const { return complete() && states_[static_cast<size_t>(state_)].stacks.empty(); }

    size_t states() const { return states_.size(); }  // found so far

  private:
    static constexpr int32_t kUnknown = -2, kDead = -1;
    static constexpr size_t kMaxStates = 20'000, kMaxMasks = 512, kMaxFrames = 2'000'000;
    // Of one state. A grammar that is more ambiguous loses alternatives, never rigour.
    static constexpr size_t kMaxPlaces = 20'000;

    // A place in the grammar and where to go on after its rule: stacks that share their lower parts.
    struct Frame {
        int32_t element, below;  // below: a frame, or -1
        bool operator==(const Frame&) const = default;
    };
    struct State {
        std::vector<int32_t> stacks;  // frames whose element is of kind bytes, sorted
        bool complete = false;
    };
    struct FrameHash {
        size_t operator()(const Frame& frame) const {
            return static_cast<size_t>(static_cast<uint32_t>(frame.element)) * 0x9E3779B97F4A7C15u ^
                   static_cast<size_t>(static_cast<uint32_t>(frame.below)) * 0xC2B2AE3D27D4EB4Fu;
        }
    };

    void start();
    int32_t intern(Frame frame);
    int32_t intern(State state);
    bool full() const { return states_.size() > kMaxStates || frames_.size() > kMaxFrames; }
    // Follows rules from an element until bytes are expected. seen_ holds where it has been for this state.
    void expand(Frame from, State& into);
    int32_t step(int32_t state, uint8_t byte);
    int32_t find_step(int32_t state, uint8_t byte);
    void fill_mask(int32_t state, std::vector<uint32_t>& mask);
    // Starts anew with the current state alone.
    void forget();

    Grammar grammar_;
    std::shared_ptr<const Vocabulary> vocabulary_;
    std::vector<Frame> frames_;
    std::unordered_map<Frame, int32_t, FrameHash> frame_ids_;
    std::vector<State> states_;
    std::map<std::pair<std::vector<int32_t>, bool>, int32_t> state_ids_;
    std::vector<std::array<int32_t, 256>> steps_;
    std::unordered_map<int32_t, std::vector<uint32_t>> masks_;
    std::vector<Frame> pending_;                 // of expand()
    std::unordered_set<Frame, FrameHash> seen_;  // likewise
    int32_t state_ = 0;
};

}  // namespace coda::models::llm::grammar
