#include "models/llm/llm_session.h"

#include "base/clock.h"
#include "models/llm/text_stream.h"

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
        const size_t count = std::min<size_t>(LlamaProgram::kChunk, prompt.size() - from);
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
    const std::vector<int32_t> prompt = model_->chat->render(open, ChatTemplate::Last::open);
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

    void refresh_draw(const Tokenizer& tokenizer) {
        if (sampling.repetition_penalty == 1) return;
        collect_recent(sequence, sampling.repetition_window, tokenizer, recent);
        draw.recent = recent;
    }
    // False when the caller wants no more.
    bool deliver(const std::string& text) { return text.empty() || !on_text || on_text(text); }
};

Result<GenerateStats> LlmSession::generate(std::span<const Message> messages, const Sampling& sampling,
                                           const Cancel& cancel, const OnText& on_text) {
    if (messages.empty()) return fail(ErrorCode::invalid_argument, "no messages to answer");
    CODA_CHECK(check(sampling));
    std::vector<std::string> stops = sampling.stop;
    stops.push_back(model_->chat->end_text());
    Reply reply{sampling, cancel, on_text, TextStream(std::move(stops)), to_runtime(sampling), {},
                {},       {},     {}};
    reply.sequence = model_->chat->render(messages, ChatTemplate::Last::closed);
    CODA_TRY(const size_t kept, fit(reply.sequence));
    reply.stats.prompt_tokens = static_cast<int>(reply.sequence.size());
    reply.stats.cached_tokens = static_cast<int>(kept);
    reply.refresh_draw(model_->tokenizer);
    const Status fed = feed(*model_->program.generate, reply.sequence, kept, reply.draw, cancel);
    reply.stats.prefill_ms = reply.stats.first_token_ms = reply.watch.elapsed_ms();
    if (is_cancelled(fed)) {
        reply.stats.stop_reason = StopReason::cancelled;
        return reply.stats;
    }
    CODA_CHECK(fed);
    CODA_TRY(reply.stats.stop_reason, decode(reply));
    reply.stats.decode_ms = reply.watch.elapsed_ms() - reply.stats.first_token_ms;
    return reply.stats;
}

Result<StopReason> LlmSession::decode(Reply& reply) {
    const auto finish = [&](StopReason reason) {
        std::string rest;
        reply.stream.finish(rest);
        return reply.deliver(rest) ? reason : StopReason::stopped_by_caller;
    };
    while (reply.stats.generated_tokens < reply.sampling.max_tokens) {
        const int32_t token = state_->sampled().token;
        if (model_->tokenizer.ends_generation(token)) return finish(StopReason::end_of_turn);
        ++reply.stats.generated_tokens;
        std::string text;
        const bool stop = reply.stream.push(model_->tokenizer.piece(token), text);
        if (!reply.deliver(text)) return StopReason::stopped_by_caller;
        if (stop) return StopReason::stop_string;
        if (reply.stats.generated_tokens == reply.sampling.max_tokens) break;
        if (cached_.size() == static_cast<size_t>(model_->context)) return finish(StopReason::context_full);
        reply.sequence.push_back(token);
        reply.refresh_draw(model_->tokenizer);
        const Status ran =
            run(*model_->program.generate, {&token, 1}, runtime::Rows::Kind::last, reply.draw, reply.cancel);
        if (is_cancelled(ran)) return StopReason::cancelled;
        CODA_CHECK(ran);
    }
    return finish(StopReason::max_tokens);
}

}  // namespace coda::models::llm
