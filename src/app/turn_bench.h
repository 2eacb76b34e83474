// How long a spoken turn takes: labelled recordings are played to a conversation at real pace, and the true
// end of speech is taken from the labels, not from what was detected. Thread safety: one thread.
#pragma once

#include "assistant/session.h"
#include "assistant/turn_stats.h"
#include "base/cancel.h"

#include <atomic>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

namespace coda::app {

// A line of labels.tsv: file, kind, text, snr_db, speech_start_ms, speech_end_ms, ...
struct LabelledClip {
    std::filesystem::path file;
    std::string text;
    double speech_end_ms = 0;
};
// Fails with bad_format, naming the line.
Result<std::vector<LabelledClip>> read_labels(const std::filesystem::path& folder);

// Tokens of a reply that says something about the LLM's speed.
inline constexpr int kLongReply = 12;

// What the conversation's summary says of sound: docs/commands.md has what each counts.
struct AudioPace {
    int64_t frames = 0, late_frames = 0, late_blocks = 0, gaps = 0;
    double longest_wait_ms = 0;
};

struct ClipResult {
    LabelledClip clip;
    bool false_cutoff = false;  // a turn was ended before speech_end_ms, reopened later or not
    bool missed = false;        // no turn was ended after it
    std::string heard, reply;
    assistant::TurnTimes times;         // of the last turn that was answered
    std::optional<double> turn_end_ms;  // the decision, from the true end of speech
    int reply_tokens = 0;
    AudioPace audio;
};
// Plays one clip into a conversation that goes on from clip to clip, as a person's would. The clip is heard
// to its end; of the reply no more than is measured: its first sample and kLongReply tokens.
Result<ClipResult> play_clip(assistant::Session& session, const models::ChatModel* model,
                             const LabelledClip& clip, const Cancel& cancel);

// A language model that answers without end in a session of its own, on every thread that it is given: what a
// turn has to live with at worst. Stops when it goes.
class FullLoad {
  public:
    explicit FullLoad(models::ChatModel& model);
    ~FullLoad();
    // Tokens so far, and how long the last cancelled answer took to stop: stop() cancels and waits.
    int64_t tokens() const { return tokens_; }
    double stop();  // milliseconds

  private:
    std::atomic<int64_t> tokens_{0};
    Cancel cancel_;
    std::thread thread_;
};

// Shares and percentiles over all clips, as `coda bench turn --json` prints them.
nlohmann::json summary(const std::vector<ClipResult>& results);

}  // namespace coda::app
