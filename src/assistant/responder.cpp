#include "assistant/responder.h"

#include "assistant/clauses.h"
#include "assistant/declines.h"
#include "assistant/planner.h"
#include "assistant/prompt.h"
#include "assistant/reply_template.h"
#include "assistant/session_facts.h"
#include "assistant/speech_state.h"
#include "assistant/topic.h"
#include "base/clock.h"
#include "base/log.h"
#include "memory/sqlite_store.h"
#include "tools/builtin.h"
#include "tools/claims.h"
#include "tools/recognizer.h"
#include "tools/registry.h"
#include "tools/timers.h"

#include <algorithm>
#include <array>

namespace coda::assistant {
namespace {

using models::Message;
using models::Role;
using tools::Recognition;

constexpr int kSmallSentences = 3;  // that a small model is listened to; it rambles
constexpr int kMaxToolRounds = 5;   // of calls in one turn; then the model must answer
// A question is open for so long where nobody drops it sooner.
constexpr std::chrono::seconds kQuestionOpen{60};
constexpr double kSureRecall = 0.75;  // a question that was not asked of memory by its form needs this much

// "what", "is", "did": asks; anything else acts or tells.
bool starts_as_question(const std::vector<std::string>& words) {
    static constexpr std::array<std::string_view, 26> kWords = {
        "what", "when", "where", "who",      "whose", "which", "how", "is",     "are",
        "was",  "were", "do",    "does",     "did",   "will",  "has", "have",   "should",
        "can",  "am",   "any",   "anything", "would", "could", "if",  "whether"};
    return !words.empty() && std::find(kWords.begin(), kWords.end(), words.front()) != kWords.end();
}

bool speaks_of_own(const std::vector<std::string>& words) {
    static constexpr std::array<std::string_view, 8> kOwn = {"my", "i",   "me",   "our",
                                                             "we", "the", "mine", "us"};
    return std::any_of(words.begin(), words.end(), [](const std::string& word) {
        return std::find(kOwn.begin(), kOwn.end(), word) != kOwn.end();
    });
}

class ChatResponder final : public Responder {
  public:
    // `options.memory`, `options.planner` and `options.persona` are there.
    ChatResponder(std::shared_ptr<models::ChatModel> model, std::unique_ptr<models::ChatSession> session,
                  Options options, bool lasting, tools::Recognizer recognizer, tools::Claims claims)
        : model_(std::move(model)),
          session_(std::move(session)),
          options_(std::move(options)),
          recognizer_(std::move(recognizer)),
          claims_(std::move(claims)),
          registry_(all_tools(options_)),
          store_(*options_.memory),
          facts_(store_, lasting),
          planner_(*options_.planner),
          up_since_(now()),
          persona_(*options_.persona),
          prompt_(small(), uses_tools(), persona_.character().name, persona_.prompt(), options_.window_turns,
                  options_.window_tokens) {
        if (uses_tools()) session_->offer_tools(tool_specs());
    }

    Result<Prepared> prepare(const std::string& words, const Cancel& cancel) override {
        Prepared prepared;
        const tools::Utterance utterance = tools::read_words(words);
        const Recognition command = recognizer_.command(utterance);
        prepared.complete_command =
            (command.kind == Recognition::Kind::command && command.closed) || answers_question(utterance);
        if (!session_) return prepared;
        prompt_.open_turn(note_for(words));
        CODA_TRY(const models::PrefillStats stats, session_->prefill(prompt_.messages(words), cancel));
        prepared.sentence_end = stats.sentence_end_probability;
        return prepared;
    }

