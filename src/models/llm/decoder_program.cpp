#include "models/llm/decoder_program.h"

#include <string>

#include <fmt/format.h>

namespace coda::models::llm {

namespace {

using runtime::TensorView;
using runtime::Weights;

std::string tensor_name(int layer, std::string_view part) {
    return fmt::format("blk.{}.{}.weight", layer, part);
}

// One conversation's pass over rows of tokens, up to the logits.
class Recorder {
  public:
    Recorder(runtime::Program& program, const DecoderConfig& config, std::span<const runtime::Cache> caches,
             int context)
        : program_(program),
          config_(config),
          caches_(caches),
          rope_(config.rope.rope(context)),
          window_rope_(config.window_rope.rope(context)) {}

    runtime::Buffer logits(runtime::Step& step) {
        runtime::Buffer x =
            step.embed(program_.weight("token_embd.weight"), {.scale = config_.embedding_scale});
        for (int layer = 0; layer < config_.layers; ++layer) {
            x = attention(step, x, layer);
            x = feed_forward(step, x, layer);
        }
        x = step.select_rows(x);
        x = step.rms_norm(x, program_.weight("output_norm.weight"), config_.norm_epsilon);
        TensorView head = program_.optional_weight("output.weight");
        if (head.empty()) head = program_.weight("token_embd.weight");  // tied embeddings
        runtime::Linear linear = matrix(head);
        linear.scale = config_.logit_scale;
        linear.soft_cap = config_.logit_cap;
        return step.linear(x, linear);
    }

  private:
    static runtime::Linear matrix(const TensorView& weights) {
        runtime::Linear linear;
        linear.weights = {weights};
        return linear;
    }
    TensorView weight(int layer, std::string_view part) { return program_.weight(tensor_name(layer, part)); }
    TensorView bias(int layer, std::string_view part) {
        return program_.optional_weight(fmt::format("blk.{}.{}.bias", layer, part));
    }
    // Of each head, before the rotation.
    runtime::Step::QkNorm qk_norm(int layer) {
        if (!config_.architecture->qk_norms) return {};
        return {weight(layer, "attn_q_norm"), weight(layer, "attn_k_norm"), config_.norm_epsilon};
    }
    const runtime::Rope& rope(const DecoderConfig::Layer& layer) const {
        static const runtime::Rope unrotated;
        if (!layer.rotated) return unrotated;
        return layer.window > 0 ? window_rope_ : rope_;
    }

    runtime::Buffer attention(runtime::Step& step, runtime::Buffer x, int layer) {
        const DecoderConfig::Layer& own = config_.layer[static_cast<size_t>(layer)];
        const runtime::Cache cache = caches_[static_cast<size_t>(layer)];
        runtime::Buffer h = step.rms_norm(x, weight(layer, "attn_norm"), config_.norm_epsilon);
        h = step.linear(h, projections(layer));
        h = step.append_kv(h, config_.heads, cache, rope(own), qk_norm(layer));
        h = step.attention(h, cache,
                           {.heads = config_.heads,
                            .kv_heads = config_.kv_heads,
                            .head_dim = config_.head_dim,
                            .scale = config_.attention_scale,
                            .window = own.window,
                            .soft_cap = config_.attention_cap});
        runtime::Linear output = matrix(weight(layer, "attn_output"));
        if (const TensorView b = bias(layer, "attn_output"); !b.empty()) output.biases = {b};
        return add_to_stream(step, x, h, output, layer, "post_attention_norm");
    }

    // x + W h, with the architecture's norm of W h or its factor.
    runtime::Buffer add_to_stream(runtime::Step& step, runtime::Buffer x, runtime::Buffer h,
                                  runtime::Linear linear, int layer, const char* post_norm) {
        linear.scale = config_.residual_scale;
        if (!config_.architecture->post_norms) {
            linear.residual = x;
            return step.linear(h, linear);
        }
        return step.rms_norm(step.linear(h, linear), weight(layer, post_norm), config_.norm_epsilon, x);
    }

    runtime::Buffer feed_forward(runtime::Step& step, runtime::Buffer x, int layer) {
        runtime::Buffer h = step.rms_norm(x, weight(layer, "ffn_norm"), config_.norm_epsilon);
        if (config_.experts > 0) return experts(step, x, h, layer);
        const TensorView up = weight(layer, "ffn_up");
        if (config_.architecture->fused_gate_up) {
            h = step.gate_up(h, slice_rows(up, 0, config_.ffn_width),
                             slice_rows(up, config_.ffn_width, config_.ffn_width),
                             config_.architecture->activation);
        } else {
            h = step.gate_up(h, weight(layer, "ffn_gate"), up, config_.architecture->activation);
        }
        return add_to_stream(step, x, h, matrix(weight(layer, "ffn_down")), layer, "post_ffw_norm");
    }

