// Operations on rows that are no products. What changes from run to run (tokens, length, rows asked for) is
// read from StepParameters in device memory, so that a captured graph serves every token. Thread safety: pure
// functions.
#pragma once

#include "runtime/cuda/device/packed.cuh"

namespace coda::runtime::cuda {

// Written by one copy before a step runs; followed by `tokens` and then by the selected rows.
struct StepParameters {
    int32_t length;  // positions in the growing caches before this run
    int32_t rows;
    int32_t reserved[2];
    __device__ const int32_t* tokens() const { return reinterpret_cast<const int32_t*>(this + 1); }
};

struct Rope {
    const float* frequencies = nullptr;
    int pairs = 0;
    RopeOrder order = RopeOrder::none;
    float magnitude = 1;
};

// One growing or stored cache: [kv_heads][capacity][head_dim] F16 keys, then as many values.
struct CacheView {
    __half* keys = nullptr;
    __half* values = nullptr;
    int kv_heads = 0, head_dim = 0, capacity = 0;
    int32_t* stored = nullptr;  // positions of a stored cache
};

struct EmbedArguments {
    Packed table, positions, segment;  // without data: none
    float* out;
    int width;
    float scale;
    const StepParameters* step;
};
void embed(const Stream& stream, const EmbedArguments& arguments, int rows);

void add_positions(const Stream& stream, const float* x, const Packed& table, int width, int rows,
                   float* out);

struct NormArguments {
    const float* x;
    const float* weight;
    const float* bias;      // null: root mean square, else mean and variance
    const float* residual;  // null: none
    float* out;
    int width;
    float epsilon;
};
void norm(const Stream& stream, const NormArguments& arguments, int rows);
void normalize(const Stream& stream, const float* x, int width, int rows, float* out);
void mean_pool(const Stream& stream, const float* x, int width, int rows, float* out);
// `first_selected`: where in StepParameters::tokens() the rows asked for begin.
void select_rows(const Stream& stream, const StepParameters* step, int first_selected, const float* x,
                 int width, int rows, float* out);
// Rows with `pad` rows of zeros before and after.
void pad_rows(const Stream& stream, const float* x, int width, int rows, int pad, float* out);

struct AppendArguments {
    const float* qkv;  // rows of heads + 2 kv_heads heads
    float* q;
    CacheView cache;
    int heads;
    Rope rope;
    const float* q_norm;
    const float* k_norm;
    float epsilon;
    const StepParameters* step;
};
void append_kv(const Stream& stream, const AppendArguments& arguments, int rows);
void store_kv(const Stream& stream, const float* kv, const CacheView& cache, int rows);

}  // namespace coda::runtime::cuda