    Result<Reply> respond(const std::string& words, const Cancel& cancel,
                          const OnClause& on_clause) override {
        if (cancel.cancelled()) return fail(ErrorCode::cancelled, "cancelled");
        watch_.reset();
        last_ = {};
        facts_.begin_turn();
        planner_.begin_turn();
        if (options_.speech) options_.speech->begin_reply();
        Reply reply;
        const tools::Utterance said = tools::read_words(words);
        CODA_TRY(const bool decided, answer_question(said, cancel, reply));
        if (decided) return speak(words, std::move(reply), on_clause);
        const tools::Utterance utterance = topic_.completed(said, recognizer_, registry_);
        topic_.set(utterance, recognizer_, registry_);
        persona_.begin_turn(moment_of(utterance, recognizer_, context(cancel)));
        CODA_TRY(const bool answered, answer_without_model(utterance, cancel, reply));
        if (answered) {
            if (const auto worded = template_of(reply, registry_)) reply.text = persona_.word(*worded);
            return speak(words, std::move(reply), on_clause);
        }
        return ask_model(words, utterance, cancel, on_clause, std::move(reply));
    }

    void drop_question() override { question_.reset(); }

    Result<bool> due() override { return tools::anything_due(planner_, now()); }

    Result<Reply> announce(const Cancel& cancel, const OnClause& on_clause) override {
        watch_.reset();
        last_ = {};
        planner_.begin_turn();
        if (options_.speech) options_.speech->begin_reply();
        Reply reply;
        reply.path = ReplyPath::tool;
        CODA_TRY(const std::optional<tools::ToolResult> result, tools::take_due(context(cancel), up_since_));
        if (!result) return reply;
        reply.text = result->say;
        reply.due = result->data["due"];
        give_out(reply, on_clause);
        last_.any = true;
        last_.reply_before = std::exchange(last_reply_, reply.text);
        return reply;
    }

    void truncate_last(const std::string& heard) override {
        if (!last_.any) return;
        last_reply_ = heard;
        if (last_.in_window) prompt_.drop_last();
        last_.in_window = !heard.empty() && last_.for_model;
        if (last_.in_window) prompt_.add(last_.message, heard, count_tokens(last_.message, heard));
        stale_ = true;
    }

    void retract_last() override {
        if (!last_.any) return;
        if (last_.in_window) prompt_.drop_last();
        if (const Status undone = facts_.undo(); !undone) log::warn("{}", undone.error().message());
        if (const Status undone = planner_.undo(); !undone) log::warn("{}", undone.error().message());
        persona_.retract_turn();
        last_reply_ = last_.reply_before;
        last_ = {};
        stale_ = true;
        question_.reset();
    }

    Status tidy(const Cancel& cancel) override {
        CODA_CHECK(store_.tidy(cancel));
        const bool trimmed = prompt_.trim();
        if (!session_ || (!trimmed && !stale_)) return {};
        CODA_TRY(const models::PrefillStats stats, session_->prefill(prompt_.messages(""), cancel));
        static_cast<void>(stats);
        stale_ = false;
        return {};
    }

  private:
    // What truncate_last and retract_last need to know of the last turn.
    struct LastTurn {
        bool any = false, for_model = false, in_window = false;
        std::string message;  // the user message, as the model is shown it
        std::string reply_before;
    };

    static tools::Registry all_tools(const Options& options) {
        tools::Registry registry = tools::builtin_tools();
        tools::add_programs(registry, options.programs);
        return registry;
    }

    bool small() const { return !model_ || model_->small(); }
    // An able model is offered tools, where it knows how to call them.
    bool uses_tools() const { return session_ && !small() && model_->calls_tools(); }
    int count_tokens(const std::string& a, const std::string& b) const {
        constexpr int kTemplate = 10;  // the chat template's own tokens around two messages
        return model_ ? model_->count_tokens(a) + model_->count_tokens(b) + kTemplate : 0;
    }

    // What an able model is told with the words: the time, and what memory has on them.
    std::string note_for(const std::string& words) {
        if (small()) return {};
        constexpr size_t kMost = 8;
        std::vector<std::string> known;
        int tokens = 0;
        const Result<std::vector<memory::Recalled>> found = store_.search(words, kMost);
        if (found)
            for (const memory::Recalled& recalled : *found) {
                tokens += model_->count_tokens(recalled.fact.text);
                if (tokens > options_.memory_tokens) break;
                known.push_back(recalled.fact.text);
            }
        return Prompt::note(context({}), known, persona_.prompt_change());
    }

