#include "models/llm/llm_session.h"

#include "base/clock.h"
#include "base/log.h"
#include "models/llm/grammar/json_schema.h"
#include "models/llm/reply_filter.h"
#include "models/llm/text_stream.h"
#include "models/llm/tool_format.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace coda::models::llm {

namespace {

Status check(const Sampling& sampling) {
    const auto require = [](bool holds, const char* name, const char* range) -> Status {
        if (holds) return {};
        return fail(ErrorCode::invalid_argument, fmt::format("{} is out of range", name), "sampling",
                    fmt::format("use {}", range));
    };
    CODA_CHECK(require(std::isfinite(sampling.temperature) && sampling.temperature >= 0, "temperature",
                       "0 (greedy) or more"));
    CODA_CHECK(require(sampling.top_k >= 0, "top_k", "0 (off) or more"));
    CODA_CHECK(require(sampling.top_p > 0 && sampling.top_p <= 1, "top_p", "a value above 0, at most 1"));
    CODA_CHECK(require(sampling.min_p >= 0 && sampling.min_p <= 1, "min_p", "a value from 0 to 1"));
    CODA_CHECK(require(std::isfinite(sampling.repetition_penalty) && sampling.repetition_penalty > 0,
                       "repetition_penalty", "a value above 0 (1: off)"));
    CODA_CHECK(require(sampling.repetition_window >= 0, "repetition_window", "0 or more"));
    CODA_CHECK(require(sampling.max_tokens >= 0, "max_tokens", "0 or more"));
    return {};
}

// The tokens that the repetition penalty falls on: the last `window`, without the markers between turns,
// whose repetition is what ends a reply.
void collect_recent(std::span<const int32_t> tokens, int window, const Tokenizer& tokenizer,
                    std::vector<int32_t>& recent) {
    recent.clear();
    const size_t count = std::min(tokens.size(), static_cast<size_t>(window));
    for (const int32_t token : tokens.last(count)) {
        if (!tokenizer.is_control(token)) recent.push_back(token);
    }
}

runtime::Sampling to_runtime(const Sampling& sampling) {
    runtime::Sampling out;
    out.temperature = sampling.temperature;
    out.top_k = sampling.top_k;
    out.top_p = sampling.top_p;
    out.min_p = sampling.min_p;
    out.repetition_penalty = sampling.repetition_penalty;
    out.seed = sampling.seed;
    return out;
}

bool is_cancelled(const Status& status) {
    return !status && status.error().code == ErrorCode::cancelled;
}

}  // namespace

Result<std::unique_ptr<LlmSession>> LlmSession::create(std::shared_ptr<const LoadedModel> model) {
    CODA_TRY(auto state, model->executable->new_state());
    return std::unique_ptr<LlmSession>(new LlmSession(std::move(model), std::move(state)));
}

Result<size_t> LlmSession::fit(std::span<const int32_t> prompt) {
    if (prompt.size() >= static_cast<size_t>(model_->context)) {
        return fail(
            ErrorCode::exhausted,
            fmt::format("the prompt takes {} of the context's {} tokens and leaves no room for an answer",
                        prompt.size(), model_->context),
            model_->name, "drop older messages or raise the context length");
    }
    const size_t comparable = std::min(cached_.size(), prompt.size() - 1);
    const auto shared = std::mismatch(
        cached_.begin(), cached_.begin() + static_cast<std::ptrdiff_t>(comparable), prompt.begin());
    cached_.erase(shared.first, cached_.end());
    state_->truncate(static_cast<int>(cached_.size()));
    return cached_.size();
}

Status LlmSession::run(const runtime::Step& step, std::span<const int32_t> tokens, runtime::Rows::Kind rows,
                       const runtime::Sampling& sampling, const Cancel& cancel) {
    if (cancel.cancelled()) return fail(ErrorCode::cancelled, "cancelled");
    CODA_CHECK(model_->executable->run(step, {.tokens = tokens, .rows = {.kind = rows}, .sampling = sampling},
                                       *state_, cancel, runtime::Priority::llm_first));
    cached_.insert(cached_.end(), tokens.begin(), tokens.end());
    return {};
}

Status LlmSession::feed(const runtime::Step& step, std::span<const int32_t> prompt, size_t from,
                        const runtime::Sampling& sampling, const Cancel& cancel) {
    while (from < prompt.size()) {
        const size_t count = std::min<size_t>(DecoderProgram::kChunk, prompt.size() - from);
        const bool is_last = from + count == prompt.size();
        CODA_CHECK(run(step, prompt.subspan(from, count),
                       is_last ? runtime::Rows::Kind::last : runtime::Rows::Kind::none, sampling, cancel));
        from += count;
    }
    return {};
}

