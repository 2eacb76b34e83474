// coda transcribe: recordings to text.
#include "app/command.h"
#include "app/loading.h"
#include "app/turn_json.h"
#include "audio/resample.h"
#include "audio/wav.h"

#include <memory>

#include <fmt/format.h>

namespace coda::app {
namespace {

constexpr int kSpeechRate = 16000;

Result<nlohmann::json> transcribe(Context& context, const assistant::Engine& engine,
                                  const std::string& file) {
    CODA_TRY(const audio::Sound sound, audio::read_wav(file));
    CODA_TRY(const std::vector<float> speech, audio::resample(sound.samples, sound.sample_rate, kSpeechRate));
    const Stopwatch watch;
    CODA_TRY(const models::Transcript transcript,
             engine.stt->transcribe(speech, context.configuration.engine.stt.options(), context.cancel));
    return nlohmann::json{
        {"file", file},
        {"text", transcript.text},
        {"language", transcript.language},
        {"seconds", sound.seconds()},
        {"average_logprob", transcript.average_logprob},
        {"no_speech_probability", transcript.no_speech_probability},
        {"timings_ms",
         {{"encode", transcript.encode_ms}, {"decode", transcript.decode_ms}, {"stt", watch.elapsed_ms()}}},
        {"models", {{"stt", engine.stt->name()}}},
        {"device", to_json(engine.device())}};
}

int run(Context& context, const std::vector<std::string>& files) {
    Parts parts;
    parts.stt = Parts::required;
    const auto engine = load_engine(context, parts);
    if (!engine) return context.output.fail(engine.error());
    int status = kOk;
    for (const std::string& file : files) {
        const auto result = transcribe(context, **engine, file);
        if (context.cancel.cancelled()) return kFailed;
        if (!result) {
            context.output.fail(result.error());
            status = kFailed;
            continue;
        }
        const std::string text = one_line(result->at("text").get<std::string>());
        context.output.line(files.size() == 1 ? text : file + ": " + text);
        context.output.object(*result);
    }
    return status;
}

}  // namespace

void add_transcribe(Commands& commands) {
    auto files = std::make_shared<std::vector<std::string>>();
    CLI::App* command = commands.root().add_subcommand("transcribe", "Recordings to text");
    command->add_option("FILE", *files, "WAV files")->required();
    commands.on(command, [files](Context& context) { return run(context, *files); });
}

}  // namespace coda::app
