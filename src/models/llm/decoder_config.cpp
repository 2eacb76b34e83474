// Hyper-parameters of a decoder from its GGUF.
#include "models/llm/architecture_keys.h"
#include "models/llm/decoder_program.h"
#include "models/llm/unicode.h"

#include <cmath>

#include <fmt/format.h>

namespace coda::models::llm {

namespace {

using runtime::Weights;

// Beyond every published model; a file that says more is broken, and must not make us allocate by its word.
constexpr int64_t kMostLayers = 512;
constexpr int64_t kMostWidth = 1 << 17;
constexpr int64_t kMostHeads = 1024;
constexpr int64_t kMostHeadDim = 1024;
constexpr int64_t kMostVocabulary = 4'000'000;
constexpr int64_t kMostContext = int64_t{1} << 30;
constexpr int64_t kMostExperts = 4096;

Result<const Architecture*> read_architecture(const Weights& weights) {
    constexpr const char* kKey = "general.architecture";
    const std::string where = fmt::format("{}: {}", weights.path(), kKey);
    const auto name = weights.string(kKey);
    if (!name) return fail(ErrorCode::bad_format, "is missing", where, "fetch or convert the model again");
    if (const Architecture* known = find_architecture(*name)) return known;
    return fail(ErrorCode::unsupported, fmt::format("architecture '{}' is not supported", printable(*name)),
                where, fmt::format("use a model of one of {}", supported_architectures()));
}

Status read_sizes(const ArchitectureKeys& keys, DecoderConfig& config) {
    CODA_TRY(config.layers, keys.require("block_count", 1, kMostLayers));
    CODA_TRY(config.width, keys.require("embedding_length", 1, kMostWidth));
    CODA_TRY(config.trained_context, keys.require("context_length", 1, kMostContext));
    CODA_TRY(config.norm_epsilon, keys.number("attention.layer_norm_rms_epsilon", 0));
    if (config.norm_epsilon == 0) return keys.bad("attention.layer_norm_rms_epsilon", "is missing");
    const auto vocabulary = static_cast<int64_t>(keys.weights().strings("tokenizer.ggml.tokens").size());
    if (vocabulary < 1 || vocabulary > kMostVocabulary) {
        return fail(ErrorCode::bad_format, fmt::format("{} tokens", vocabulary),
                    keys.weights().path() + ": tokenizer.ggml.tokens", "fetch or convert the model again");
    }
    config.vocabulary = static_cast<int>(vocabulary);
    return {};
}

Status read_heads(const ArchitectureKeys& keys, DecoderConfig& config) {
    CODA_TRY(config.heads, keys.require("attention.head_count", 1, kMostHeads));
    CODA_TRY(config.kv_heads, keys.integer("attention.head_count_kv", 1, config.heads, config.heads));
    if (config.heads % config.kv_heads != 0) {
        return keys.bad("attention.head_count_kv",
                        fmt::format("{} heads cannot share {} key heads", config.heads, config.kv_heads));
    }
    CODA_TRY(config.head_dim,
             keys.integer("attention.key_length", 2, kMostHeadDim, config.width / config.heads));
    CODA_TRY(const int value_dim, keys.integer("attention.value_length", 2, kMostHeadDim, config.head_dim));
    if (value_dim != config.head_dim) {
        return keys.unsupported("attention.value_length",
                                fmt::format("values of {} beside keys of {}", value_dim, config.head_dim),
                                "use a model whose keys and values are of one length");
    }
    if (config.head_dim < 2 || config.head_dim > kMostHeadDim) {
        return keys.bad("embedding_length", fmt::format("heads of {} elements ({} over {})", config.head_dim,
                                                        config.width, config.heads));
    }
    return {};
}

Status read_feed_forward(const ArchitectureKeys& keys, DecoderConfig& config) {
    const int fewest = config.architecture->mixture ? 1 : 0;
    CODA_TRY(config.experts, keys.integer("expert_count", fewest, kMostExperts, fewest));
    if (config.experts == 0) {
        CODA_TRY(config.ffn_width, keys.require("feed_forward_length", 1, 4 * kMostWidth));
        return {};
    }
    if (!keys.has("expert_count")) return keys.bad("expert_count", "is missing");
    CODA_TRY(config.experts_used, keys.require("expert_used_count", 1, config.experts));
    const bool own_width = keys.has("expert_feed_forward_length");
    CODA_TRY(config.ffn_width, keys.require(own_width ? "expert_feed_forward_length" : "feed_forward_length",
                                            1, 4 * kMostWidth));
    return {};
}

Status read_factors(const ArchitectureKeys& keys, DecoderConfig& config) {
    const Architecture& architecture = *config.architecture;
    const double width = config.width;
    CODA_TRY(config.embedding_scale,
             keys.number("embedding_scale", architecture.scales_embeddings ? std::sqrt(width) : 1));
    CODA_TRY(config.residual_scale, keys.number("residual_scale", 1));
    CODA_TRY(const float logit_divisor, keys.number("logit_scale", 1));
    config.logit_scale = 1 / logit_divisor;
    if (!std::isfinite(config.logit_scale)) return keys.bad("logit_scale", "is too small to divide by");
    const bool by_width =
        architecture.scaled_by_width_at > 0 && config.layers == architecture.scaled_by_width_at;
    CODA_TRY(config.attention_scale,
             keys.number("attention.scale", by_width ? 1 / std::sqrt(width / config.heads) : 0));
    CODA_TRY(config.attention_cap, keys.number("attn_logit_softcapping", 0));
    CODA_TRY(config.logit_cap, keys.number("final_logit_softcapping", 0));
    return {};
}

// The layers that have a window, where the file says so itself: a period, or one flag per layer.
Result<std::vector<bool>> read_windowed(const ArchitectureKeys& keys, const DecoderConfig& config) {
    constexpr const char* kPattern = "attention.sliding_window_pattern";
    const Architecture& architecture = *config.architecture;
    const auto layers = static_cast<size_t>(config.layers);
    std::vector<bool> windowed(layers, architecture.windows == Architecture::Windows::every_layer);
    int period = architecture.window_period;
    if (keys.has(kPattern)) {
        const auto& value = keys.weights().metadata().find(keys.name(kPattern))->second;
        if (const auto* flags = std::get_if<std::vector<bool>>(&value)) {
            if (flags->size() < layers)
                return keys.bad(kPattern, fmt::format("has {} flags for {} layers", flags->size(), layers));
            return std::vector<bool>(flags->begin(), flags->begin() + config.layers);
        }
        CODA_TRY(period, keys.require(kPattern, 1, kMostLayers));
    }
    if (period == 0) return windowed;
    for (size_t layer = 0; layer < layers; ++layer)
        windowed[layer] = static_cast<int>(layer) % period != period - 1;
    return windowed;
}

Status read_layers(const ArchitectureKeys& keys, DecoderConfig& config) {
    const Architecture& architecture = *config.architecture;
    config.layer.resize(static_cast<size_t>(config.layers));
    CODA_TRY(config.rope,
             read_rope_scaling(keys, architecture.rope_order, config.head_dim, config.trained_context));
    config.window_rope = config.rope;
    if (architecture.windows != Architecture::Windows::none) {
        // 0 stands for no window.
        CODA_TRY(const int window,
                 keys.integer("attention.sliding_window", 0, kMostContext, architecture.default_window));
        CODA_TRY(const std::vector<bool> windowed, read_windowed(keys, config));
        for (size_t i = 0; i < windowed.size(); ++i) config.layer[i].window = windowed[i] ? window : 0;
    }
    if (architecture.window_rope_base > 0) {
        config.window_rope = {.order = config.rope.order, .dims = config.rope.dims};
        CODA_TRY(config.window_rope.base, keys.number("rope.freq_base_swa", architecture.window_rope_base));
    }
    const bool switched_off = architecture.rope_is_switchable &&
                              keys.weights().boolean(keys.name("rope.scaling.finetuned")) == false;
    for (int i = 0; i < config.layers; ++i) {
        const int period = architecture.unrotated_period;
        config.layer[static_cast<size_t>(i)].rotated =
            !switched_off && (period == 0 || (i + 1) % period != 0);
    }
    return {};
}

int64_t count_parameters(const Weights& weights) {
    int64_t total = 0;
    for (const runtime::TensorView& tensor : weights.tensors()) total += tensor.shape.elements();
    return total;
}

}  // namespace

Result<DecoderConfig> read_decoder_config(const Weights& weights) {
    DecoderConfig config;
    CODA_TRY(config.architecture, read_architecture(weights));
    const ArchitectureKeys keys(weights, config.architecture->name);
    CODA_CHECK(read_sizes(keys, config));
    CODA_CHECK(read_heads(keys, config));
    CODA_CHECK(read_feed_forward(keys, config));
    CODA_CHECK(read_factors(keys, config));
    CODA_CHECK(read_layers(keys, config));
    config.parameters = count_parameters(weights);
    return config;
}

}  // namespace coda::models::llm
