// Attention: few queries against a long cache, cut along its positions so that the whole device reads it; and
// many queries at once (prefill, encoders). Sums are F32; keys and values of caches are F16. Thread safety:
// pure functions.
#pragma once

#include "runtime/cuda/device/rows.cuh"

namespace coda::runtime::cuda {

struct AttentionShape {
    int heads = 0, kv_heads = 0, head_dim = 0;
    float scale = 0, soft_cap = 0;
    int window = 0;       // 0: all
    bool causal = false;  // row r sees the positions of the run before it and its own
};

// Where parts of a cut attention meet; zeroed once, left as found.
struct SplitScratch {
    float* sums = nullptr;       // [row][head][split][head_dim]
    float2* levels = nullptr;    // [row][head][split]: largest score, sum of exponentials
    int32_t* arrived = nullptr;  // [row][kv_head]
};
inline constexpr int kFewQueries = 4;
int split_count(const Device& device, int kv_heads, int capacity);
void few_queries(const Device& device, const Stream& stream, const AttentionShape& shape,
                 const CacheView& cache, const StepParameters* step, const SplitScratch& scratch,
                 const float* q, int rows, float* out);

void many_queries(const Stream& stream, const AttentionShape& shape, const CacheView& cache,
                  const StepParameters* step, const float* q, int rows, float* out);
// Every row sees all; `qkv` as append_kv takes it.
void self_attention(const Stream& stream, const AttentionShape& shape, const float* qkv, int rows,
                    float* out);

void prepare_attention(const Device& device);
// Whether heads of this shape fit the shared memory of a block.
bool attention_fits(const Device& device, const AttentionShape& shape);

}  // namespace coda::runtime::cuda