    std::chrono::sys_seconds now() const {
        return options_.now ? options_.now()
                            : std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    }
    tools::ToolContext context(const Cancel& cancel) {
        tools::ToolContext out = tools::context_at(now());
        out.facts = &facts_;
        out.timers = &planner_;
        out.lists = &planner_;
        out.speech = options_.speech.get();
        out.cancel = cancel;
        return out;
    }

    // ---- without the model

    Result<bool> answer_without_model(const tools::Utterance& utterance, const Cancel& cancel, Reply& reply) {
        const Recognition command = recognizer_.command(utterance);
        const bool asks_memory = command.name == "recall";
        if (command.kind == Recognition::Kind::command && !asks_memory && !stray_correction(command)) {
            CODA_CHECK(answer_command(command, cancel, reply));
            return true;
        }
        const bool in_memory = remembered(utterance, asks_memory);
        if (in_memory) {
            CODA_CHECK(call({"recall", {{"question", utterance.raw}}}, cancel, reply));
            return true;
        }
        if (decline_request(utterance, reply)) return true;
        if (asks_memory && !command.fixed.count("unsure") && small()) {
            CODA_CHECK(call({"recall", {{"question", command.said}}}, cancel, reply));
            return true;
        }
        if (utterance.sentences.empty()) {
            reply.path = ReplyPath::intent;
            reply.kind = "unheard";
            reply.text = "I didn't catch that.";
            return true;
        }
        return false;
    }

    // "No, the ... is ...": a correction only of something that was told before.
    bool stray_correction(const Recognition& command) {
        if (!command.fixed.count("correction")) return false;
        const auto found = store_.search(command.said, 1);
        return !found || found->empty();
    }

    bool remembered(const tools::Utterance& utterance, bool asks_memory) {
        const tools::Sentence all = utterance.joined();
        std::vector<std::string> words;
        for (const tools::Word& word : all.words) words.push_back(word.text);
        if (!asks_memory && !(all.question || starts_as_question(words))) return false;
        if (!asks_memory && !speaks_of_own(words)) return false;
        const auto found = store_.search(utterance.raw, 1);
        return found && !found->empty() && (asks_memory || found->front().score >= kSureRecall);
    }

    // A request for what no tool does. An able model knows from its prompt that it has no live data; an
    // action is declined for it, too.
    bool decline_request(const tools::Utterance& utterance, Reply& reply) {
        const Recognition request = recognizer_.no_tool(utterance, [&](std::string_view topic) {
            return registry_.covers(topic) && !(small() && has_hint(topic));
        });
        if (request.kind != Recognition::Kind::no_tool) return false;
        if (registry_.covers(request.name)) {
            // There is a tool, but no pattern understood the words.
            reply.path = ReplyPath::intent;
            reply.text = hint(request.name);
            return true;
        }
        if (!small() && (!is_action(request.name) || starts_as_question(request.words))) return false;
        reply.path = ReplyPath::intent;
        reply.kind = "decline";
        reply.text = decline(request.name);
        return true;
    }

    Status answer_command(const Recognition& command, const Cancel& cancel, Reply& reply) {
        if (const std::optional<tools::Call> wanted = tools::to_call(command))
            return call(*wanted, cancel, reply);
        reply.path = ReplyPath::intent;
        reply.kind = command.name;
        if (command.name == "repeat")
            reply.text = repeated(command);
        else if (command.name == "stop")
            reply.text = "Okay.";
        else if (command.name == "thanks")
            reply.text = "You're welcome.";
        else if (command.name == "identity")
            reply.text = persona_.introduction(command.fixed.count("at_length") > 0);
        else if (command.name == "anecdote")
            reply.text = persona_.anecdote();
        else if (command.name == "style")
            reply.text = command.fixed.count("wish") ? persona_.fulfil(command.fixed.at("wish"))
                                                     : persona_.as_before();
        else if (command.name == "greeting")
            reply.text = command.fixed.count("kind") ? "Yes, I'm here." : "Hello! What can I do for you?";
        else if (command.name == "goodbye") {
            reply.text = "Goodbye.";
            reply.end_conversation = true;
        }
        return {};
    }

