#include "models/llm/llama_program.h"

#include "models/llm/unicode.h"
#include "runtime/rope.h"

#include <cmath>
#include <string>

#include <fmt/format.h>

namespace coda::models::llm {

namespace {

using runtime::TensorView;
using runtime::Weights;

// Beyond every published model; a file that says more is broken, and must not make us allocate by its word.
constexpr int64_t kMostLayers = 512;
constexpr int64_t kMostWidth = 1 << 17;
constexpr int64_t kMostHeads = 1024;
constexpr int64_t kMostHeadDim = 1024;
constexpr int64_t kMostVocabulary = 4'000'000;
constexpr int64_t kMostContext = int64_t{1} << 30;
constexpr const char* kFetchAgain = "fetch or convert the model again";

tl::unexpected<Error> unsupported(const Weights& weights, std::string_view key, std::string what) {
    return fail(ErrorCode::unsupported, std::move(what), fmt::format("{}: {}", weights.path(), key),
                "use a dense model of the llama architecture (Llama, SmolLM2, Mistral and their kin)");
}

tl::unexpected<Error> bad(const Weights& weights, std::string_view key, std::string what) {
    return fail(ErrorCode::bad_format, std::move(what), fmt::format("{}: {}", weights.path(), key),
                kFetchAgain);
}

Result<int> require(const Weights& weights, std::string_view key, int64_t low, int64_t high) {
    CODA_TRY(const int64_t value, weights.require_integer(key, low, high));
    return static_cast<int>(value);
}

// The key's value where it is there, else `otherwise`.
Result<int> optional(const Weights& weights, std::string_view key, int64_t low, int64_t high,
                     int64_t otherwise) {
    if (weights.metadata().find(key) == weights.metadata().end()) return static_cast<int>(otherwise);
    return require(weights, key, low, high);
}

Result<float> optional_number(const Weights& weights, std::string_view key, double otherwise) {
    if (weights.metadata().find(key) == weights.metadata().end()) return static_cast<float>(otherwise);
    const auto value = weights.number(key);
    if (!value || !std::isfinite(*value) || *value <= 0) return bad(weights, key, "is not a positive number");
    return static_cast<float>(*value);
}

Status check_architecture(const Weights& weights) {
    const auto architecture = weights.string("general.architecture");
    if (!architecture) return bad(weights, "general.architecture", "is missing");
    if (*architecture != "llama") {
        return unsupported(weights, "general.architecture",
                           fmt::format("architecture '{}' is not supported", printable(*architecture)));
    }
    CODA_TRY(const int experts, optional(weights, "llama.expert_count", 0, 1 << 20, 0));
    if (experts > 0) {
        return unsupported(weights, "llama.expert_count", fmt::format("a mixture of {} experts", experts));
    }
    return {};
}

Result<std::vector<float>> scaled_frequencies(const Weights& weights, std::vector<float> frequencies,
                                              runtime::Rope& rope) {
    const std::string_view type = weights.string("llama.rope.scaling.type").value_or("linear");
    if (const TensorView* factors = weights.find("rope_freqs.weight")) {
        if (factors->shape.elements() != static_cast<int64_t>(frequencies.size()) ||
            !runtime::is_weight(factors->dtype)) {
            return bad(weights, "rope_freqs.weight",
                       fmt::format("has shape {}, where {} factors are needed", to_string(factors->shape),
                                   frequencies.size()));
        }
        frequencies = runtime::scale_by_factors(std::move(frequencies), runtime::to_floats(*factors));
    }
    // The older key stands for linear scaling without naming it.
    CODA_TRY(const float old_factor, optional_number(weights, "llama.rope.scale_linear", 1));
    CODA_TRY(const float factor, optional_number(weights, "llama.rope.scaling.factor", old_factor));
    if (type == "none") return frequencies;
    if (type == "linear") return runtime::scale_linear(std::move(frequencies), factor);
    if (type == "yarn") {
        runtime::YarnScaling yarn;
        yarn.factor = factor;
        CODA_TRY(yarn.base, optional_number(weights, "llama.rope.freq_base", 10000));
        CODA_TRY(yarn.original_context,
                 require(weights, "llama.rope.scaling.original_context_length", 1, kMostContext));
        rope.magnitude = runtime::yarn_magnitude(factor);
        return runtime::scale_yarn(std::move(frequencies), yarn);
    }
    return unsupported(weights, "llama.rope.scaling.type",
                       fmt::format("rope scaling '{}' is not supported", printable(type)));
}

Result<runtime::Rope> read_rope(const Weights& weights, int head_dim) {
    CODA_TRY(const int dims, optional(weights, "llama.rope.dimension_count", 1, kMostHeadDim, head_dim));
    if (dims != head_dim || dims % 2 != 0) {
        return bad(
            weights, "llama.rope.dimension_count",
            fmt::format("{} of a head's {} elements are rotated; must be all, and even", dims, head_dim));
    }
    CODA_TRY(const float base, optional_number(weights, "llama.rope.freq_base", 10000));
    runtime::Rope rope;
    rope.order = runtime::Rope::Order::interleaved;
    CODA_TRY(rope.frequencies, scaled_frequencies(weights, runtime::rope_frequencies(base, dims), rope));
    return rope;
}

int64_t count_parameters(const Weights& weights) {
    int64_t total = 0;
    for (const TensorView& tensor : weights.tensors()) total += tensor.shape.elements();
    return total;
}

// One conversation's pass over rows of tokens, up to the logits.
class Recorder {
  public:
    Recorder(runtime::Program& program, const LlamaConfig& config, std::span<const runtime::Cache> caches)
        : program_(program), config_(config), caches_(caches) {}

