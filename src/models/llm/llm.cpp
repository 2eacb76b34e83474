#include "models/llm/llm.h"

#include "base/log.h"
#include "models/llm/activation_check.h"
#include "models/llm/llm_session.h"
#include "models/llm/memory_check.h"
#include "models/llm/vocabulary.h"

#include <algorithm>
#include <future>

#include <fmt/format.h>

namespace coda::models {

namespace {

constexpr int64_t kTrustedWithFacts = 1'000'000'000;  // parameters

class Llm final : public ChatModel {
  public:
    explicit Llm(std::shared_ptr<const llm::LoadedModel> model) : model_(std::move(model)) {}

    const std::string& name() const override { return model_->name; }
    bool small() const override { return model_->config.parameters < kTrustedWithFacts; }
    bool calls_tools() const override { return model_->chat->tool_format() != llm::ToolFormat::none; }
    int context_length() const override { return model_->context; }
    ActivationsInUse activations() const override { return model_->activations; }
    int count_tokens(std::string_view text) const override {
        return static_cast<int>(model_->tokenizer.encode(text).size());
    }
    Result<std::unique_ptr<ChatSession>> new_session() override {
        CODA_TRY(auto session, llm::LlmSession::create(model_));
        return std::unique_ptr<ChatSession>(std::move(session));
    }

  private:
    std::shared_ptr<const llm::LoadedModel> model_;
};

// What the options and the model's check say, and how to say it.
struct ActivationChoice {
    runtime::CompileOptions options;
    ActivationsInUse in_use;
};

ActivationChoice choose_activations(ActivationBits bits, const runtime::Weights& weights,
                                    const runtime::Backend& backend) {
    using Activations = runtime::CompileOptions::Activations;
    // Without int8 f32, not bf16: with that in the prompt the packaged model's KL is 1.3e-4, and 2 of 10
    // greedy replies change.
    if (bits == ActivationBits::exact) return {{}, {"16", "llm.activations is exact"}};
    if (bits == ActivationBits::int8)
        return {{.activations = Activations::int8}, {"8", "llm.activations is int8, whatever a check says"}};
    const auto check = llm::kept_activation_check(weights, backend);
    if (!check) return {{}, {"16", "not checked yet: coda models check " + weights.path()}};
    if (check->int8_weights.empty()) return {{}, {"16", check->text()}};
    return {{.int8_weights = check->int8_weights},
            {check->all() ? "8" : "8 and 16", check->text(), check->kl}};
}

std::string display_name(const runtime::Weights& weights, const std::filesystem::path& gguf) {
    const auto name = weights.string("general.name");
    return name && !name->empty() ? std::string(*name) : gguf.stem().string();
}

}  // namespace

const char* to_string(StopReason reason) {
    switch (reason) {
        case StopReason::end_of_turn:
            return "end_of_turn";
        case StopReason::stop_string:
            return "stop_string";
        case StopReason::max_tokens:
            return "max_tokens";
        case StopReason::context_full:
            return "context_full";
        case StopReason::stopped_by_caller:
            return "stopped_by_caller";
        case StopReason::cancelled:
            return "cancelled";
    }
    return "unknown";
}

Result<std::shared_ptr<ChatModel>> open_llm(const std::filesystem::path& gguf, runtime::Backend& backend,
                                            const LlmOptions& options) {
    if (options.context_length < 2) {
        return fail(ErrorCode::invalid_argument,
                    fmt::format("a context of {} tokens holds no prompt and answer", options.context_length),
                    "context_length", "use 2 or more");
    }
    const auto access = options.mmap ? runtime::Weights::Access::map : runtime::Weights::Access::read;
    CODA_TRY(auto weights, runtime::Weights::open(gguf, access));
    if (weights->format() != runtime::WeightsFormat::gguf) {
        return fail(ErrorCode::unsupported, fmt::format("is a {} file", to_string(weights->format())),
                    gguf.string(), "give a GGUF model");
    }
    CODA_TRY(auto config, llm::read_decoder_config(*weights));
    // A large vocabulary takes as long as some hundred megabytes of weights: both at the same time.
    auto reading = std::async(std::launch::async, [&weights] { return llm::read_tokenizer(*weights); });
    const int context = std::min(options.context_length, config.trained_context);
    CODA_TRY(auto program, llm::record_decoder(weights, config, context));
    CODA_CHECK(llm::check_memory(llm::memory_need(*weights, *program.program, access), options.available,
                                 gguf.string()));
    ActivationChoice activations = choose_activations(options.activations, *weights, backend);
    CODA_TRY(auto executable, backend.compile(program.program, activations.options));
    CODA_TRY(auto tokenizer, reading.get());

    auto model = std::make_shared<llm::LoadedModel>(llm::LoadedModel{
        display_name(*weights, gguf), std::move(config), context, std::move(tokenizer), nullptr, nullptr,
        std::move(program), std::move(executable), std::move(activations.in_use)});
    model->sentence_ends = std::make_unique<llm::SentenceEnds>(model->tokenizer);
    std::vector<std::string_view> control_tokens;
    int32_t token = 0;
    for (const std::string_view text : weights->strings("tokenizer.ggml.tokens"))
        if (model->tokenizer.is_control(token++)) control_tokens.push_back(text);
    const std::string_view own_template = weights->string("tokenizer.chat_template").value_or("");
    model->chat = std::make_unique<llm::ChatTemplate>(
        options.chat_template.empty() ? own_template : std::string_view(options.chat_template),
        model->tokenizer, control_tokens);
    if (!model->chat->problem().empty()) {
        log::warn("{}: the chat template cannot be run: {}; using {}'s form", gguf.string(),
                  model->chat->problem(), to_string(model->chat->family()));
    }
    return std::shared_ptr<ChatModel>(std::make_shared<Llm>(std::move(model)));
}

}  // namespace coda::models
