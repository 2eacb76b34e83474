// coda talk: the live conversation, on microphone and speaker, or with WAV files in their place.
#include "app/command.h"
#include "app/loading.h"
#include "app/memory_file.h"
#include "assistant/device_audio.h"
#include "assistant/wav_audio.h"
#include "base/clock.h"

#include <memory>

#include <fmt/format.h>

namespace coda::app {
namespace {

struct Options {
    std::string input, output, clock = "real";
};

// Where sound comes from and goes to. Exactly one of source kinds is used; both borrow the clock.
struct Sound {
    std::unique_ptr<assistant::AudioSource> source;
    std::unique_ptr<assistant::AudioSink> sink;
    assistant::WavSink* recording = nullptr;  // the sink, where it is a file's
};

Result<Sound> open_files(const Options& options, Clock& clock) {
    Sound sound;
    CODA_TRY(sound.source, assistant::WavSource::open(options.input, clock));
    auto sink = std::make_unique<assistant::WavSink>(clock);
    sound.recording = sink.get();
    sound.sink = std::move(sink);
    return sound;
}

Result<Sound> open_devices(const Configuration& configuration) {
    audio::Microphone::Options microphone;
    microphone.device = configuration.audio.microphone;
    CODA_TRY(auto opened_microphone, audio::Microphone::open(microphone));
    audio::Speaker::Options speaker;
    speaker.device = configuration.audio.speaker;
    CODA_TRY(auto opened_speaker, audio::Speaker::open(speaker));
    Sound sound;
    sound.source = std::make_unique<assistant::MicrophoneSource>(std::move(opened_microphone));
    sound.sink = std::make_unique<assistant::SpeakerSink>(std::move(opened_speaker));
    return sound;
}

std::string milliseconds(const nlohmann::json& value) {
    return value.is_number() ? fmt::format("{:.0f} ms", value.get<double>()) : "-";
}

std::string percentile_line(const char* name, const nlohmann::json& times) {
    if (!times.is_object()) return {};
    return fmt::format("  {} p50 {}, p95 {}, max {}\n", name, milliseconds(times["p50"]),
                       milliseconds(times["p95"]), milliseconds(times["max"]));
}

// The events as a person reads them.
std::string readable(const nlohmann::json& line) {
    const std::string event = line.value("event", "");
    const auto text = [&](const char* key) { return one_line(line.value(key, "")); };
    if (event == "transcript") return "you>  " + text("text") + "\n";
    if (event == "reply_clause") return "coda> " + text("text") + "\n";
    if (event == "barge_in") return "      (interrupted)\n";
    if (event == "turn_reopened") return "      (you went on)\n";
    if (event == "error") return "      (" + text("message") + ")\n";
    if (event != "summary") return {};
    std::string summary =
        fmt::format("{} turns, {} reopened\n", line.value("turns", 0), line.value("reopened", 0));
    if (line.contains("v2v_ms")) summary += percentile_line("from your last word", line["v2v_ms"]["all"]);
    if (line.contains("response_ms"))
        summary += percentile_line("from the decision", line["response_ms"]["all"]);
    return summary;
}

Result<int> talk(Context& context, const Options& options) {
    const bool files = !options.input.empty();
    if (!options.output.empty() && !files) {
        return fail(ErrorCode::invalid_argument, "--output needs --input", "",
                    "give both, or neither for a live talk");
    }
    if (options.clock == "virtual" && !files) {
        return fail(ErrorCode::invalid_argument, "the virtual clock is for files", "", "give --input IN.wav");
    }
    RealClock real;
    VirtualClock simulated;
    Clock& clock = options.clock == "virtual" ? static_cast<Clock&>(simulated) : real;

    // Devices are tried before the models are loaded: their absence should not cost a second.
    CODA_TRY(Sound sound, files ? Result<Sound>(Sound{}) : open_devices(context.configuration));
    Parts parts;
    parts.llm = parts.tts = Parts::optional;
    parts.stt = parts.vad = Parts::required;
    parts.embeddings = true;
    CODA_TRY(auto engine, load_engine(context, parts));
    auto answering = session_options(context, *engine, Attends::yes);
    if (clock.is_virtual()) {
        // The time of day goes on with the conversation's clock.
        const auto start = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
        answering.responder.now = [start, &clock] {
            return start + std::chrono::floor<std::chrono::seconds>(clock.now());
        };
    }
    CODA_TRY(auto session, assistant::Session::create(*engine, answering));
    if (files) {
        CODA_TRY(sound, open_files(options, clock));
    } else {
        context.output.note("listening; Ctrl-C ends it");
    }

    assistant::TalkOptions talk_options;
    talk_options.duplex = context.configuration.audio.duplex || files;  // a file hears no echo
    const auto on_event = [&](const nlohmann::json& line) {
        context.output.object(line);
        context.output.text(readable(line));
    };
    const Status done =
        session->talk(*sound.source, *sound.sink, clock, talk_options, on_event, context.cancel);
    if (!done && !(done.error().code == ErrorCode::cancelled && context.cancel.cancelled())) {
        return tl::unexpected(done.error());
    }
    if (sound.recording && !options.output.empty()) CODA_CHECK(sound.recording->save(options.output));
    return kOk;
}

}  // namespace

void add_talk(Commands& commands) {
    auto options = std::make_shared<Options>();
    CLI::App* command = commands.root().add_subcommand("talk", "Talk with Coda: microphone and speaker");
    command->add_option("--input", options->input, "A recording in the microphone's place")
        ->type_name("IN.wav");
    command->add_option("--output", options->output, "Write the replies here, in step with --input")
        ->type_name("OUT.wav");
    command
        ->add_option("--clock", options->clock,
                     "real, or virtual: as fast as it goes, each stage at its declared cost")
        ->check(CLI::IsMember({"real", "virtual"}))
        ->type_name("real|virtual");
    commands.setting_flag(*command, "--mic", "audio.microphone", "DEVICE",
                          "Which microphone (see coda devices)");
    commands.setting_flag(*command, "--speaker", "audio.speaker", "DEVICE",
                          "Which speaker (see coda devices)");
    commands.setting_flag(*command, "--voice", "tts.voice", "NAME", "Who speaks");
    commands.setting_flag(*command, "--speed", "tts.speed", "0.5..2", "Pace of speech");
    auto duplex = std::make_shared<bool>(false);
    command->add_flag("--duplex", *duplex, "Listen while speaking too; only with headphones");
    commands.on(command, [options, duplex](Context& context) {
        if (*duplex) context.configuration.audio.duplex = true;
        const auto status = talk(context, *options);
        return status ? *status : context.output.fail(status.error());
    });
}

}  // namespace coda::app