    runtime::Buffer logits(runtime::Step& step) {
        runtime::Buffer x = step.embed(program_.weight("token_embd.weight"));
        for (int layer = 0; layer < config_.layers; ++layer) x = block(step, x, layer);
        x = step.select_rows(x);
        x = step.rms_norm(x, program_.weight("output_norm.weight"), config_.norm_epsilon);
        TensorView head = program_.optional_weight("output.weight");
        if (head.empty()) head = program_.weight("token_embd.weight");  // tied embeddings
        return step.linear(x, matrix(head));
    }

  private:
    static runtime::Linear matrix(const TensorView& weights) {
        runtime::Linear linear;
        linear.weights = {weights};
        return linear;
    }
    TensorView weight(int layer, std::string_view name) {
        return program_.weight(fmt::format("blk.{}.{}.weight", layer, name));
    }
    TensorView bias(int layer, std::string_view name) {
        return program_.optional_weight(fmt::format("blk.{}.{}.bias", layer, name));
    }
    runtime::Buffer block(runtime::Step& step, runtime::Buffer x, int layer) {
        runtime::Buffer h = step.rms_norm(x, weight(layer, "attn_norm"), config_.norm_epsilon);
        h = step.linear(h, projections(layer));
        h = step.append_kv(h, config_.heads, cache(layer), config_.rope);
        h = step.attention(
            h, cache(layer),
            {.heads = config_.heads, .kv_heads = config_.kv_heads, .head_dim = config_.head_dim});
        runtime::Linear output = matrix(weight(layer, "attn_output"));
        output.residual = x;
        if (const TensorView b = bias(layer, "attn_output"); !b.empty()) output.biases = {b};
        x = step.linear(h, output);
        h = step.rms_norm(x, weight(layer, "ffn_norm"), config_.norm_epsilon);
        h = step.gate_up(h, weight(layer, "ffn_gate"), weight(layer, "ffn_up"), runtime::Activation::silu);
        runtime::Linear down = matrix(weight(layer, "ffn_down"));
        down.residual = x;
        return step.linear(h, down);
    }
    runtime::Linear projections(int layer) {
        runtime::Linear qkv;
        qkv.weights = {weight(layer, "attn_q"), weight(layer, "attn_k"), weight(layer, "attn_v")};
        std::vector<TensorView> biases = {bias(layer, "attn_q"), bias(layer, "attn_k"),
                                          bias(layer, "attn_v")};
        for (const TensorView& b : biases) {
            if (!b.empty()) qkv.biases = biases;
        }
        return qkv;
    }
    runtime::Cache cache(int layer) const { return caches_[static_cast<size_t>(layer)]; }