    std::string repeated(const Recognition& command) {
        if (last_reply_.empty()) return "I haven't said anything yet.";
        const auto manner = command.fixed.find("manner");
        if (manner != command.fixed.end() && options_.speech) {
            SpeechState& speech = *options_.speech;
            if (manner->second == "slowly") speech.slow_reply();
            if (manner->second == "loudly") speech.set_volume(std::min(speech.volume() + 15, 100));
            if (manner->second == "quietly") speech.set_volume(std::max(speech.volume() - 15, 10));
        }
        return last_reply_;
    }

    // ---- what the person is asked before it is done

    struct Question {
        tools::Call call;
        std::chrono::sys_seconds asked;
    };

    bool answers_question(const tools::Utterance& utterance) const {
        return question_ && recognizer_.answer(utterance) != tools::Recognizer::Answer::other;
    }

    // What to ask before a tool of that kind runs; empty where it runs at once.
    std::string question_before(const tools::Call& wanted) {
        const tools::Tool* tool = registry_.find(wanted.tool);
        if (!tool || tool->safety != tools::Safety::confirm) return {};
        if (!tools::check_schema(wanted.arguments, tool->arguments, tool->name)) return {};
        const std::string question =
            tool->question ? tool->question(wanted.arguments) : "Shall I really do that?";
        if (!question.empty()) question_ = {wanted, now()};
        return question;
    }

    // True when the words were the answer to an open question; whatever else they are, it is closed.
    Result<bool> answer_question(const tools::Utterance& utterance, const Cancel& cancel, Reply& reply) {
        const std::optional<Question> asked = std::exchange(question_, std::nullopt);
        if (!asked || now() - asked->asked > kQuestionOpen) return false;
        switch (recognizer_.answer(utterance)) {
            case tools::Recognizer::Answer::yes:
                CODA_CHECK(run_tool(asked->call, cancel, reply));
                return true;
            case tools::Recognizer::Answer::no:
                reply.path = ReplyPath::intent;
                reply.text = "Okay, I won't.";
                return true;
            case tools::Recognizer::Answer::other:
                break;
        }
        return false;
    }

    Status call(const tools::Call& wanted, const Cancel& cancel, Reply& reply) {
        const std::string question = question_before(wanted);
        if (question.empty()) return run_tool(wanted, cancel, reply);
        reply.path = ReplyPath::tool;
        reply.text = question;
        reply.asks = true;
        return {};
    }

    Status run_tool(const tools::Call& wanted, const Cancel& cancel, Reply& reply) {
        CODA_TRY(const tools::ToolResult result,
                 registry_.call(wanted.tool, wanted.arguments, context(cancel)));
        reply.path = ReplyPath::tool;
        reply.kind = wanted.tool;
        reply.text = result.say;
        reply.tool_calls.push_back(
            {wanted.tool, wanted.arguments,
             result.data.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)});
        return {};
    }

    void give_out(Reply& reply, const OnClause& on_clause) {
        ClauseSplitter splitter;
        std::vector<std::string> clauses = splitter.feed(reply.text);
        for (std::string& rest : splitter.finish()) clauses.push_back(std::move(rest));
        reply.first_clause_ms = watch_.elapsed_ms();
        for (const std::string& clause : clauses)
            if (!on_clause(clause)) break;
    }

