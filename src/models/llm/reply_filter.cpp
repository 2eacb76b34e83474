#include "models/llm/reply_filter.h"

#include <algorithm>
#include <array>

namespace coda::models::llm {
namespace {

struct Pair {
    std::string_view opening, closing;
};
constexpr std::array<Pair, 3> kThoughts = {
    {{"<think>", "</think>"}, {"[THINK]", "[/THINK]"}, {"<thinking>", "</thinking>"}}};
constexpr size_t kMaxCall = 64 * 1024;  // bytes; no call is longer

bool is_blank(char c) {
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

// Length of the longest end of `text` that is a start of `mark`.
size_t overlap(std::string_view text, std::string_view mark) {
    for (size_t length = std::min(text.size(), mark.size()); length > 0; --length)
        if (text.ends_with(mark.substr(0, length))) return length;
    return 0;
}

}  // namespace

void ReplyFilter::speak(size_t count, std::string& spoken) {
    spoken.append(pending_, 0, count);
    pending_.erase(0, count);
}

// One step; false when more text is needed.
bool ReplyFilter::advance(std::string& spoken) {
    if (state_ == State::call) {
        call_.append(pending_, 0, kMaxCall - std::min(kMaxCall, call_.size()));
        pending_.clear();
        return false;
    }
    if (state_ == State::thought) {
        const size_t end = pending_.find(closing_);
        if (end == std::string::npos) {
            pending_.erase(0, pending_.size() - overlap(pending_, closing_));
            return false;
        }
        pending_.erase(0, end + closing_.size());
        after_thought_ = true;
        state_ = State::start;
        return true;
    }
    if (state_ == State::start) {
        // A call of Llama's starts here or nowhere. Blanks after a thought are not the reply's.
        const auto first = std::find_if_not(pending_.begin(), pending_.end(), is_blank);
        if (first == pending_.end()) return false;
        const auto rest = std::string_view(pending_).substr(static_cast<size_t>(first - pending_.begin()));
        constexpr std::string_view kTag = "<|python_tag|>";
        if (format_ == ToolFormat::llama3 && rest.size() < kTag.size() && kTag.starts_with(rest))
            return false;
        if (format_ == ToolFormat::llama3 && (rest[0] == '{' || rest.starts_with(kTag))) {
            pending_ = std::string(rest.substr(rest[0] == '{' ? 0 : kTag.size()));
            state_ = State::call;
            return true;
        }
        if (after_thought_) pending_ = std::string(rest);
    }
    size_t found = std::string::npos, waits = 0;
    const auto look_for = [&](std::string_view mark) {
        if (mark.empty()) return false;
        const size_t at = pending_.find(mark);
        waits = std::max(waits, overlap(pending_, mark));
        if (at >= found) return false;
        found = at;
        return true;
    };
    State next = State::text;
    size_t mark = 0;
    for (const Pair& pair : kThoughts) {
        if (!look_for(pair.opening)) continue;
        next = State::thought;
        mark = pair.opening.size();
        closing_ = pair.closing;
    }
    if (look_for(call_opening(format_))) {
        next = State::call;
        mark = call_opening(format_).size();
    }
    if (found == std::string::npos) {
        const size_t settled = pending_.size() - waits;
        if (settled > 0) state_ = State::text;
        speak(settled, spoken);
        return false;
    }
    speak(found, spoken);
    pending_.erase(0, mark);
    state_ = next;
    return true;
}

void ReplyFilter::push(std::string_view text, std::string& spoken) {
    pending_ += text;
    while (!pending_.empty() && advance(spoken)) {
    }
}

void ReplyFilter::finish(std::string& spoken) {
    const bool blanks = state_ == State::start && after_thought_;
    if ((state_ == State::text || state_ == State::start) && !blanks) speak(pending_.size(), spoken);
    pending_.clear();
}

}  // namespace coda::models::llm
