// The reply on its way to the sink: which samples belong to which clause, what of it was heard, when the
// first audible sample was. Holds what the sink has no room for yet. Thread safety: one thread, the
// conversation's.
#pragma once

#include "assistant/session.h"
#include "base/clock.h"

#include <cstddef>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace coda::assistant {

class Playback {
  public:
    static constexpr int kSampleRate = 24000;
    static constexpr double kAudibleDb = 40;  // below the clause's peak

    // Borrows both for its life.
    Playback(AudioSink& sink, Clock& clock) : sink_(sink), clock_(clock) {}

    // Starts a new reply; nothing of the last may be playing.
    void begin();
    size_t add_clause(const std::string& text);  // its index
    Status append(size_t clause, std::span<const float> samples);
    void finish_clause(size_t clause);
    // Moves waiting samples into the sink.
    Status pump();
    // Stops at once: what waits is dropped, the sink fades out.
    void stop();

    bool started() const { return written_ > 0; }
    // All that was appended has been played.
    bool drained() const { return waiting_.empty() && played() == written_; }
    double heard_ms() const { return static_cast<double>(played()) * 1000 / kSampleRate; }
    double waiting_ms() const {
        return static_cast<double>(waiting_.size() + written_ - played()) * 1000 / kSampleRate;
    }
    bool reached(size_t position) const { return played() >= position; }
    // When the sample at `position` of this reply was, or if nothing interrupts will be, played; heard is
    // later by the sink's output latency.
    Microseconds time_of(size_t position) const;
    Microseconds time_of_end() const { return time_of(written_ + waiting_.size()); }
    // The first sample within 40 dB of its clause's peak, once that clause (or its first 300 ms) is known.
    std::optional<size_t> first_audible() const;
    // The reply's text up to the last word that was heard.
    std::string heard_text() const;

  private:
    struct Clause {
        std::string text;
        size_t begin = 0, samples = 0;
        bool finished = false;  // all its samples were appended
    };
    size_t played() const { return sink_.played() - played_before_; }

    AudioSink& sink_;
    Clock& clock_;
    std::vector<Clause> clauses_;
    std::deque<float> waiting_;
    std::vector<float> opening_;  // the first clause's samples, until the first audible one is found
    size_t written_ = 0;          // of this reply, given to the sink
    size_t played_before_ = 0;
};

}  // namespace coda::assistant