    // Gives out a reply that is whole already.
    Reply speak(const std::string& words, Reply reply, const OnClause& on_clause) {
        give_out(reply, on_clause);
        // Facts never pass through a small model, so it is not shown what tools and templates said.
        close_turn(words, reply.text, reply.text, !small());
        return reply;
    }

    // ---- with the model

    Result<Reply> ask_model(const std::string& words, const tools::Utterance& utterance, const Cancel& cancel,
                            const OnClause& on_clause, Reply reply) {
        if (!session_) {
            reply.path = ReplyPath::intent;
            reply.text = no_model();
            return speak(words, std::move(reply), on_clause);
        }
        prompt_.open_turn(note_for(words));
        Telling telling;
        telling.fiction = recognizer_.asks_for_fiction(utterance);
        Result<models::GenerateStats> stats = generate(words, cancel, telling, reply, on_clause);
        if (!stats || cancel.cancelled() || stats->stop_reason == models::StopReason::cancelled) {
            close_turn(words, reply.text, reply.text, true);
            prompt_.drop_last();  // in the window only once truncate_last says what was heard
            last_.in_window = false;
            stale_ = true;
            return stats ? fail(ErrorCode::cancelled, "cancelled")
                         : tl::unexpected<Error>(std::move(stats.error()));
        }
        reply.llm = *stats;
        const bool cut_short = finish_telling(*stats, telling, reply, on_clause);
        if (model_->small() && !noticed_) {
            reply.notice = better_model_notice();
            noticed_ = true;
        }
        stale_ = stale_ || cut_short;
        close_turn(words, reply.text, telling.replaced ? reply.text : told(telling), true);
        return reply;
    }

    // A reply on its way from the model to the person.
    struct Telling {
        bool fiction = false;
        ClauseSplitter splitter;
        std::string text;  // as the model wrote it
        int sentences = 0;
        bool go_on = true;
        bool replaced = false;  // a claim was
        bool acted = false;     // a tool changed something: to say so is no empty claim
    };

    // Calls of one turn. What a tool returns is data: once there are results, no tool of a higher safety
    // level than those that the person's own words have led to is run.
    struct ToolTurn {
        tools::Safety ceiling = tools::Safety::read;
        bool ceiling_fixed = false;
        double first_token_ms = 0;
        std::string question;  // that a confirm tool is waiting for
    };

    // The model's answer, with the tools that it calls on the way: their results are shown to it, and it goes
    // on.
    Result<models::GenerateStats> generate(const std::string& words, const Cancel& cancel, Telling& telling,
                                           Reply& reply, const OnClause& on_clause) {
        std::vector<Message> messages = prompt_.messages(words);
        models::Sampling draw = sampling();
        ToolTurn turn;
        for (int round = 0;; ++round) {
            if (round == kMaxToolRounds) draw.tool_choice = models::ToolChoice::none;
            const size_t told_before = telling.text.size();
            CODA_TRY(models::GenerateStats stats,
                     session_->generate(messages, draw, cancel, [&](std::string_view text) {
                         telling.text += text;
                         tell(telling.splitter.feed(text), telling, reply, on_clause);
                         return telling.go_on;
                     }));
            const bool calls = !stats.tool_calls.empty() &&
                               stats.stop_reason != models::StopReason::cancelled && telling.go_on &&
                               uses_tools() && round < kMaxToolRounds;
            if (round > 0) stats.first_token_ms = std::max(stats.first_token_ms, turn.first_token_ms);
            turn.first_token_ms = stats.first_token_ms;
            if (!calls) return stats;
            stale_ = true;  // the window keeps what was said, not the calls
            messages.push_back({Role::assistant, telling.text.substr(told_before), stats.tool_calls});
            turn.ceiling_fixed = round > 0;
            for (const models::ToolCall& wanted : stats.tool_calls) {
                CODA_TRY(std::string result, call_for_model(wanted, cancel, turn, reply));
                telling.acted = telling.acted || turn.ceiling > tools::Safety::read;
                messages.push_back({Role::tool, std::move(result), {}, wanted.id, wanted.name});
                if (!turn.question.empty()) break;
            }
            if (!turn.question.empty()) {
                // The rest is the person's to say; what follows is not the model's any more.
                const std::string asked = "\n" + turn.question + "\n";
                telling.text += asked;
                tell(telling.splitter.feed(asked), telling, reply, on_clause);
                reply.asks = true;
                return stats;
            }
            // What was said before a call and what comes after it are sentences of their own.
            if (telling.text.empty()) continue;
            telling.text += "\n";
            tell(telling.splitter.feed("\n"), telling, reply, on_clause);
        }
    }