    runtime::Buffer experts(runtime::Step& step, runtime::Buffer x, runtime::Buffer h, int layer) {
        runtime::Experts experts;
        experts.gate = weight(layer, "ffn_gate_exps");
        experts.up = weight(layer, "ffn_up_exps");
        experts.down = weight(layer, "ffn_down_exps");
        experts.used = config_.experts_used;
        experts.activation = config_.architecture->activation;
        experts.residual = x;
        return step.experts(h, step.linear(h, matrix(weight(layer, "ffn_gate_inp"))), experts);
    }

    // Queries, keys and values: one matrix where the file has them fused (phi3), else three.
    runtime::Linear projections(int layer) {
        runtime::Linear qkv;
        std::vector<std::string_view> parts = {"attn_q", "attn_k", "attn_v"};
        if (program_.weights()->find(tensor_name(layer, "attn_qkv")) != nullptr) parts = {"attn_qkv"};
        bool biased = false;
        for (const std::string_view part : parts) {
            qkv.weights.push_back(weight(layer, part));
            qkv.biases.push_back(bias(layer, part));
            biased = biased || !qkv.biases.back().empty();
        }
        if (!biased) qkv.biases.clear();
        return qkv;
    }

    runtime::Program& program_;
    const DecoderConfig& config_;
    std::span<const runtime::Cache> caches_;
    runtime::Rope rope_, window_rope_;
};

// The shapes that the recording does not tie together by itself, layer by layer.
class ShapeCheck {
  public:
    ShapeCheck(const Weights& weights, const DecoderConfig& config) : weights_(weights), config_(config) {}

    Status all() const {
        CODA_CHECK(weights_.get("token_embd.weight", {config_.vocabulary, config_.width}));
        if (weights_.find("output.weight"))
            CODA_CHECK(weights_.get("output.weight", {config_.vocabulary, config_.width}));
        for (int layer = 0; layer < config_.layers; ++layer) {
            CODA_CHECK(attention(layer));
            CODA_CHECK(config_.experts > 0 ? experts(layer) : feed_forward(layer));
        }
        return {};
    }

  private:
    Status is(int layer, const char* part, const runtime::Shape& shape) const {
        CODA_CHECK(weights_.get(tensor_name(layer, part), shape));
        return {};
    }
    Status attention(int layer) const {
        const int64_t queries = int64_t{config_.heads} * config_.head_dim;
        const int64_t keys = int64_t{config_.kv_heads} * config_.head_dim;
        if (weights_.find(tensor_name(layer, "attn_qkv"))) {
            CODA_CHECK(is(layer, "attn_qkv", {queries + 2 * keys, config_.width}));
        } else {
            CODA_CHECK(is(layer, "attn_q", {queries, config_.width}));
            CODA_CHECK(is(layer, "attn_k", {keys, config_.width}));
            CODA_CHECK(is(layer, "attn_v", {keys, config_.width}));
        }
        return is(layer, "attn_output", {config_.width, queries});
    }
    Status feed_forward(int layer) const {
        for (const char* part : {"ffn_gate", "ffn_up", "ffn_down"}) {
            const std::string bias = fmt::format("blk.{}.{}.bias", layer, part);
            if (weights_.find(bias))
                return fail(ErrorCode::unsupported, "feed-forward biases are not supported",
                            fmt::format("{}: {}", weights_.path(), bias), "use a model without them");
        }
        CODA_CHECK(is(layer, "ffn_down", {config_.width, config_.ffn_width}));
        if (config_.architecture->fused_gate_up)
            return is(layer, "ffn_up", {2 * int64_t{config_.ffn_width}, config_.width});
        CODA_CHECK(is(layer, "ffn_gate", {config_.ffn_width, config_.width}));
        return is(layer, "ffn_up", {config_.ffn_width, config_.width});
    }
    Status experts(int layer) const {
        CODA_CHECK(is(layer, "ffn_gate_inp", {config_.experts, config_.width}));
        CODA_CHECK(is(layer, "ffn_gate_exps", {config_.experts, config_.ffn_width, config_.width}));
        CODA_CHECK(is(layer, "ffn_up_exps", {config_.experts, config_.ffn_width, config_.width}));
        return is(layer, "ffn_down_exps", {config_.experts, config_.width, config_.ffn_width});
    }

    const Weights& weights_;
    const DecoderConfig& config_;
};

}  // namespace

Result<DecoderProgram> record_decoder(std::shared_ptr<const Weights> weights, const DecoderConfig& config,
                                      int context) {
    CODA_CHECK(ShapeCheck(*weights, config).all());
    auto program = std::make_shared<runtime::Program>(std::string(config.architecture->name), weights);
    std::vector<runtime::Cache> caches;
    for (int layer = 0; layer < config.layers; ++layer) {
        caches.push_back(program->add_cache(
            {.kv_heads = config.kv_heads, .head_dim = config.head_dim, .capacity = context}));
    }
    Recorder recorder(*program, config, caches, context);
    runtime::Step& generate = program->add_step("generate", DecoderProgram::kChunk);
    generate.sample(recorder.logits(generate));
    runtime::Step& score = program->add_step("score", DecoderProgram::kChunk);
    score.output("logits", recorder.logits(score));
    CODA_CHECK(program->status());
    return DecoderProgram{program, &generate, &score};
}

}  // namespace coda::models::llm
