// Writes what the witnesses of endpointing say at every pause of labelled recordings, as JSON lines:
//
//   coda_witnesses FOLDER > witnesses.jsonl
//
// FOLDER holds labels.tsv (file, ..., speech_end_ms) and the recordings. The pauses are those that the
// conversation itself would see, and the witnesses are asked at the same moments with the same audio.
// curve.py makes the figures of assistant/endpointing.h from the result.
#include "assistant/conversation.h"
#include "assistant/engine.h"
#include "assistant/listener.h"
#include "assistant/responder.h"
#include "audio/wav.h"
#include "base/log.h"

#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>

#include <fmt/format.h>

namespace {

using namespace coda;
using assistant::Listener;
using nlohmann::json;

struct Parts {
    assistant::Engine& engine;
    assistant::Responder& responder;
};

Result<json> describe_pause(const Parts& parts, std::span<const float> at_96_ms, double stopped_ms) {
    CODA_TRY(const models::Transcript transcript, parts.engine.stt->transcribe(at_96_ms, {}, Cancel()));
    json pause = {{"stopped_ms", stopped_ms}, {"words", transcript.text}, {"sentence_end", nullptr},
                  {"command", false},         {"smart_turn", nullptr},    {"resumed_ms", nullptr}};
    if (transcript.text.empty()) return pause;
    CODA_TRY(const auto prepared, parts.responder.prepare(transcript.text, Cancel()));
    if (prepared.sentence_end) pause["sentence_end"] = *prepared.sentence_end;
    pause["command"] = prepared.complete_command;
    return pause;
}

// The pauses of one recording, each with the times (ms from its start) at which the VAD says that speech
// stopped and went on.
Result<json> pauses_of(const Parts& parts, std::vector<float> samples) {
    samples.resize(samples.size() / Listener::kFrameSamples * Listener::kFrameSamples);
    models::VadStream vad(parts.engine.vad);
    Listener listener;
    json pauses = json::array();
    double now_ms = 0;
    for (size_t begin = 0; begin < samples.size(); begin += Listener::kFrameSamples) {
        const auto frame = std::span<const float>(samples).subspan(begin, Listener::kFrameSamples);
        CODA_TRY(const float probability,
                 vad.probability(frame.first<Listener::kFrameSamples>(), listener.in_turn()));
        const Listener::Event event = listener.push(frame, probability);
        now_ms += Listener::kFrameMs;
        if (event == Listener::Event::resumed) pauses.back()["resumed_ms"] = now_ms;
        if (event == Listener::Event::paused) {
            CODA_TRY(json pause, describe_pause(parts, listener.audio(), now_ms - listener.vad_silence_ms()));
            pauses.push_back(std::move(pause));
        }
        const bool ask = listener.in_pause() && pauses.back()["smart_turn"].is_null() &&
                         listener.vad_silence_ms() >= assistant::Conversation::kSmartTurnMs;
        if (ask) {
            CODA_TRY(const float complete, parts.engine.turn->probability(listener.audio(), Cancel()));
            pauses.back()["smart_turn"] = complete;
        }
    }
    return pauses;
}

// The rows of a table of tab-separated values by the names in its first line.
std::vector<std::map<std::string, std::string>> read_table(const std::filesystem::path& path) {
    const auto fields = [](const std::string& line) {
        std::vector<std::string> all;
        std::istringstream stream(line);
        for (std::string field; std::getline(stream, field, '\t');) all.push_back(field);
        return all;
    };
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    const auto names = fields(line);
    std::vector<std::map<std::string, std::string>> rows;
    while (std::getline(file, line)) {
        auto& row = rows.emplace_back();
        const auto values = fields(line);
        for (size_t i = 0; i < std::min(names.size(), values.size()); ++i) row[names[i]] = values[i];
    }
    return rows;
}

Status write_witnesses(const std::filesystem::path& folder) {
    assistant::EngineConfig config;
    config.load_tts = false;
    CODA_TRY(const auto engine, assistant::Engine::load(config));
    if (!engine->vad || !engine->turn || !engine->stt || !engine->llm)
        return fail(ErrorCode::not_found, "a model is missing", "", "run script/bootstrap");
    for (auto& row : read_table(folder / "labels.tsv")) {
        CODA_TRY(const auto responder, assistant::Responder::create(engine->llm, {}));
        CODA_TRY(audio::Sound sound, audio::read_wav(folder / row["file"]));
        if (sound.sample_rate != Listener::kSampleRate)
            return fail(ErrorCode::unsupported, "recordings of 16 kHz are expected", row["file"]);
        CODA_TRY(const json pauses, pauses_of({*engine, *responder}, std::move(sound.samples)));
        const json line = {{"file", row["file"]},
                           {"kind", row["kind"]},
                           {"speech_end_ms", std::atof(row["speech_end_ms"].c_str())},
                           {"pauses", pauses}};
        fmt::print("{}\n", line.dump());
    }
    return {};
}

}  // namespace

int main(int argc, char** argv) {
    coda::log::init();
    if (argc != 2) {
        fmt::print(stderr, "usage: coda_witnesses FOLDER\n");
        return 2;
    }
    if (const Status status = write_witnesses(argv[1]); !status) {
        fmt::print(stderr, "{}\n", status.error().message());
        return 1;
    }
    return 0;
}
