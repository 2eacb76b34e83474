#include "app/doctor_checks.h"

#include "app/memory_file.h"
#include "app/packaged_models.h"
#include "app/persona_file.h"
#include "assistant/session.h"
#include "audio/devices.h"
#include "audio/resample.h"
#include "base/clock.h"
#include "base/paths.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace coda::app {
namespace {

CheckResult passed(const char* id, std::string message, const Stopwatch& watch) {
    return {id, Health::ok, std::move(message), {}, watch.elapsed_ms()};
}

// What mends a missing file depends on whose it is.
std::string mend_for(const Error& error) {
    if (!error.mend.empty() || error.code != ErrorCode::not_found) return error.mend;
    const bool packaged = error.where.starts_with((paths::data_dir() / "models").string());
    return packaged ? "run script/bootstrap" : "check the path in the configuration";
}

CheckResult failed(const char* id, const Error& error, const Stopwatch& watch) {
    return {id, Health::failed, error.where.empty() ? error.what : error.where + ": " + error.what,
            mend_for(error), watch.elapsed_ms()};
}

class ConfigurationCheck final : public Component {
  public:
    explicit ConfigurationCheck(Context& context) : context_(context) {}
    std::string name() const override { return "configuration"; }

    std::vector<CheckResult> check() override {
        const Stopwatch watch;
        std::vector<CheckResult> results;
        for (const Error& error : context_.configuration_errors()) {
            results.push_back(failed("configuration.valid", error, watch));
        }
        for (const std::string& name : context_.settings.unknown_environment()) {
            results.push_back({"configuration.environment", Health::warning,
                               name + " is set, and is no setting", "coda config show --json lists the names",
                               watch.elapsed_ms()});
        }
        if (results.empty()) {
            const bool there = std::filesystem::exists(context_.configuration_file);
            const std::string file = context_.configuration_file.string();
            results.push_back(
                passed("configuration.valid", there ? file : file + " does not exist: defaults", watch));
        }
        return results;
    }

  private:
    Context& context_;
};

class ModelsCheck final : public Component {
  public:
    std::string name() const override { return "models"; }

    std::vector<CheckResult> check() override {
        const Stopwatch watch;
        std::vector<CheckResult> results;
        int installed = 0;
        for (const PackagedModel& model : packaged_models()) {
            const Status status = model.installed();
            if (status) ++installed;
            if (!status && model.by_default)
                results.push_back(failed("models.installed", status.error(), watch));
        }
        if (results.empty()) {
            results.push_back(
                passed("models.installed", fmt::format("{} packaged models", installed), watch));
        }
        return results;
    }
};

class DevicesCheck final : public Component {
  public:
    std::string name() const override { return "audio"; }

    std::vector<CheckResult> check() override {
        const Stopwatch watch;
        const auto devices = audio::list_devices();
        if (!devices) return {failed("audio.devices", devices.error(), watch)};
        const auto count = [&](audio::Direction direction) {
            return std::count_if(devices->begin(), devices->end(),
                                 [&](const audio::Device& device) { return device.channels(direction) > 0; });
        };
        const auto microphones = count(audio::Direction::input), speakers = count(audio::Direction::output);
        CheckResult result =
            passed("audio.devices", fmt::format("{} microphones, {} speakers", microphones, speakers), watch);
        if (microphones == 0 || speakers == 0) {
            result.health = Health::warning;
            result.mend = "coda talk needs both; ask, chat, transcribe and speak --out work without";
        }
        return {result};
    }
};

class LlmCheck final : public Component {
  public:
    LlmCheck(Context& context, assistant::Engine& engine) : context_(context), engine_(engine) {}
    std::string name() const override { return "llm"; }

    std::vector<CheckResult> check() override {
        const Stopwatch watch;
        constexpr const char* kId = "llm.generate";
        if (context_.configuration.engine.llm.off()) {
            return {{kId, Health::skipped, "switched off", "set llm.source", watch.elapsed_ms()}};
        }
        if (!engine_.llm) return {failed(kId, engine_.llm_error, watch)};
        const auto stats = generate();
        if (!stats) return {failed(kId, stats.error(), watch)};
        return {passed(kId,
                       fmt::format("{} generated a token after {:.0f} ms on {}", engine_.llm->name(),
                                   stats->first_token_ms, engine_.device().name),
                       watch)};
    }

  private:
    Result<models::GenerateStats> generate() {
        CODA_TRY(auto session, engine_.llm->new_session());
        models::Sampling sampling;
        sampling.max_tokens = 1;
        const models::Message hello{models::Role::user, "Say hello."};
        CODA_TRY(const auto stats, session->generate({&hello, 1}, sampling, context_.cancel,
                                                     [](std::string_view) { return true; }));
        if (stats.generated_tokens < 1)
            return fail(ErrorCode::internal, "the model generated nothing", "", "try another");
        return stats;
    }

