#include "app/turn_bench.h"

#include "assistant/wav_audio.h"
#include "base/clock.h"
#include "base/file_map.h"

#include <algorithm>
#include <charconv>
#include <sstream>

#include <fmt/format.h>

namespace coda::app {
namespace {

constexpr size_t kLargestLabels = size_t{1} << 20;
std::vector<std::string> split(const std::string& line, char separator) {
    std::vector<std::string> fields;
    std::istringstream stream(line);
    for (std::string field; std::getline(stream, field, separator);) fields.push_back(field);
    return fields;
}

assistant::ReplyPath path_named(const std::string& name) {
    return name == "tool"     ? assistant::ReplyPath::tool
           : name == "intent" ? assistant::ReplyPath::intent
                              : assistant::ReplyPath::llm;
}

// Gathers what a clip's events say, in the order in which they come.
struct Follower {
    ClipResult& result;
    const models::ChatModel* model;
    double clip_ms;
    std::optional<double> turn_end, first_audio;
    double last_ms = 0;

    void on(const nlohmann::json& line) {
        const std::string event = line.value("event", "");
        const double time = line.value("t_ms", 0.0);
        last_ms = std::max(last_ms, time);
        if (event == "turn_end") {
            turn_end = time;
            first_audio.reset();
            result.reply.clear();
            if (time < result.clip.speech_end_ms) result.false_cutoff = true;
        } else if (event == "transcript") {
            result.heard = line.value("text", "");
        } else if (event == "reply_clause") {
            result.reply += (result.reply.empty() ? "" : " ") + line.value("text", "");
            if (model) result.reply_tokens = model->count_tokens(result.reply);
        } else if (event == "summary" && line.contains("audio")) {
            const nlohmann::json& audio = line["audio"];
            result.audio.frames = audio.value("frames", int64_t{0});
            result.audio.late_frames = audio.value("late_frames", int64_t{0});
            result.audio.late_blocks = audio.value("late_blocks", int64_t{0});
            result.audio.gaps = audio.value("gaps", int64_t{0});
            result.audio.longest_wait_ms = audio.value("longest_wait_ms", 0.0);
        } else if (event == "first_audio") {
            first_audio = time;
            result.times.path = path_named(line.value("path", "llm"));
        }
    }

    // The clip was heard to its end and of the reply as much as is measured.
    bool done() const {
        return last_ms > clip_ms && turn_end && *turn_end >= result.clip.speech_end_ms && first_audio &&
               result.reply_tokens >= kLongReply;
    }

    void finish() {
        const double truth = result.clip.speech_end_ms;
        result.missed = !turn_end || *turn_end < truth;
        if (result.missed) return;
        result.turn_end_ms = *turn_end - truth;
        if (!first_audio) return;
        result.times.v2v_ms = *first_audio - truth;
        result.times.response_ms = *first_audio - *turn_end;
    }
};

}  // namespace

Result<std::vector<LabelledClip>> read_labels(const std::filesystem::path& folder) {
    const std::filesystem::path file = folder / "labels.tsv";
    CODA_TRY(const std::string text, read_file(file, kLargestLabels));
    std::istringstream lines(text);
    std::string line;
    std::getline(lines, line);  // the heading
    std::vector<LabelledClip> clips;
    for (int number = 2; std::getline(lines, line); ++number) {
        const std::vector<std::string> fields = split(line, '\t');
        LabelledClip clip;
        if (fields.size() >= 6) {
            const std::string& end = fields[5];
            const auto parsed = std::from_chars(end.data(), end.data() + end.size(), clip.speech_end_ms);
            if (parsed.ec == std::errc() && parsed.ptr == end.data() + end.size()) {
                clip.file = folder / fields[0];
                clip.text = fields[2];
                clips.push_back(std::move(clip));
                continue;
            }
        }
        return fail(ErrorCode::bad_format,
                    "is no line of file, kind, text, snr_db, speech_start_ms, speech_end_ms",
                    fmt::format("{}:{}", file.string(), number), "separate the fields by tabs");
    }
    return clips;
}

Result<ClipResult> play_clip(assistant::Session& session, const models::ChatModel* model,
                             const LabelledClip& clip, const Cancel& cancel) {
    RealClock clock;
    CODA_TRY(auto source, assistant::WavSource::open(clip.file, clock));
    assistant::WavSink sink(clock);
    ClipResult result;
    result.clip = clip;
    Follower follower{result, model, source->seconds() * 1000, {}, {}};
    assistant::TalkOptions options;
    options.duplex = true;  // a file hears no echo
    const Cancel enough;
    const std::stop_callback stopped(cancel.token(), [&] { enough.cancel(); });
    CODA_CHECK(session.talk(
        *source, sink, clock, options,
        [&](const nlohmann::json& line) {
            follower.on(line);
            if (follower.done()) enough.cancel();
        },
        enough));
    follower.finish();
    return result;
}

FullLoad::FullLoad(models::ChatModel& model)
    : thread_([this, &model] {
          const models::Message prompt{models::Role::user,
                                       "Tell me a very long story about a river and its bridges."};
          models::Sampling sampling;
          sampling.max_tokens = 512;
          while (!cancel_.cancelled()) {
              auto session = model.new_session();
              if (!session) return;
              const auto stats =
                  (*session)->generate({&prompt, 1}, sampling, cancel_, [this](std::string_view) {
                      tokens_.fetch_add(1, std::memory_order_relaxed);
                      return true;
                  });
              if (!stats) return;
          }
      }) {}

FullLoad::~FullLoad() {
    stop();
}

double FullLoad::stop() {
    const Stopwatch watch;
    cancel_.cancel();
    if (thread_.joinable()) thread_.join();
    return watch.elapsed_ms();
}

nlohmann::json summary(const std::vector<ClipResult>& results) {
    std::vector<assistant::TurnTimes> turns;
    std::vector<double> decisions;
    int false_cutoffs = 0, missed = 0, long_llm_turns = 0;
    AudioPace audio;
    for (const ClipResult& result : results) {
        audio.frames += result.audio.frames;
        audio.late_frames += result.audio.late_frames;
        audio.late_blocks += result.audio.late_blocks;
        audio.gaps += result.audio.gaps;
        audio.longest_wait_ms = std::max(audio.longest_wait_ms, result.audio.longest_wait_ms);
        false_cutoffs += result.false_cutoff;
        missed += result.missed;
        if (result.turn_end_ms) decisions.push_back(*result.turn_end_ms);
        if (!result.times.v2v_ms) continue;
        turns.push_back(result.times);
        long_llm_turns += result.times.path == assistant::ReplyPath::llm && result.reply_tokens >= kLongReply;
    }
    const double count = std::max<double>(1, static_cast<double>(results.size()));
    nlohmann::json all = assistant::latency_summary(turns);
    all["clips"] = results.size();
    all["answered"] = turns.size();
    all["llm_turns_of_12_tokens"] = long_llm_turns;
    all["decision_ms"] = assistant::percentiles(decisions);
    all["false_cutoffs"] = false_cutoffs;
    all["false_cutoff_share"] = false_cutoffs / count;
    all["missed_ends"] = missed;
    all["missed_end_share"] = missed / count;
    all["audio"] = {{"frames", audio.frames},
                    {"late_frames", audio.late_frames},
                    {"longest_wait_ms", audio.longest_wait_ms},
                    {"late_blocks", audio.late_blocks},
                    {"gaps", audio.gaps}};
    return all;
}

}  // namespace coda::app
