// Thinking: from the words of a turn to the clauses of its answer. Intents first (no LLM), then honest
// declines, then the LLM, whose text is cut into clauses as it comes. Owns the conversation window and the
// append-only prompt. Thread safety: one thread at a time (the conversation's worker).
#pragma once

#include "base/cancel.h"
#include "base/result.h"
#include "memory/store.h"
#include "models/llm/chat_model.h"
#include "personality/persona.h"
#include "tools/programs.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace coda::assistant {

class Planner;
class SpeechState;

enum class ReplyPath { intent, tool, llm };
const char* to_string(ReplyPath path);

struct ToolCall {
    std::string name;
    nlohmann::json arguments;
    std::string result;
};

struct Reply {
    std::string text;  // all that was to be spoken
    ReplyPath path = ReplyPath::llm;
    std::vector<ToolCall> tool_calls;
    models::GenerateStats llm;   // zeros when no LLM was asked
    double first_clause_ms = 0;  // from respond() to the first clause
    bool end_conversation = false;
    bool asks = false;                             // it ends with a question to which yes or no is the answer
    nlohmann::json due = nlohmann::json::array();  // of an announcement: what came due
    std::string notice;                            // to be shown, not spoken, once: how to add a better model
    std::string kind;  // of a templated reply: the tool, or the phrase ("greeting", "decline")
};

class Responder {
  public:
    struct Options {
        std::shared_ptr<personality::Persona> persona;  // of this conversation alone; null: the default one
        models::Sampling sampling;
        bool own_temperature = false;  // the person chose it, so that creativity does not
        int window_turns = 20;
        int window_tokens = 800;
        std::shared_ptr<memory::Store> memory;  // null: what is told is forgotten with the conversation
        int memory_tokens = 120;                // that memories may take in a prompt
        std::shared_ptr<const tools::Programs> programs;  // that may be run; null: none
        std::shared_ptr<SpeechState> speech;              // null: nothing is spoken
        std::shared_ptr<Planner> planner;                 // null: timers are forgotten with the conversation
        // The time of day, for what is answered and planned; empty: the machine's.
        std::function<std::chrono::sys_seconds()> now;
    };
    // `model` may be null: then everything that needs an LLM is declined with the reason.
    static Result<std::unique_ptr<Responder>> create(std::shared_ptr<models::ChatModel> model,
                                                     Options options);
    virtual ~Responder() = default;

    // Speculative work for words that may still grow: prefill of the prompt up to them. Nothing is committed.
    // What it shows is evidence whether the turn has ended.
    struct Prepared {
        std::optional<float> sentence_end;  // the LLM's probability, where it has one
        bool complete_command = false;      // a command or request as it stands, nothing left to be filled in
    };
    virtual Result<Prepared> prepare(const std::string& words, const Cancel& cancel) = 0;

    // Answers. `on_clause` gets each clause as soon as it can be spoken; returning false stops. On success
    // the turn is in the window; when cancelled, nothing is, until truncate_last says what was heard.
    using OnClause = std::function<bool(const std::string& clause)>;
    virtual Result<Reply> respond(const std::string& words, const Cancel& cancel,
                                  const OnClause& on_clause) = 0;

    // The person has not answered a reply that asks: what was asked for is dropped.
    virtual void drop_question() {}

    // Whether a timer, alarm or reminder waits to be said; costs microseconds.
    virtual Result<bool> due() { return false; }
    // Says what is due, as a reply that nobody asked for; an empty one where there is nothing (any more).
    virtual Result<Reply> announce(const Cancel&, const OnClause&) { return Reply{}; }

    // The person heard only `heard` of the last reply (barge-in): the window keeps just that.
    virtual void truncate_last(const std::string& heard) = 0;
    // The last turn was no turn (the person went on speaking): takes words and reply out of the window again.
    virtual void retract_last() = 0;
    // Trims the window if it is over its bound and prefills the new prompt; for idle time, never on a turn's
    // path.
    virtual Status tidy(const Cancel& cancel) = 0;
};

}  // namespace coda::assistant