    Context& context_;
    assistant::Engine& engine_;
};

// Words in lower case, nothing else.
std::vector<std::string> words_of(const std::string& text) {
    std::vector<std::string> words(1);
    for (const char c : text) {
        if (std::isalpha(static_cast<unsigned char>(c))) {
            words.back() += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        } else if (!words.back().empty()) {
            words.emplace_back();
        }
    }
    if (words.back().empty()) words.pop_back();
    return words;
}

// Speaks a sentence, listens to it, and compares.
class VoiceCheck final : public Component {
  public:
    VoiceCheck(Context& context, assistant::Engine& engine) : context_(context), engine_(engine) {}
    std::string name() const override { return "voice"; }

    std::vector<CheckResult> check() override {
        const Stopwatch watch;
        const auto speech = speak();
        if (!speech) return {failed("voice.speaks", speech.error(), watch)};
        std::vector<CheckResult> results;
        results.push_back(passed("voice.speaks", fmt::format("{:.1f} s of speech", seconds(*speech)), watch));
        results.push_back(detects(*speech));
        results.push_back(hears(*speech));
        return results;
    }

  private:
    static constexpr const char* kSentence =
        "The weather station on the hill sends its numbers every morning.";
    static constexpr int kRate = 16000;

    static double seconds(const std::vector<float>& samples) {
        return static_cast<double>(samples.size()) / kRate;
    }

    Result<std::vector<float>> speak() {
        if (!engine_.tts) return tl::unexpected(engine_.tts_error);
        std::vector<float> samples;
        CODA_CHECK(engine_.tts->synthesize(kSentence, context_.configuration.engine.tts.options(),
                                           context_.cancel, [&](std::span<const float> block) {
                                               samples.insert(samples.end(), block.begin(), block.end());
                                               return true;
                                           }));
        return audio::resample(samples, models::Hibari::kSampleRate, kRate);
    }

    CheckResult detects(const std::vector<float>& speech) {
        const Stopwatch watch;
        constexpr const char* kId = "voice.detects_speech";
        if (!engine_.vad) return failed(kId, engine_.vad_error, watch);
        models::Silero::State state;
        constexpr size_t kFrame = models::Silero::kFrameSamples;
        size_t frames = 0, spoken = 0;
        for (size_t begin = 0; begin + kFrame <= speech.size(); begin += kFrame) {
            const auto probability = engine_.vad->probability(
                std::span<const float, kFrame>(speech.data() + begin, kFrame), state);
            if (!probability) return failed(kId, probability.error(), watch);
            ++frames;
            spoken += *probability > 0.5f;
        }
        const std::string seen = fmt::format("speech in {} of {} frames", spoken, frames);
        if (2 * spoken > frames) return passed(kId, seen, watch);
        return failed(kId, {ErrorCode::internal, seen, "", "run script/bootstrap again"}, watch);
    }

    CheckResult hears(const std::vector<float>& speech) {
        const Stopwatch watch;
        constexpr const char* kId = "voice.hears_itself";
        if (!engine_.stt) return failed(kId, engine_.stt_error, watch);
        const auto transcript =
            engine_.stt->transcribe(speech, context_.configuration.engine.stt.options(), context_.cancel);
        if (!transcript) return failed(kId, transcript.error(), watch);
        const std::vector<std::string> said = words_of(kSentence), heard = words_of(transcript->text);
        const auto found = std::count_if(said.begin(), said.end(), [&](const std::string& word) {
            return std::find(heard.begin(), heard.end(), word) != heard.end();
        });
        const std::string seen = fmt::format("heard {} of {} words of its own speech", found, said.size());
        constexpr double kEnough = 0.7;
        if (static_cast<double>(found) >= kEnough * static_cast<double>(said.size()))
            return passed(kId, seen, watch);
        return failed(kId,
                      {ErrorCode::internal, seen + ": " + transcript->text, "", "run script/bootstrap again"},
                      watch);
    }

    Context& context_;
    assistant::Engine& engine_;
};

// A conversation without a voice, in which something is asked whose answer is known.
class ConversationCheck final : public Component {
  public:
    struct Exchange {
        std::string say;
        std::string expect;  // in the reply; empty: any reply
    };
    ConversationCheck(Context& context, assistant::Engine& engine, std::string name, const char* id,
                      std::vector<Exchange> exchanges)
        : context_(context),
          engine_(engine),
          name_(std::move(name)),
          id_(id),
          exchanges_(std::move(exchanges)) {}
    std::string name() const override { return name_; }

    std::vector<CheckResult> check() override {
        const Stopwatch watch;
        const auto reply = converse();
        if (!reply) return {failed(id_, reply.error(), watch)};
        return {passed(id_, fmt::format("\"{}\" was answered \"{}\"", exchanges_.back().say, *reply), watch)};
    }

  private:
    Result<std::string> converse() {
        auto options = context_.configuration.session();
        options.speak_replies = false;
        options.responder.persona = persona_in_memory(context_);
        CODA_TRY(auto session, assistant::Session::create(engine_, options));
        std::string last;
        for (const Exchange& exchange : exchanges_) {
            CODA_TRY(const auto report, session->ask(exchange.say, context_.cancel, nullptr, nullptr));
            last = one_line(report.reply.text);
            if (last.empty() || last.find(exchange.expect) == std::string::npos) {
                return fail(ErrorCode::internal,
                            fmt::format("\"{}\" was answered \"{}\", without \"{}\"", exchange.say, last,
                                        exchange.expect),
                            "", "");
            }
        }
        return last;
    }

