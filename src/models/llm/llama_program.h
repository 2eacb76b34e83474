// The llama architecture as a runtime Program: its hyper-parameters read from a GGUF and checked, and its
// step written down (Touvron et al. 2023; grouped-query attention, Ainslie et al. 2023). Thread safety: pure
// functions; the Program is const once recorded.
#pragma once

#include "base/result.h"
#include "runtime/program.h"
#include "runtime/weights.h"

#include <cstdint>
#include <memory>

namespace coda::models::llm {

struct LlamaConfig {
    int layers = 0;
    int width = 0;  // of the residual stream
    int ffn_width = 0;
    int heads = 0;
    int kv_heads = 0;  // heads is a multiple of it
    int head_dim = 0;
    int vocabulary = 0;
    int trained_context = 0;  // tokens
    float norm_epsilon = 0;
    runtime::Rope rope;
    int64_t parameters = 0;  // of all tensors
};

// Fails with unsupported (another architecture, experts, a rope scaling that is not known) or bad_format,
// naming the key.
Result<LlamaConfig> read_llama_config(const runtime::Weights& weights);

struct LlamaProgram {
    std::shared_ptr<const runtime::Program> program;
    // One run takes up to kChunk tokens, continues the sequence, and samples after the last.
    const runtime::Step* generate = nullptr;
    // The same, but the output "logits" [rows asked for, vocabulary] is readable and nothing is sampled.
    const runtime::Step* score = nullptr;

    static constexpr int kChunk = 128;
};

// `context`: positions that the cache of one conversation holds. What the file got wrong comes back from
// here.
Result<LlamaProgram> record_llama(std::shared_ptr<const runtime::Weights> weights, const LlamaConfig& config,
                                  int context);

}  // namespace coda::models::llm