Result<PrefillStats> LlmSession::prefill(std::span<const Message> messages, const Cancel& cancel) {
    if (messages.empty()) return fail(ErrorCode::invalid_argument, "no messages to prefill");
    const Stopwatch watch;
    std::vector<Message> open(messages.begin(), messages.end());
    open.back().text = without_final_marks(open.back().text);
    const std::vector<int32_t> prompt = model_->chat->render(open, ChatTemplate::Last::open, tools_);
    CODA_TRY(const size_t kept, fit(prompt));
    CODA_CHECK(feed(*model_->program.score, prompt, kept, {}, cancel));
    PrefillStats stats;
    stats.prompt_tokens = static_cast<int>(prompt.size());
    stats.cached_tokens = static_cast<int>(kept);
    stats.sentence_end_probability = model_->sentence_ends->probability(state_->output("logits").row(0));
    stats.prefill_ms = watch.elapsed_ms();
    return stats;
}

// What one call of generate() goes through, from the first sampled token on.
struct LlmSession::Reply {
    const Sampling& sampling;
    const Cancel& cancel;
    const OnText& on_text;
    TextStream stream;
    runtime::Sampling draw;
    std::vector<int32_t> sequence;  // prompt and reply
    std::vector<int32_t> recent;    // what draw.recent looks at
    GenerateStats stats;
    Stopwatch watch;

    ReplyFilter filter{ToolFormat::none};
    ToolFormat format = ToolFormat::none;
    std::string written = {};             // every byte, for a mask that begins in the middle
    grammar::Matcher* matcher = nullptr;  // what the next token must follow; null: nothing

    void refresh_draw(const Tokenizer& tokenizer) {
        draw.allowed = matcher ? matcher->allowed() : std::span<const uint32_t>();
        draw.recent = {};
        // The signs of JSON repeat.
        if (matcher || sampling.repetition_penalty == 1) return;
        collect_recent(sequence, sampling.repetition_window, tokenizer, recent);
        draw.recent = recent;
    }
    // What of settled text is for the caller; JSON that was asked for is, as it is.
    void pass(const std::string& text, std::string& spoken) {
        if (sampling.json_schema.empty())
            filter.push(text, spoken);
        else
            spoken += text;
    }
    // False when the caller wants no more.
    bool deliver(const std::string& text) { return text.empty() || !on_text || on_text(text); }
};

void LlmSession::offer_tools(std::vector<ToolSpec> tools) {
    if (model_->chat->tool_format() == ToolFormat::none) return;
    tools_ = std::move(tools);
    calls_.reset();
    static_cast<void>(model_->mask_vocabulary->get(model_->tokenizer));  // not in the middle of a reply
}

Result<grammar::Matcher*> LlmSession::schema_matcher(const std::string& schema) {
    if (!schema_.second || schema_.first != schema) {
        CODA_TRY(grammar::Grammar compiled, grammar::schema_grammar(schema));
        schema_ = {schema, std::make_unique<grammar::Matcher>(
                               std::move(compiled), model_->mask_vocabulary->get(model_->tokenizer))};
    }
    schema_.second->reset();
    return schema_.second.get();
}

grammar::Matcher* LlmSession::call_matcher() {
    if (!calls_) {
        auto compiled = call_grammar(model_->chat->tool_format(), tools_);
        if (!compiled) {
            log::warn("tool calls are not forced: {}", compiled.error().message());
            return nullptr;
        }
        calls_ = std::make_unique<grammar::Matcher>(std::move(*compiled),
                                                    model_->mask_vocabulary->get(model_->tokenizer));
    }
    calls_->reset();
    return calls_.get();
}

Status LlmSession::constrain(Reply& reply) {
    if (!tools_.empty()) reply.format = model_->chat->tool_format();
    if (!reply.sampling.json_schema.empty()) {
        reply.format = ToolFormat::none;
        CODA_TRY(reply.matcher, schema_matcher(reply.sampling.json_schema));
    }
    reply.filter = ReplyFilter(reply.format);
    if (reply.sampling.tool_choice != ToolChoice::required) return {};
    if (reply.format == ToolFormat::none)
        return fail(ErrorCode::invalid_argument, "a tool call is required, and there is no tool to call",
                    model_->name);
    const std::vector<int32_t> opening = model_->chat->call_opening();
    reply.sequence.insert(reply.sequence.end(), opening.begin(), opening.end());
    reply.filter.start_call();
    reply.matcher = call_matcher();
    return {};
}