    Context& context_;
    assistant::Engine& engine_;
    const std::string name_;
    const char* id_;
    const std::vector<Exchange> exchanges_;
};

// Writes a fact into the real memory, finds it, and takes it out again.
class MemoryCheck final : public Component {
  public:
    MemoryCheck(Context& context, assistant::Engine& engine) : context_(context), engine_(engine) {}
    std::string name() const override { return "memory"; }

    std::vector<CheckResult> check() override {
        const Stopwatch watch;
        constexpr const char* kId = "memory.store";
        if (!context_.configuration.memory.enabled)
            return {{kId, Health::skipped, "switched off", "set memory.enabled", watch.elapsed_ms()}};
        auto store = open_memory(context_, &engine_);
        if (!store) return {failed(kId, store.error(), watch)};
        const auto count = write_and_read(**store);
        if (!count) return {failed(kId, count.error(), watch)};
        CheckResult result = passed(
            kId, fmt::format("{} memories in {}", *count, context_.configuration.memory.file().string()),
            watch);
        if (!(*store)->warning().empty()) {
            result.health = Health::warning;
            result.message = (*store)->warning();
        } else if (!engine_.embeddings) {
            result.health = Health::warning;
            result.message += ", found by their words alone: " + engine_.embeddings_error.message();
            result.mend = "run script/bootstrap";
        }
        return {result};
    }

  private:
    static Result<size_t> write_and_read(memory::SqliteStore& store) {
        CODA_TRY(const size_t count, store.size());
        CODA_TRY(const memory::Added added, store.add("the doctor's test word is quincunx", "doctor"));
        const auto found = store.search("what is the doctor's test word", 3);
        CODA_CHECK(store.remove(added.fact.id));
        if (!found) return tl::unexpected(found.error());
        const bool there = std::any_of(found->begin(), found->end(), [&](const memory::Recalled& recalled) {
            return recalled.fact.id == added.fact.id;
        });
        if (!there) return fail(ErrorCode::internal, "what was written is not found again");
        return count;
    }

    Context& context_;
    assistant::Engine& engine_;
};

// Loads the character anew and lets it word what a tool says.
class PersonalityCheck final : public Component {
  public:
    explicit PersonalityCheck(Context& context) : context_(context) {}
    std::string name() const override { return "personality"; }

    std::vector<CheckResult> check() override {
        const Stopwatch watch;
        constexpr const char* kId = "personality.character";
        const auto character = context_.configuration.personality.load();
        if (!character) return {failed(kId, character.error(), watch)};
        const personality::Template said{"That's 391.", "calculate", personality::Act::answer, {"391"}};
        const std::string worded = personality::reword(said, character->traits, *character, 0);
        if (worded.find("391") == std::string::npos)
            return {failed(kId, {ErrorCode::internal, "the figure is lost in \"" + worded + "\"", "", ""},
                           watch)};
        const auto log = personality::ChangeLog::open(personality::PersonalitySettings::changes_file());
        if (!log) return {failed(kId, log.error(), watch)};
        CheckResult result =
            passed(kId, fmt::format("{} says \"{}\"", character->name, one_line(worded)), watch);
        if (!log->warning().empty()) {
            result.health = Health::warning;
            result.message = log->warning();
        }
        return {result};
    }

  private:
    Context& context_;
};

}  // namespace

std::vector<std::unique_ptr<Component>> standing_components(Context& context) {
    std::vector<std::unique_ptr<Component>> components;
    components.push_back(std::make_unique<ConfigurationCheck>(context));
    components.push_back(std::make_unique<PersonalityCheck>(context));
    components.push_back(std::make_unique<ModelsCheck>());
    components.push_back(std::make_unique<DevicesCheck>());
    return components;
}

std::vector<std::unique_ptr<Component>> working_components(Context& context, assistant::Engine& engine) {
    using Exchanges = std::vector<ConversationCheck::Exchange>;
    std::vector<std::unique_ptr<Component>> components;
    components.push_back(std::make_unique<LlmCheck>(context, engine));
    components.push_back(std::make_unique<MemoryCheck>(context, engine));
    components.push_back(std::make_unique<ConversationCheck>(
        context, engine, "memory", "memory.recall",
        Exchanges{{"remember that my locker code is 4719", ""}, {"what is my locker code", "4719"}}));
    components.push_back(std::make_unique<VoiceCheck>(context, engine));
    components.push_back(std::make_unique<ConversationCheck>(context, engine, "tools", "tools.calculate",
                                                             Exchanges{{"what is 17 times 23", "391"}}));
    components.push_back(
        std::make_unique<ConversationCheck>(context, engine, "personality", "personality.name",
                                            Exchanges{{"what is your name", character_of(context).name}}));
    return components;
}

}  // namespace coda::app
