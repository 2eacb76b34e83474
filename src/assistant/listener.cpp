#include "assistant/listener.h"

#include "base/result.h"

#include <algorithm>

namespace coda::assistant {
namespace {

constexpr size_t samples_of(double milliseconds) {
    return static_cast<size_t>(milliseconds * Listener::kSampleRate / 1000);
}

}  // namespace

Listener::Event Listener::push(std::span<const float> frame, float probability) {
    CODA_ASSERT(frame.size() == kFrameSamples);
    audio_.insert(audio_.end(), frame.begin(), frame.end());
    ++frames_since_last_speech_;

    if (state_ == State::speech) {
        if (probability >= kSpeech) frames_since_last_speech_ = 0;
        silent_frames_ = probability < kSilence ? silent_frames_ + 1 : 0;
        if (silent_frames_ < kPauseFrames) return Event::none;
        state_ = State::pause;
        run_ = 0;
        return Event::paused;
    }

    run_ = probability >= kSpeech ? run_ + 1 : 0;
    // The frames of a start that is not confirmed yet must outlive the pre-roll's bound.
    if (state_ == State::idle && !finished_)
        keep_pre_roll(samples_of(kPreRollMs) + static_cast<size_t>(run_) * kFrameSamples);
    if (run_ < kStartFrames) return Event::none;
    const bool goes_on = state_ == State::pause || finished_;
    state_ = State::speech;
    finished_ = false;
    silent_frames_ = 0;
    frames_since_last_speech_ = 0;
    return goes_on ? Event::resumed : Event::started;
}

bool Listener::overlong() const {
    return in_turn() && audio_.size() >= samples_of(kMaxTurnMs);
}

void Listener::finish() {
    CODA_ASSERT(in_turn());
    state_ = State::idle;
    finished_ = true;
    run_ = 0;
}

void Listener::forget() {
    state_ = State::idle;
    finished_ = false;
    keep_pre_roll(samples_of(kPreRollMs) + static_cast<size_t>(run_) * kFrameSamples);
}

void Listener::reset() {
    *this = Listener();
}

void Listener::keep_pre_roll(size_t samples) {
    if (audio_.size() > samples)
        audio_.erase(audio_.begin(), audio_.end() - static_cast<std::ptrdiff_t>(samples));
}

}  // namespace coda::assistant