Status LlmSession::take(Reply& reply, int32_t token, std::string& spoken, bool& stop) {
    const std::string_view control = model_->chat->control_text(token);
    const std::string_view piece = control.empty() ? model_->tokenizer.piece(token) : control;
    const bool was_call = reply.filter.in_call();
    // A control token that is no mark of calls or thoughts is not text.
    const bool is_mark = control == call_opening(reply.format) ||
                         control.find("THINK]") != std::string_view::npos ||
                         control.find("think>") != std::string_view::npos || control == "<|python_tag|>";
    std::string text;
    if (control.empty() || is_mark) {
        reply.written += piece;
        // The space that the vocabulary puts before a first word.
        const bool spaced = reply.stats.generated_tokens == 1 && model_->tokenizer.adds_space_prefix() &&
                            piece.starts_with(' ');
        stop = reply.stream.push(piece.substr(spaced ? 1 : 0), text);
    }
    reply.pass(text, spoken);
    if (!reply.matcher && !was_call && reply.filter.in_call()) {
        reply.matcher = call_matcher();
        // From the opening mark on, with bytes that still wait for the rest of their character.
        const std::string& call = reply.filter.call();
        const size_t start = call.empty() ? reply.written.size() : reply.written.rfind(call);
        if (reply.matcher && start != std::string::npos &&
            !reply.matcher->accept(std::string_view(reply.written).substr(start)))
            reply.matcher = nullptr;  // begun in another form; what can be read of it counts
        return {};
    }
    if (reply.matcher && !reply.matcher->accept(piece))
        return fail(ErrorCode::internal, "a token was drawn that the mask forbids", model_->name);
    return {};
}

void LlmSession::finish_calls(Reply& reply) {
    if (!reply.filter.in_call() || reply.sampling.tool_choice == ToolChoice::none) return;
    reply.stats.tool_calls = parse_calls(reply.format, reply.filter.call(), next_call_);
    next_call_ += static_cast<int>(reply.stats.tool_calls.size());
}

Result<GenerateStats> LlmSession::generate(std::span<const Message> messages, const Sampling& sampling,
                                           const Cancel& cancel, const OnText& on_text) {
    if (messages.empty()) return fail(ErrorCode::invalid_argument, "no messages to answer");
    CODA_CHECK(check(sampling));
    std::vector<std::string> stops = sampling.stop;
    stops.push_back(model_->chat->end_text());
    Reply reply{sampling, cancel, on_text, TextStream(std::move(stops)), to_runtime(sampling), {},
                {},       {},     {}};
    reply.sequence = model_->chat->render(messages, ChatTemplate::Last::closed, tools_);
    CODA_CHECK(constrain(reply));
    CODA_TRY(const size_t kept, fit(reply.sequence));
    reply.stats.prompt_tokens = static_cast<int>(reply.sequence.size());
    reply.stats.cached_tokens = static_cast<int>(kept);
    reply.refresh_draw(model_->tokenizer);
    if (reply.matcher && reply.draw.allowed.empty())
        return fail(ErrorCode::unsupported, "the vocabulary cannot write what the schema wants",
                    model_->name);
    const Status fed = feed(*model_->program.generate, reply.sequence, kept, reply.draw, cancel);
    reply.stats.prefill_ms = reply.stats.first_token_ms = reply.watch.elapsed_ms();
    if (is_cancelled(fed)) {
        reply.stats.stop_reason = StopReason::cancelled;
        return reply.stats;
    }
    CODA_CHECK(fed);
    CODA_TRY(reply.stats.stop_reason, decode(reply));
    finish_calls(reply);
    reply.stats.decode_ms = reply.watch.elapsed_ms() - reply.stats.first_token_ms;
    return reply.stats;
}

Result<StopReason> LlmSession::decode(Reply& reply) {
    const auto finish = [&](StopReason reason) {
        std::string rest, spoken;
        reply.stream.finish(rest);
        reply.pass(rest, spoken);
        reply.filter.finish(spoken);
        return reply.deliver(spoken) ? reason : StopReason::stopped_by_caller;
    };
    while (reply.stats.generated_tokens < reply.sampling.max_tokens) {
        const int32_t token = state_->sampled().token;
        if (model_->tokenizer.ends_generation(token)) return finish(StopReason::end_of_turn);
        ++reply.stats.generated_tokens;
        std::string spoken;
        bool stop = false;
        CODA_CHECK(take(reply, token, spoken, stop));
        if (stop) reply.filter.finish(spoken);
        if (!reply.deliver(spoken)) return StopReason::stopped_by_caller;
        if (stop) return StopReason::stop_string;
        if (reply.matcher && reply.matcher->finished()) return finish(StopReason::end_of_turn);
        if (reply.stats.generated_tokens == reply.sampling.max_tokens) break;
        if (cached_.size() == static_cast<size_t>(model_->context)) return finish(StopReason::context_full);
        reply.sequence.push_back(token);
        reply.refresh_draw(model_->tokenizer);
        if (reply.matcher && reply.draw.allowed.empty()) return finish(StopReason::end_of_turn);
        const Status ran =
            run(*model_->program.generate, {&token, 1}, runtime::Rows::Kind::last, reply.draw, reply.cancel);
        if (is_cancelled(ran)) return StopReason::cancelled;
        CODA_CHECK(ran);
    }
    return finish(StopReason::max_tokens);
}

}  // namespace coda::models::llm
