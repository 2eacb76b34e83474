// coda bench: how fast this machine is at a whole turn, or at one stage alone.
#include "app/command.h"
#include "app/loading.h"
#include "app/machine_speed.h"
#include "app/stage_bench.h"
#include "app/turn_bench.h"
#include "app/turn_json.h"

#include <memory>

#include <fmt/format.h>

namespace coda::app {
namespace {

struct Options {
    std::vector<std::string> clips;
    int rounds = 5;
    int limit = 0;
    bool load = false;  // beside a language model that answers all the while
    LlmBench llm;
};

std::filesystem::path packaged_audio() {
    return std::filesystem::path(CODA_SOURCE_DIR) / "tests" / "data" / "audio";
}

Result<std::vector<LabelledClip>> labelled_clips(const Options& options) {
    std::vector<std::filesystem::path> folders(options.clips.begin(), options.clips.end());
    if (folders.empty()) folders = {packaged_audio() / "spoken", packaged_audio()};
    std::vector<LabelledClip> clips;
    for (const std::filesystem::path& folder : folders) {
        CODA_TRY(std::vector<LabelledClip> more, read_labels(folder));
        clips.insert(clips.end(), more.begin(), more.end());
    }
    if (options.limit > 0 && clips.size() > static_cast<size_t>(options.limit))
        clips.resize(static_cast<size_t>(options.limit));
    return clips;
}

std::string milliseconds(const nlohmann::json& times) {
    if (!times.is_object()) return "none";
    return fmt::format("{:.0f} / {:.0f} / {:.0f} ms of {}", times["p50"].get<double>(),
                       times["p95"].get<double>(), times["max"].get<double>(), times["count"].get<int>());
}

void print_turns(Output& output, const nlohmann::json& all) {
    output.line(fmt::format("{} clips, {} answered; p50 / p95 / max:", all["clips"].get<int>(),
                            all["answered"].get<int>()));
    for (const char* path : {"intent", "llm"}) {
        output.line(fmt::format("  by {:<7} v2v {:<36} response {}", path, milliseconds(all["v2v_ms"][path]),
                                milliseconds(all["response_ms"][path])));
    }
    output.line(fmt::format("  decision {} after the true end of speech", milliseconds(all["decision_ms"])));
    output.line(fmt::format(
        "  false cut-offs {} ({:.1f} %), missed ends {} ({:.1f} %), LLM turns of 12 tokens or more {}",
        all["false_cutoffs"].get<int>(), 100 * all["false_cutoff_share"].get<double>(),
        all["missed_ends"].get<int>(), 100 * all["missed_end_share"].get<double>(),
        all["llm_turns_of_12_tokens"].get<int>()));
    const nlohmann::json& audio = all["audio"];
    output.line(fmt::format(
        "  audio: {} frames, {} seen late (the longest waited {:.1f} ms), {} late blocks, {} gaps",
        audio["frames"].get<int64_t>(), audio["late_frames"].get<int64_t>(),
        audio["longest_wait_ms"].get<double>(), audio["late_blocks"].get<int64_t>(),
        audio["gaps"].get<int64_t>()));
}

nlohmann::json clip_json(const ClipResult& result) {
    const auto number = [](const std::optional<double>& value) {
        return value ? nlohmann::json(*value) : nlohmann::json();
    };
    return {{"file", result.clip.file.filename().string()},
            {"text", result.clip.text},
            {"heard", result.heard},
            {"reply", result.reply},
            {"reply_tokens", result.reply_tokens},
            {"path", assistant::to_string(result.times.path)},
            {"false_cutoff", result.false_cutoff},
            {"missed", result.missed},
            {"decision_ms", number(result.turn_end_ms)},
            {"v2v_ms", number(result.times.v2v_ms)},
            {"response_ms", number(result.times.response_ms)}};
}

void print_clip(Output& output, const ClipResult& result) {
    const auto number = [](const std::optional<double>& value) {
        return value ? fmt::format("{:.0f}", *value) : std::string("-");
    };
    output.line(fmt::format("{:<20} {:<6} decision {:>5}  response {:>5}  v2v {:>5}  {}{}",
                            result.clip.file.filename().string(), assistant::to_string(result.times.path),
                            number(result.turn_end_ms), number(result.times.response_ms),
                            number(result.times.v2v_ms), result.heard,
                            result.false_cutoff ? "  [cut off]"
                            : result.missed     ? "  [missed]"
                                                : ""));
}

Result<nlohmann::json> turn(Context& context, const Options& options) {
    CODA_TRY(const std::vector<LabelledClip> clips, labelled_clips(options));
    Parts parts;
    parts.llm = parts.stt = parts.tts = parts.vad = Parts::required;
    CODA_TRY(auto engine, load_engine(context, parts));
    CODA_TRY(auto session, assistant::Session::create(*engine, context.configuration.session()));
    std::vector<ClipResult> results;
    nlohmann::json each = nlohmann::json::array();
    std::unique_ptr<FullLoad> load;
    if (options.load) load = std::make_unique<FullLoad>(*engine->llm);
    for (const LabelledClip& clip : clips) {
        context.output.progress(
            fmt::format("{} ({} of {})", clip.file.filename().string(), results.size() + 1, clips.size()));
        CODA_TRY(ClipResult result, play_clip(*session, engine->llm.get(), clip, context.cancel));
        if (context.cancel.cancelled()) break;
        context.output.progress("");
        print_clip(context.output, result);
        each.push_back(clip_json(result));
        results.push_back(std::move(result));
    }
    context.output.progress("");
    if (results.empty()) return fail(ErrorCode::cancelled, "stopped before the first clip was over");
    nlohmann::json all = summary(results);
    print_turns(context.output, all);
    all["stopped_early"] = results.size() < clips.size();
    if (load) {
        const int64_t tokens = load->tokens();
        const double stop_ms = load->stop();
        all["load"] = {{"pieces", tokens}, {"stopped_in_ms", stop_ms}};
        context.output.line(fmt::format(
            "  beside a language model's answers ({} pieces of text); cancelled, it stopped in {:.1f} ms",
            tokens, stop_ms));
    }
    all["each"] = each;
    all["device"] = to_json(engine->device());
    return all;
}

Result<nlohmann::json> stage(Context& context, const Options& options, const std::string& name) {
    Parts parts;
    (name == "llm" ? parts.llm : name == "stt" ? parts.stt : parts.tts) = Parts::required;
    CODA_TRY(auto engine, load_engine(context, parts));
    context.output.progress("measuring ...");
    CODA_TRY(nlohmann::json result,
             name == "llm"   ? bench_llm(*engine, {options.llm.prompt, options.llm.generate, options.rounds},
                                         context.cancel)
             : name == "stt" ? bench_stt(*engine,
                                         options.clips.empty() ? packaged_audio()
                                                               : std::filesystem::path(options.clips.front()),
                                         options.rounds, context.cancel)
                             : bench_tts(*engine, options.rounds, context.cancel));
    result["device"] = to_json(engine->device());
    context.output.line(result.dump(2));
    return result;
}

int memory(Context& context) {
    context.output.progress("measuring ...");
    const auto speed = machine_speed(context.configuration.engine.runtime.threads, Remembered::no);
    context.output.progress("");
    if (!speed) return context.output.fail(speed.error());
    context.output.line(speed->text());
    context.output.object({{"read_bytes_per_second", speed->read_bytes_per_second},
                           {"threads", speed->threads},
                           {"date", speed->date},
                           {"cpu", speed->cpu}});
    return kOk;
}

void add(Commands& commands, CLI::App& bench, const std::shared_ptr<Options>& options, const char* name,
         const char* help) {
    CLI::App* command = bench.add_subcommand(name, help);
    const std::string stage_name = name;
    if (stage_name == "turn" || stage_name == "stt")
        command
            ->add_option("--clips", options->clips, "Other folders of recordings (stt: a folder or one file)")
            ->type_name("FOLDER");
    if (stage_name == "llm") {
        command->add_option("--prompt", options->llm.prompt, "Tokens of the prompt")
            ->type_name("N")
            ->check(CLI::Range(1, 100'000));
        command->add_option("--generate", options->llm.generate, "Tokens to generate")
            ->type_name("N")
            ->check(CLI::Range(1, 100'000));
    }
    if (stage_name == "turn") {
        command->add_option("--limit", options->limit, "Only so many clips")->type_name("N");
        command->add_flag("--load", options->load, "Beside a language model that answers all the while");
    } else {
        command->add_option("--rounds", options->rounds, "How often each is measured")
            ->type_name("N")
            ->check(CLI::Range(1, 1000));
    }
    commands.on(command, [options, stage_name](Context& context) {
        const auto result =
            stage_name == "turn" ? turn(context, *options) : stage(context, *options, stage_name);
        if (!result) return context.output.fail(result.error());
        context.output.object(*result);
        return kOk;
    });
}

}  // namespace

void add_bench(Commands& commands) {
    CLI::App* bench =
        commands.root().add_subcommand("bench", "How fast this machine is: turn, llm, stt, tts or memory");
    bench->require_subcommand(1, 1);
    auto options = std::make_shared<Options>();
    add(commands, *bench, options, "turn",
        "Whole spoken turns over labelled recordings, at real pace (minutes)");
    add(commands, *bench, options, "llm", "Prefill of a prompt, decoding after it");
    add(commands, *bench, options, "stt", "Recordings to text");
    add(commands, *bench, options, "tts", "Text to the first sample and to the last");
    commands.on(bench->add_subcommand("memory", "What the threads read of memory, which bounds decoding"),
                memory);
}

}  // namespace coda::app