    // What the model is told of a call: the tool's data, or why there is none. Fails only when cancelled.
    Result<std::string> call_for_model(const models::ToolCall& wanted, const Cancel& cancel, ToolTurn& turn,
                                       Reply& reply) {
        constexpr size_t kMaxResult = 4000;  // bytes; more would fill the context
        const nlohmann::json arguments = nlohmann::json::parse(wanted.arguments, nullptr, false);
        const tools::Tool* tool = registry_.find(wanted.name);
        std::string said;
        if (!tool)
            said = "error: there is no such tool";
        else if (turn.ceiling_fixed && tool->safety > turn.ceiling)
            said = "error: not done; what a tool returned cannot ask for this, only the person can";
        if (said.empty()) turn.question = question_before({wanted.name, arguments});
        if (!turn.question.empty()) said = "not done yet: the person is asked first";
        if (said.empty()) {
            turn.ceiling = std::max(turn.ceiling, tool->safety);
            const Result<tools::ToolResult> result = registry_.call(wanted.name, arguments, context(cancel));
            if (!result && result.error().code == ErrorCode::cancelled) return tl::unexpected(result.error());
            said = result ? result->say : "error: " + result.error().message();
        }
        if (said.size() > kMaxResult) said.resize(kMaxResult);
        reply.tool_calls.push_back({wanted.name, arguments, said});
        return said;
    }

    std::vector<models::ToolSpec> tool_specs() const {
        std::vector<models::ToolSpec> out;
        for (const tools::Tool& tool : registry_.tools())
            out.push_back({tool.name, tool.description, tool.arguments.dump()});
        return out;
    }

    // The model's own text as far as it was spoken, so that the next prompt is what the KV cache holds.
    static std::string told(const Telling& telling) {
        std::string text = telling.text.substr(0, telling.splitter.consumed());
        text.erase(
            std::find_if(text.rbegin(), text.rend(), [](char c) { return c != ' ' && c != '\n'; }).base(),
            text.end());
        return text;
    }

    void tell(const std::vector<std::string>& clauses, Telling& telling, Reply& reply,
              const OnClause& on_clause) {
        for (const std::string& clause : clauses)
            if (telling.go_on) telling.go_on = give_clause(clause, telling, reply, on_clause);
    }

    // Gives out what is left; true when the reply ended before the model did. A sentence that the token limit
    // cut off is not spoken, unless there is nothing else.
    bool finish_telling(const models::GenerateStats& stats, Telling& telling, Reply& reply,
                        const OnClause& on_clause) {
        const bool limit = stats.stop_reason == models::StopReason::max_tokens ||
                           stats.stop_reason == models::StopReason::context_full;
        if (telling.go_on && (!limit || reply.text.empty()))
            tell(telling.splitter.finish(), telling, reply, on_clause);
        if (reply.text.empty()) tell({"I don't know what to say to that."}, telling, reply, on_clause);
        return limit || !telling.go_on;
    }

