// One conversation with an Llm: the tokens in its KV cache, and how a new prompt is fitted to them.
// Thread safety: one thread at a time. Owns its State; shares the model.
#pragma once

#include "models/llm/chat_model.h"
#include "models/llm/chat_template.h"
#include "models/llm/decoder_program.h"
#include "models/llm/grammar/matcher.h"
#include "models/llm/sentence_end.h"
#include "models/llm/tokenizer.h"
#include "runtime/backend.h"

#include <memory>
#include <mutex>
#include <vector>

namespace coda::models::llm {

// The vocabulary as masks need it, made when the first of them is wanted: that takes some 100 ms for a large
// one.
class MaskVocabulary {
  public:
    std::shared_ptr<const grammar::Vocabulary> get(const Tokenizer& tokenizer) {
        std::call_once(once_, [&] { made_ = std::make_shared<const grammar::Vocabulary>(tokenizer); });
        return made_;
    }

  private:
    std::once_flag once_;
    std::shared_ptr<const grammar::Vocabulary> made_;
};

// What all conversations with one model share; immutable.
struct LoadedModel {
    std::string name;
    DecoderConfig config;
    int context = 0;  // tokens
    Tokenizer tokenizer;
    std::unique_ptr<ChatTemplate> chat;  // refers to tokenizer
    std::unique_ptr<SentenceEnds> sentence_ends;
    DecoderProgram program;
    std::shared_ptr<const runtime::Executable> executable;
    ActivationsInUse activations;
    std::shared_ptr<MaskVocabulary> mask_vocabulary = std::make_shared<MaskVocabulary>();
};

class LlmSession final : public ChatSession {
  public:
    static Result<std::unique_ptr<LlmSession>> create(std::shared_ptr<const LoadedModel> model);

    void offer_tools(std::vector<ToolSpec> tools) override;
    Result<PrefillStats> prefill(std::span<const Message> messages, const Cancel& cancel) override;
    Result<GenerateStats> generate(std::span<const Message> messages, const Sampling& sampling,
                                   const Cancel& cancel, const OnText& on_text) override;

    // The tokens whose keys and values are cached, oldest first.
    const std::vector<int32_t>& cached() const { return cached_; }

  private:
    LlmSession(std::shared_ptr<const LoadedModel> model, std::unique_ptr<runtime::State> state)
        : model_(std::move(model)), state_(std::move(state)) {}

    struct Reply;

    // Cuts the cache back to what it shares with `prompt`, less the last token, whose logits are needed;
    // returns how many tokens stay. Fails with exhausted when the prompt does not leave room for one token.
    Result<size_t> fit(std::span<const int32_t> prompt);
    // Runs `step` over prompt[from..] in chunks; only the last one gets as far as the logits.
    Status feed(const runtime::Step& step, std::span<const int32_t> prompt, size_t from,
                const runtime::Sampling& sampling, const Cancel& cancel);
    Status run(const runtime::Step& step, std::span<const int32_t> tokens, runtime::Rows::Kind rows,
               const runtime::Sampling& sampling, const Cancel& cancel);

    // The masks of a reply: of a schema from its start, of tool calls once one begins.
    Status constrain(Reply& reply);
    Result<grammar::Matcher*> schema_matcher(const std::string& schema);
    grammar::Matcher* call_matcher();
    // What a sampled token means for the reply's text and its mask; fails where nothing can follow.
    Status take(Reply& reply, int32_t token, std::string& spoken, bool& stop);
    void finish_calls(Reply& reply);

    // From the first sampled token to whatever ends the reply.
    Result<StopReason> decode(Reply& reply);

    std::shared_ptr<const LoadedModel> model_;
    std::unique_ptr<runtime::State> state_;
    std::vector<int32_t> cached_;  // state_->length() tokens
    std::vector<ToolSpec> tools_;
    std::unique_ptr<grammar::Matcher> calls_;                           // of tools_
    std::pair<std::string, std::unique_ptr<grammar::Matcher>> schema_;  // the last one asked for
    int next_call_ = 0;
};

}  // namespace coda::models::llm
