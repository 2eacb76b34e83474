// coda ask: one turn, from text or a recording to text and speech.
#include "app/command.h"
#include "app/loading.h"
#include "app/memory_file.h"
#include "app/player.h"
#include "app/text_input.h"
#include "app/turn_json.h"
#include "audio/resample.h"
#include "audio/wav.h"

#include <memory>

#include <fmt/format.h>
#include <unistd.h>

namespace coda::app {
namespace {

constexpr int kSpeechRate = 16000;

struct Options {
    std::vector<std::string> words;
    std::string wav, out;
    bool play = false, silent = false;
};

struct Question {
    std::string text;           // or
    std::vector<float> speech;  // 16 kHz mono
    bool spoken = false;
};

Result<Question> read_question(const Options& options) {
    Question question;
    question.spoken = !options.wav.empty();
    if (!question.spoken) {
        CODA_TRY(question.text, text_from(options.words));
        return question;
    }
    if (!options.words.empty()) {
        return fail(ErrorCode::invalid_argument, "TEXT and --wav exclude each other", "", "give one of them");
    }
    CODA_TRY(const audio::Sound sound, audio::read_wav(options.wav));
    if (sound.sample_rate == kSpeechRate) {
        question.speech = sound.samples;
    } else {
        CODA_TRY(question.speech, audio::resample(sound.samples, sound.sample_rate, kSpeechRate));
    }
    return question;
}

// The speaker where the reply is wanted there: always with --play, else when a person sits at the terminal
// and no file was asked for. Having none is then no failure.
Result<std::unique_ptr<Player>> open_player(Context& context, const Options& options) {
    if (options.silent) return nullptr;
    const bool offered = options.out.empty() && !context.output.json() && isatty(STDOUT_FILENO);
    if (!options.play && !offered) return nullptr;
    auto player = Player::open(context.configuration.audio.speaker);
    if (player || options.play) return player;
    context.output.note("the reply is not spoken: " + player.error().message());
    return nullptr;
}

// Text as it comes, clause by clause, on one line.
assistant::Responder::OnClause print_clauses(Context& context) {
    auto first = std::make_shared<bool>(true);
    return [&context, first](const std::string& clause) {
        context.output.text((*first ? "" : " ") + one_line(clause));
        *first = false;
        return !context.cancel.cancelled();
    };
}

Result<std::optional<ReplyAudio>> save(const assistant::TurnReport& report, const Options& options) {
    if (report.audio.empty() && options.out.empty()) return std::nullopt;
    ReplyAudio audio{options.out, models::Hibari::kSampleRate,
                     static_cast<double>(report.audio.size()) / models::Hibari::kSampleRate};
    if (!options.out.empty()) CODA_CHECK(audio::write_wav(options.out, report.audio, audio.sample_rate));
    return audio;
}

Result<int> ask(Context& context, const Options& options) {
    CODA_TRY(const Question question, read_question(options));
    const bool must_speak = !options.out.empty() || options.play;
    Parts parts;
    parts.llm = Parts::required;
    parts.stt = question.spoken ? Parts::required : Parts::none;
    parts.vad = question.spoken ? Parts::optional : Parts::none;
    parts.tts = options.silent ? Parts::none : must_speak ? Parts::required : Parts::optional;
    parts.embeddings = true;
    CODA_TRY(auto engine, load_engine(context, parts));
    auto answering = session_options(context, *engine);
    answering.speak_replies = engine->tts != nullptr;
    CODA_TRY(auto session, assistant::Session::create(*engine, answering));
    CODA_TRY(auto player, open_player(context, options));

    const auto on_clause = print_clauses(context);
    const auto on_audio = [&](std::span<const float> samples) {
        return !context.cancel.cancelled() && (!player || player->play(samples, context.cancel));
    };
    CODA_TRY(const assistant::TurnReport report,
             question.spoken ? session->ask_speech(question.speech, context.cancel, on_clause, on_audio)
                             : session->ask(question.text, context.cancel, on_clause, on_audio));
    context.output.text("\n");
    if (question.spoken && report.transcript.empty()) context.output.note("no words were heard");
    if (!report.reply.notice.empty()) context.output.note(report.reply.notice);
    CODA_TRY(const auto audio, save(report, options));
    context.output.object(to_json(report, *engine, audio));
    if (player) player->finish(context.cancel);
    return context.cancel.cancelled() ? kFailed : kOk;
}

}  // namespace

void add_ask(Commands& commands) {
    auto options = std::make_shared<Options>();
    CLI::App* command = commands.root().add_subcommand("ask", "One question, one answer");
    command->add_option("TEXT", options->words, "The question (or through a pipe)");
    command->add_option("--wav", options->wav, "Ask with a recording instead")->type_name("IN.wav");
    command->add_option("--out", options->out, "Write the spoken reply here")->type_name("REPLY.wav");
    command->add_flag("--play", options->play, "Play the reply even where it is written or printed as JSON");
    command->add_flag("--silent", options->silent, "Do not speak the reply at all");
    commands.setting_flag(*command, "--voice", "tts.voice", "NAME", "Who speaks");
    commands.setting_flag(*command, "--speed", "tts.speed", "0.5..2", "Pace of speech");
    commands.setting_flag(*command, "--speaker", "audio.speaker", "DEVICE",
                          "Where to play (see coda devices)");
    commands.on(command, [options](Context& context) {
        const auto status = ask(context, *options);
        return status ? *status : context.output.fail(status.error());
    });
}

}  // namespace coda::app
