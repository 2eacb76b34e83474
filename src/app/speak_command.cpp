// coda speak: text to speech.
#include "app/command.h"
#include "app/loading.h"
#include "app/player.h"
#include "app/text_input.h"
#include "app/turn_json.h"
#include "audio/wav.h"
#include "base/clock.h"

#include <memory>

#include <fmt/format.h>

namespace coda::app {
namespace {

struct Options {
    std::vector<std::string> words;
    std::string out;
    bool phonemes = false;
};

struct Spoken {
    std::vector<float> samples;
    double first_audio_ms = 0, total_ms = 0;
};

Result<Spoken> synthesize(Context& context, const models::Hibari& voice, const std::string& text,
                          Player* player) {
    Spoken spoken;
    bool player_gone = false;
    const Stopwatch watch;
    CODA_CHECK(voice.synthesize(text, context.configuration.engine.tts.options(), context.cancel,
                                [&](std::span<const float> block) {
                                    if (spoken.samples.empty()) spoken.first_audio_ms = watch.elapsed_ms();
                                    spoken.samples.insert(spoken.samples.end(), block.begin(), block.end());
                                    if (player && !player->play(block, context.cancel)) player_gone = true;
                                    return !player_gone && !context.cancel.cancelled();
                                }));
    spoken.total_ms = watch.elapsed_ms();
    if (context.cancel.cancelled()) return fail(ErrorCode::cancelled, "stopped");
    if (player_gone) return fail(ErrorCode::unavailable, "the speaker is gone", "", "see coda devices");
    return spoken;
}

Result<int> print_phonemes(Context& context, const models::Hibari& voice, const std::string& text) {
    CODA_TRY(const std::string phonemes, voice.phonemes(text, context.configuration.engine.tts.voice));
    context.output.line(phonemes);
    context.output.object({{"text", text}, {"phonemes", phonemes}});
    return kOk;
}

Result<int> speak(Context& context, const Options& options) {
    CODA_TRY(const std::string text, text_from(options.words));
    Parts parts;
    parts.tts = Parts::required;
    CODA_TRY(auto engine, load_engine(context, parts));
    if (options.phonemes) return print_phonemes(context, *engine->tts, text);

    std::unique_ptr<Player> player;
    if (options.out.empty()) {
        auto opened = Player::open(context.configuration.audio.speaker);
        if (!opened) {
            Error error = opened.error();
            error.mend =
                "write a file with --out REPLY.wav" + (error.mend.empty() ? "" : ", or " + error.mend);
            return tl::unexpected(error);
        }
        player = std::move(*opened);
    }
    CODA_TRY(const Spoken spoken, synthesize(context, *engine->tts, text, player.get()));
    if (!options.out.empty()) {
        CODA_CHECK(audio::write_wav(options.out, spoken.samples, models::Hibari::kSampleRate));
    }
    const ReplyAudio audio{options.out, models::Hibari::kSampleRate,
                           static_cast<double>(spoken.samples.size()) / models::Hibari::kSampleRate};
    if (spoken.samples.empty()) context.output.note("there is nothing in this text to say");
    if (!options.out.empty()) context.output.line(fmt::format("{}: {:.2f} s", options.out, audio.seconds));
    context.output.object(
        {{"text", text},
         {"reply_audio", to_json(audio)},
         {"timings_ms", {{"tts_first_audio", spoken.first_audio_ms}, {"tts", spoken.total_ms}}},
         {"models", {{"tts", "hibari"}}},
         {"device", to_json(engine->device())}});
    if (player) player->finish(context.cancel);
    return kOk;
}

}  // namespace

void add_speak(Commands& commands) {
    auto options = std::make_shared<Options>();
    CLI::App* command = commands.root().add_subcommand("speak", "Text to speech");
    command->add_option("TEXT", options->words, "What to say (or through a pipe)");
    command->add_option("--out", options->out, "Write a WAV file instead of playing")->type_name("REPLY.wav");
    command->add_flag("--phonemes", options->phonemes, "Print how it would be pronounced, and say nothing");
    commands.setting_flag(*command, "--voice", "tts.voice", "NAME", "Who speaks");
    commands.setting_flag(*command, "--speed", "tts.speed", "0.5..2", "Pace of speech");
    commands.setting_flag(*command, "--speaker", "audio.speaker", "DEVICE",
                          "Where to play (see coda devices)");
    commands.on(command, [options](Context& context) {
        const auto status = speak(context, *options);
        return status ? *status : context.output.fail(status.error());
    });
}

}  // namespace coda::app
