// A decoder-only language model as a runtime Program: its hyper-parameters read from a GGUF and checked, and
// its step written down (Touvron et al. 2023; grouped-query attention, Ainslie et al. 2023), with what each
// architecture (architecture.h) adds to it. Thread safety: pure functions; the Program is const once
// recorded.
#pragma once

#include "base/result.h"
#include "models/llm/architecture.h"
#include "models/llm/rope_scaling.h"
#include "runtime/program.h"
#include "runtime/weights.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace coda::models::llm {

struct DecoderConfig {
    const Architecture* architecture = nullptr;
    int layers = 0;
    int width = 0;      // of the residual stream
    int ffn_width = 0;  // of one expert where there are experts
    int heads = 0;
    int kv_heads = 0;  // heads is a multiple of it
    int head_dim = 0;
    int vocabulary = 0;
    int trained_context = 0;  // tokens
    int experts = 0;          // 0: a dense feed-forward network
    int experts_used = 0;     // per token
    float norm_epsilon = 0;
    float embedding_scale = 1, residual_scale = 1, logit_scale = 1;  // factors
    float attention_scale = 0;                                       // 0: 1 / sqrt(head_dim)
    float attention_cap = 0, logit_cap = 0;                          // 0: none

    // What differs from layer to layer.
    struct Layer {
        int window = 0;       // positions; 0: all
        bool rotated = true;  // by rope, or by window_rope where there is a window
    };
    std::vector<Layer> layer;
    RopeScaling rope, window_rope;
    int64_t parameters = 0;  // of all tensors
};

// Fails with unsupported (an architecture or a rope scaling that is not known) or bad_format, naming the key.
Result<DecoderConfig> read_decoder_config(const runtime::Weights& weights);

struct DecoderProgram {
    std::shared_ptr<const runtime::Program> program;
    // One run takes up to kChunk tokens, continues the sequence, and samples after the last.
    const runtime::Step* generate = nullptr;
    // The same, but the output "logits" [rows asked for, vocabulary] is readable and nothing is sampled.
    const runtime::Step* score = nullptr;

    static constexpr int kChunk = 128;
};

// `context`: positions that the cache of one conversation holds. What the file got wrong comes back from
// here.
Result<DecoderProgram> record_decoder(std::shared_ptr<const runtime::Weights> weights,
                                      const DecoderConfig& config, int context);

}  // namespace coda::models::llm