    runtime::Program& program_;
    const LlamaConfig& config_;
    std::span<const runtime::Cache> caches_;
};

// The shapes that the recording does not tie together by itself.
Status check_shapes(const Weights& weights, const LlamaConfig& config) {
    CODA_CHECK(weights.get("token_embd.weight", {config.vocabulary, config.width}));
    if (weights.find("output.weight"))
        CODA_CHECK(weights.get("output.weight", {config.vocabulary, config.width}));
    for (int layer = 0; layer < config.layers; ++layer) {
        const auto name = [&](const char* part) { return fmt::format("blk.{}.{}.weight", layer, part); };
        const int64_t queries = int64_t{config.heads} * config.head_dim;
        const int64_t keys = int64_t{config.kv_heads} * config.head_dim;
        CODA_CHECK(weights.get(name("attn_q"), {queries, config.width}));
        CODA_CHECK(weights.get(name("attn_k"), {keys, config.width}));
        CODA_CHECK(weights.get(name("attn_v"), {keys, config.width}));
        CODA_CHECK(weights.get(name("attn_output"), {config.width, queries}));
        CODA_CHECK(weights.get(name("ffn_gate"), {config.ffn_width, config.width}));
        CODA_CHECK(weights.get(name("ffn_up"), {config.ffn_width, config.width}));
        CODA_CHECK(weights.get(name("ffn_down"), {config.width, config.ffn_width}));
        for (const char* part : {"ffn_gate", "ffn_up", "ffn_down"}) {
            const std::string bias = fmt::format("blk.{}.{}.bias", layer, part);
            if (weights.find(bias))
                return unsupported(weights, bias, "feed-forward biases are not supported");
        }
    }
    return {};
}

}  // namespace

Result<LlamaConfig> read_llama_config(const Weights& weights) {
    CODA_CHECK(check_architecture(weights));
    LlamaConfig config;
    CODA_TRY(config.layers, require(weights, "llama.block_count", 1, kMostLayers));
    CODA_TRY(config.width, require(weights, "llama.embedding_length", 1, kMostWidth));
    CODA_TRY(config.ffn_width, require(weights, "llama.feed_forward_length", 1, 4 * kMostWidth));
    CODA_TRY(config.heads, require(weights, "llama.attention.head_count", 1, kMostHeads));
    CODA_TRY(config.kv_heads,
             optional(weights, "llama.attention.head_count_kv", 1, config.heads, config.heads));
    if (config.heads % config.kv_heads != 0) {
        return bad(weights, "llama.attention.head_count_kv",
                   fmt::format("{} heads cannot share {} key heads", config.heads, config.kv_heads));
    }
    CODA_TRY(config.head_dim,
             optional(weights, "llama.attention.key_length", 2, kMostHeadDim, config.width / config.heads));
    CODA_TRY(const int value_dim,
             optional(weights, "llama.attention.value_length", 2, kMostHeadDim, config.head_dim));
    if (value_dim != config.head_dim) {
        return unsupported(weights, "llama.attention.value_length",
                           fmt::format("values of {} beside keys of {}", value_dim, config.head_dim));
    }
    if (config.head_dim < 2 || config.head_dim > kMostHeadDim) {
        return bad(
            weights, "llama.embedding_length",
            fmt::format("heads of {} elements ({} over {})", config.head_dim, config.width, config.heads));
    }
    CODA_TRY(config.trained_context, require(weights, "llama.context_length", 1, kMostContext));
    CODA_TRY(config.norm_epsilon, optional_number(weights, "llama.attention.layer_norm_rms_epsilon", 0));
    if (config.norm_epsilon == 0) return bad(weights, "llama.attention.layer_norm_rms_epsilon", "is missing");
    CODA_TRY(config.rope, read_rope(weights, config.head_dim));
    const auto vocabulary = static_cast<int64_t>(weights.strings("tokenizer.ggml.tokens").size());
    if (vocabulary < 1 || vocabulary > kMostVocabulary) {
        return bad(weights, "tokenizer.ggml.tokens", fmt::format("{} tokens", vocabulary));
    }
    config.vocabulary = static_cast<int>(vocabulary);
    config.parameters = count_parameters(weights);
    return config;
}

Result<LlamaProgram> record_llama(std::shared_ptr<const Weights> weights, const LlamaConfig& config,
                                  int context) {
    CODA_CHECK(check_shapes(*weights, config));
    auto program = std::make_shared<runtime::Program>("llama", weights);
    std::vector<runtime::Cache> caches;
    for (int layer = 0; layer < config.layers; ++layer) {
        caches.push_back(program->add_cache(
            {.kv_heads = config.kv_heads, .head_dim = config.head_dim, .capacity = context}));
    }
    Recorder recorder(*program, config, caches);
    runtime::Step& generate = program->add_step("generate", LlamaProgram::kChunk);
    generate.sample(recorder.logits(generate));
    runtime::Step& score = program->add_step("score", LlamaProgram::kChunk);
    score.output("logits", recorder.logits(score));
    CODA_CHECK(program->status());
    return LlamaProgram{program, &generate, &score};
}

}  // namespace coda::models::llm