    // False when the reply ends here.
    bool give_clause(const std::string& clause, Telling& telling, Reply& reply, const OnClause& on_clause) {
        tools::Claim claim = telling.fiction ? tools::Claim::none : claims_.in(clause);
        if (claim == tools::Claim::action && telling.acted) claim = tools::Claim::none;
        telling.replaced = claim == tools::Claim::action || (claim == tools::Claim::live && small());
        const std::string spoken = telling.replaced ? instead_of(claim) : clause;
        if (reply.text.empty()) reply.first_clause_ms = watch_.elapsed_ms();
        reply.text += (reply.text.empty() ? "" : " ") + spoken;
        telling.sentences += clause.find_last_of(".!?") + 2 >= clause.size();
        const int most = personality::sentence_limit(kSmallSentences, persona_.traits());
        const bool enough = small() && !telling.fiction && telling.sentences >= most;
        return on_clause(spoken) && !telling.replaced && !enough;
    }

    models::Sampling sampling() const {
        models::Sampling out = options_.sampling;
        constexpr int kSpokenTokens = 160;  // about a minute of speech
        const personality::Traits& traits = persona_.traits();
        out.max_tokens = std::min(out.max_tokens, personality::token_limit(kSpokenTokens, traits));
        // A small model makes mistakes enough at the likeliest tokens.
        if (!small() && !options_.own_temperature)
            out.temperature = static_cast<float>(personality::temperature(out.temperature, traits));
        if (small() && out.repetition_penalty == 1)
            out.repetition_penalty = 1.1f;  // it goes round in circles else
        return out;
    }

    // `shown`: the reply as the model's history has it.
    void close_turn(const std::string& words, const std::string& said, const std::string& shown,
                    bool for_model) {
        last_.any = true;
        last_.for_model = for_model;
        last_.reply_before = std::exchange(last_reply_, said);
        last_.message = prompt_.user_message(words);
        last_.in_window = for_model && model_;
        if (last_.in_window) prompt_.add(last_.message, shown, count_tokens(last_.message, shown));
        prompt_.close_turn();
    }

    std::shared_ptr<models::ChatModel> model_;
    std::unique_ptr<models::ChatSession> session_;
    Options options_;
    tools::Recognizer recognizer_;
    tools::Claims claims_;
    tools::Registry registry_;
    memory::Store& store_;  // options_.memory
    SessionFacts facts_;
    Planner& planner_;  // options_.planner
    const std::chrono::sys_seconds up_since_;
    personality::Persona& persona_;  // options_.persona
    Topic topic_;
    Prompt prompt_;
    LastTurn last_;
    std::optional<Question> question_;
    std::string last_reply_;
    Stopwatch watch_;
    bool noticed_ = false;
    bool stale_ = false;  // the KV cache holds what the window no longer does
};

}  // namespace

const char* to_string(ReplyPath path) {
    switch (path) {
        case ReplyPath::intent:
            return "intent";
        case ReplyPath::tool:
            return "tool";
        case ReplyPath::llm:
            return "llm";
    }
    return "llm";
}

Result<std::unique_ptr<Responder>> Responder::create(std::shared_ptr<models::ChatModel> model,
                                                     Options options) {
    std::unique_ptr<models::ChatSession> session;
    if (model) {
        CODA_TRY(session, model->new_session());
    }
    std::vector<std::vector<std::string>> names;
    if (options.programs)
        for (const tools::Program& program : *options.programs)
            for (std::vector<std::string>& name : tools::spoken_names(program))
                names.push_back(std::move(name));
    CODA_TRY(tools::Recognizer recognizer, tools::Recognizer::create(std::move(names)));
    CODA_TRY(tools::Claims claims, tools::Claims::create());
    const bool lasting = options.memory != nullptr;
    if (!lasting) {
        CODA_TRY(options.memory, memory::SqliteStore::open({}));
    }
    if (!options.planner) {
        CODA_TRY(options.planner, Planner::open({}));
        CODA_CHECK(options.planner->attend());
    }
    if (!options.persona) {
        CODA_TRY(options.persona, personality::Persona::create({}));
    }
    return std::make_unique<ChatResponder>(std::move(model), std::move(session), std::move(options), lasting,
                                           std::move(recognizer), std::move(claims));
}

}  // namespace coda::assistant
