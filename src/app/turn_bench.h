// How long a spoken turn takes: labelled recordings are played to a conversation at real pace, and the true
// end of speech is taken from the labels, not from what was detected. Thread safety: one thread.
#pragma once

#include "assistant/session.h"
#include "assistant/turn_stats.h"

#include <filesystem>
#include <optional>
#include <string>
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

struct ClipResult {
    LabelledClip clip;
    bool false_cutoff = false;  // a turn was ended before speech_end_ms, reopened later or not
    bool missed = false;        // no turn was ended after it
    std::string heard, reply;
    assistant::TurnTimes times;         // of the last turn that was answered
    std::optional<double> turn_end_ms;  // the decision, from the true end of speech
    int reply_tokens = 0;
};
// Plays one clip into a conversation that goes on from clip to clip, as a person's would. The clip is heard
// to its end; of the reply no more than is measured: its first sample and kLongReply tokens.
Result<ClipResult> play_clip(assistant::Session& session, const models::ChatModel* model,
                             const LabelledClip& clip, const Cancel& cancel);

// Shares and percentiles over all clips, as `coda bench turn --json` prints them.
nlohmann::json summary(const std::vector<ClipResult>& results);

}  // namespace coda::app
