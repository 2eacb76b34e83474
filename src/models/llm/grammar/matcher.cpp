#include "models/llm/grammar/matcher.h"

#include <algorithm>
#include <numeric>

namespace coda::models::llm::grammar {

namespace {

constexpr size_t kLongestPiece = 255;  // longer tokens are never allowed

}  // namespace

Vocabulary::Vocabulary(const Tokenizer& tokenizer) : size_(tokenizer.size()) {
    pieces_.reserve(static_cast<size_t>(size_));
    for (int32_t token = 0; token < size_; ++token) {
        pieces_.emplace_back(tokenizer.is_control(token) ? "" : tokenizer.piece(token));
        if (tokenizer.ends_generation(token)) {
            ends_.push_back(token);
            pieces_.back().clear();
        }
    }
    std::vector<int32_t> sorted;
    for (int32_t token = 0; token < size_; ++token)
        if (!piece(token).empty()) sorted.push_back(token);
    grow(sorted);
}

Vocabulary::Vocabulary(const std::vector<std::string>& pieces, std::vector<int32_t> ends)
    : size_(static_cast<int>(pieces.size())), pieces_(pieces), ends_(std::move(ends)) {
    std::vector<int32_t> sorted;
    for (int32_t token = 0; token < size_; ++token)
        if (!piece(token).empty()) sorted.push_back(token);
    grow(sorted);
}

void Vocabulary::grow(const std::vector<int32_t>& tokens) {
    std::vector<int32_t> sorted = tokens;
    std::sort(sorted.begin(), sorted.end(),
              [&](int32_t a, int32_t b) { return piece(a) != piece(b) ? piece(a) < piece(b) : a < b; });
    std::vector<int32_t> path;  // nodes from the root to the last one
    std::string_view last;
    const auto leave = [&](size_t depth) {
        for (; path.size() > depth; path.pop_back())
            nodes_[static_cast<size_t>(path.back())].after = static_cast<int32_t>(nodes_.size());
    };
    for (const int32_t token : sorted) {
        const std::string_view bytes = piece(token);
        if (bytes.size() > kLongestPiece) continue;
        if (bytes == last && !path.empty()) {
            twins_.emplace_back(nodes_[static_cast<size_t>(path.back())].token, token);
            continue;
        }
        size_t shared = 0;
        while (shared < std::min(bytes.size(), last.size()) && bytes[shared] == last[shared]) ++shared;
        leave(shared);
        for (size_t depth = shared; depth < bytes.size(); ++depth) {
            path.push_back(static_cast<int32_t>(nodes_.size()));
            nodes_.push_back({static_cast<uint8_t>(bytes[depth]), static_cast<uint8_t>(depth), -1, 0});
        }
        nodes_.back().token = token;
        last = bytes;
    }
    leave(0);
}

Matcher::Matcher(Grammar grammar, std::shared_ptr<const Vocabulary> vocabulary)
    : grammar_(std::move(grammar)), vocabulary_(std::move(vocabulary)) {
    start();
}

void Matcher::start() {
    State first;
    seen_.clear();
    for (const int32_t element : grammar_.rules[static_cast<size_t>(grammar_.root)])
        expand({element, -1}, first);
    state_ = intern(std::move(first));
}

void Matcher::reset() {
    if (full()) forget();
    start();
}

int32_t Matcher::intern(Frame frame) {
    const auto [found, is_new] = frame_ids_.emplace(frame, static_cast<int32_t>(frames_.size()));
    if (is_new) frames_.push_back(frame);
    return found->second;
}

int32_t Matcher::intern(State state) {
    std::sort(state.stacks.begin(), state.stacks.end());
    state.stacks.erase(std::unique(state.stacks.begin(), state.stacks.end()), state.stacks.end());
    const auto [found, is_new] =
        state_ids_.emplace(std::pair(state.stacks, state.complete), static_cast<int32_t>(states_.size()));
    if (is_new) {
        states_.push_back(std::move(state));
        steps_.emplace_back().fill(kUnknown);
    }
    return found->second;
}

void Matcher::expand(Frame from, State& into) {
    pending_.assign(1, from);
    while (!pending_.empty()) {
        const Frame frame = pending_.back();
        pending_.pop_back();
        // Two ways to the same place go on alike; rules that can be nothing may even lead back to themselves.
        if (seen_.size() >= kMaxPlaces || !seen_.insert(frame).second) continue;
        const Element& element = grammar_.elements[static_cast<size_t>(frame.element)];
        if (element.kind == Element::Kind::bytes) {
            into.stacks.push_back(intern(frame));
            continue;
        }
        if (element.kind == Element::Kind::end) {
            if (frame.below < 0)
                into.complete = true;
            else
                pending_.push_back(frames_[static_cast<size_t>(frame.below)]);
            continue;
        }
        // A call at the end of a sequence needs no way back.
        const int32_t after = frame.element + 1;
        const bool tail = grammar_.elements[static_cast<size_t>(after)].kind == Element::Kind::end;
        const int32_t below = tail ? frame.below : intern(Frame{after, frame.below});
        // The first alternative first: it is the one that takes something.
        const auto& starts = grammar_.rules[static_cast<size_t>(element.index)];
        for (auto start = starts.rbegin(); start != starts.rend(); ++start)
            pending_.push_back({*start, below});
    }
}

int32_t Matcher::step(int32_t state, uint8_t byte) {
    const int32_t known = steps_[static_cast<size_t>(state)][byte];
    return known != kUnknown ? known : find_step(state, byte);
}

int32_t Matcher::find_step(int32_t state, uint8_t byte) {
    State next;
    seen_.clear();
    const std::vector<int32_t> stacks = states_[static_cast<size_t>(state)].stacks;
    for (const int32_t stack : stacks) {
        const Frame frame = frames_[static_cast<size_t>(stack)];
        const Element& element = grammar_.elements[static_cast<size_t>(frame.element)];
        if (grammar_.sets[static_cast<size_t>(element.index)].test(byte))
            expand({frame.element + 1, frame.below}, next);
    }
    const int32_t found = next.stacks.empty() && !next.complete ? kDead : intern(std::move(next));
    steps_[static_cast<size_t>(state)][byte] = found;
    return found;
}

void Matcher::fill_mask(int32_t state, std::vector<uint32_t>& mask) {
    const auto& nodes = vocabulary_->nodes_;
    mask.assign((static_cast<size_t>(vocabulary_->size()) + 31) / 32, 0);
    const auto allow = [&](int32_t token) {
        mask[static_cast<size_t>(token) / 32] |= uint32_t{1} << (static_cast<uint32_t>(token) % 32);
    };
    std::array<int32_t, kLongestPiece + 1> states;  // before the byte of each depth
    states[0] = state;
    for (size_t at = 0; at < nodes.size();) {
        const Vocabulary::Node& node = nodes[at];
        const int32_t next = step(states[node.depth], node.byte);
        if (next == kDead) {
            at = static_cast<size_t>(node.after);
            continue;
        }
        if (node.token >= 0) allow(node.token);
        if (node.depth < kLongestPiece) states[node.depth + 1u] = next;
        ++at;
    }
    for (const auto& [token, twin] : vocabulary_->twins_)
        if ((mask[static_cast<size_t>(token) / 32] >> (static_cast<uint32_t>(token) % 32) & 1) != 0)
            allow(twin);
    if (states_[static_cast<size_t>(state)].complete)
        for (const int32_t end : vocabulary_->ends()) allow(end);
}

std::span<const uint32_t> Matcher::allowed() {
    if (full()) forget();
    auto found = masks_.find(state_);
    if (found == masks_.end()) {
        if (masks_.size() >= kMaxMasks) masks_.clear();
        std::vector<uint32_t> mask;
        fill_mask(state_, mask);
        found = masks_.emplace(state_, std::move(mask)).first;
    }
    const auto& mask = found->second;
    const bool none = std::all_of(mask.begin(), mask.end(), [](uint32_t word) { return word == 0; });
    return none ? std::span<const uint32_t>() : mask;
}

bool Matcher::accept(std::string_view bytes) {
    int32_t state = state_;
    for (const char c : bytes) {
        state = step(state, static_cast<uint8_t>(c));
        if (state == kDead) return false;
    }
    state_ = state;
    return true;
}

void Matcher::forget() {
    // The frames that the current state stands on, in an order in which each comes after the one below it.
    const State current = states_[static_cast<size_t>(state_)];
    const std::vector<Frame> frames = std::move(frames_);
    frames_.clear();
    frame_ids_.clear();
    states_.clear();
    state_ids_.clear();
    steps_.clear();
    masks_.clear();
    State kept;
    kept.complete = current.complete;
    for (const int32_t stack : current.stacks) {
        std::vector<int32_t> elements;
        for (int32_t at = stack; at >= 0; at = frames[static_cast<size_t>(at)].below)
            elements.push_back(frames[static_cast<size_t>(at)].element);
        int32_t below = -1;
        for (auto element = elements.rbegin(); element != elements.rend(); ++element)
            below = intern(Frame{*element, below});
        kept.stacks.push_back(below);
    }
    state_ = intern(std::move(kept));
}

}  // namespace coda::models::llm::grammar
