#include "runtime/cuda/device/rows.cuh"

namespace coda::runtime::cuda {
namespace {

constexpr int kThreads = 256;

// Adds eight columns of a table's row.
template <Format F>
__device__ void add_table(const Packed& table, int row, int group, float scale, float (&v)[8]) {
    float w[8];
    unpack<F>(table, row, group, w);
    for (int i = 0; i < 8; ++i) v[i] += scale * w[i];
}

__device__ void add_any_table(const Packed& table, int row, int group, float scale, float (&v)[8]) {
    switch (table.format) {
        case Format::f32:
            return add_table<Format::f32>(table, row, group, scale, v);
        case Format::f16:
            return add_table<Format::f16>(table, row, group, scale, v);
        case Format::bf16:
            return add_table<Format::bf16>(table, row, group, scale, v);
        case Format::q8_0:
            return add_table<Format::q8_0>(table, row, group, scale, v);
        case Format::q4_0:
            return add_table<Format::q4_0>(table, row, group, scale, v);
        case Format::q4_1:
            return add_table<Format::q4_1>(table, row, group, scale, v);
        case Format::q4_k:
            return add_table<Format::q4_k>(table, row, group, scale, v);
        case Format::q5_k:
            return add_table<Format::q5_k>(table, row, group, scale, v);
        case Format::q6_k:
            return add_table<Format::q6_k>(table, row, group, scale, v);
        default:
            return;
    }
}

__device__ int table_column(int group, int i) {
    return group / 4 * kBlock + column_of(group % 4, i);
}
__device__ void write8(float* row, int group, int width, const float (&v)[8]) {
    for (int i = 0; i < 8; ++i) {
        const int column = table_column(group, i);
        if (column < width) row[column] = v[i];
    }
}

// A block per row and eight columns per thread.
__global__ void embed_kernel(const EmbedArguments a) {
    let_next_start();
    wait_for_previous();
    const int row = blockIdx.x, token = a.step->tokens()[row], position = a.step->length + row;
    for (int group = threadIdx.x; group / 4 * kBlock < a.width; group += blockDim.x) {
        float v[8] = {};
        add_any_table(a.table, token, group, a.scale, v);
        if (a.positions.data) add_any_table(a.positions, position, group, 1, v);
        if (a.segment.data) add_any_table(a.segment, 0, group, 1, v);
        write8(a.out + static_cast<size_t>(row) * a.width, group, a.width, v);
    }
}

__global__ void add_positions_kernel(const float* x, const Packed table, int width, float* out) {
    let_next_start();
    wait_for_previous();
    const int row = blockIdx.x;
    const float* from = x + static_cast<size_t>(row) * width;
    for (int group = threadIdx.x; group / 4 * kBlock < width; group += blockDim.x) {
        float v[8] = {};
        for (int i = 0; i < 8; ++i) {
            const int column = table_column(group, i);
            if (column < width) v[i] = from[column];
        }
        add_any_table(table, row, group, 1, v);
        write8(out + static_cast<size_t>(row) * width, group, width, v);
    }
}

__global__ void __launch_bounds__(kThreads) norm_kernel(const NormArguments a) {
    __shared__ float scratch[33];
    let_next_start();
    wait_for_previous();
    const size_t first = static_cast<size_t>(blockIdx.x) * a.width;
    const float* x = a.x + first;
    float mean = 0;
    if (a.bias) {
        float sum = 0;
        for (int i = threadIdx.x; i < a.width; i += kThreads) sum += x[i];
        mean = block_sum(sum, scratch) / a.width;
    }
    float squares = 0;
    for (int i = threadIdx.x; i < a.width; i += kThreads) squares += (x[i] - mean) * (x[i] - mean);
    const float scale = rsqrtf(block_sum(squares, scratch) / a.width + a.epsilon);
    for (int i = threadIdx.x; i < a.width; i += kThreads) {
        float v = (x[i] - mean) * scale * a.weight[i];
        if (a.bias) v += a.bias[i];
        if (a.residual) v += a.residual[first + i];
        a.out[first + i] = v;
    }
}

__global__ void __launch_bounds__(kThreads) normalize_kernel(const float* x, int width, float* out) {
    __shared__ float scratch[33];
    let_next_start();
    wait_for_previous();
    const size_t first = static_cast<size_t>(blockIdx.x) * width;
    float squares = 0;
    for (int i = threadIdx.x; i < width; i += kThreads) squares += x[first + i] * x[first + i];
    const float total = block_sum(squares, scratch), scale = total > 0 ? rsqrtf(total) : 0;
    for (int i = threadIdx.x; i < width; i += kThreads) out[first + i] = x[first + i] * scale;
}

__global__ void mean_pool_kernel(const float* x, int width, int rows, float* out) {
    let_next_start();
    wait_for_previous();
    const int column = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (column >= width) return;
    double sum = 0;
    for (int r = 0; r < rows; ++r) sum += x[static_cast<size_t>(r) * width + column];
    out[column] = static_cast<float>(sum / rows);
}

__global__ void select_rows_kernel(const StepParameters* step, int first_selected, const float* x, int width,
                                   float* out) {
    let_next_start();
    wait_for_previous();
    const int row = step->tokens()[first_selected + static_cast<int>(blockIdx.x)];
    for (int i = threadIdx.x; i < width; i += blockDim.x)
        out[static_cast<size_t>(blockIdx.x) * width + i] = x[static_cast<size_t>(row) * width + i];
}

__global__ void pad_rows_kernel(const float* x, int width, int rows, int pad, float* out) {
    let_next_start();
    wait_for_previous();
    const int row = static_cast<int>(blockIdx.x), from = row - pad;
    const bool there = from >= 0 && from < rows;
    for (int i = threadIdx.x; i < width; i += blockDim.x)
        out[static_cast<size_t>(row) * width + i] = there ? x[static_cast<size_t>(from) * width + i] : 0;
}

// Turns one pair; the angle is reduced in double precision, as positions times radians need it.
__device__ void turn(float& a, float& b, const Rope& rope, int pair, int position) {
    constexpr double kTurn = 6.283185307179586;
    double angle = static_cast<double>(position) * rope.frequencies[pair];
    angle -= kTurn * rint(angle / kTurn);
    float s, c;
    sincosf(static_cast<float>(angle), &s, &c);
    s *= rope.magnitude;
    c *= rope.magnitude;
    const float turned_a = a * c - b * s, turned_b = a * s + b * c;
    a = turned_a;
    b = turned_b;
}

// A warp per head of a row: queries, keys, values in turn.
__global__ void append_kv_kernel(const AppendArguments a) {
    extern __shared__ float heads_memory[];
    let_next_start();
    wait_for_previous();
    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32, warps = blockDim.x / 32;
    const int head_dim = a.cache.head_dim, kv_heads = a.cache.kv_heads, row = blockIdx.x;
    const int head = static_cast<int>(blockIdx.y) * warps + warp;
    if (head >= a.heads + 2 * kv_heads) return;
    const bool query = head < a.heads, key = !query && head < a.heads + kv_heads;
    const float* from = a.qkv + (static_cast<size_t>(row) * (a.heads + 2 * kv_heads) + head) * head_dim;
    float* v = heads_memory + warp * head_dim;
    float squares = 0;
    for (int i = lane; i < head_dim; i += 32) {
        v[i] = from[i];
        squares += v[i] * v[i];
    }
    const float* weight = query ? a.q_norm : key ? a.k_norm : nullptr;
    if (weight) {
        const float scale = rsqrtf(warp_sum(squares) / head_dim + a.epsilon);
        for (int i = lane; i < head_dim; i += 32) v[i] = v[i] * scale * weight[i];
    }
    __syncwarp();
    const int position = a.step->length + row;
    if ((query || key) && a.rope.order != RopeOrder::none) {
        const bool halves = a.rope.order == RopeOrder::halves;
        for (int i = lane; i < a.rope.pairs; i += 32)
            turn(v[halves ? i : 2 * i], v[halves ? i + a.rope.pairs : 2 * i + 1], a.rope, i, position);
        __syncwarp();
    }
    if (query) {
        float* to = a.q + (static_cast<size_t>(row) * a.heads + head) * head_dim;
        for (int i = lane; i < head_dim; i += 32) to[i] = v[i];
        return;
    }
    const int kv = key ? head - a.heads : head - a.heads - kv_heads;
    __half* to = (key ? a.cache.keys : a.cache.values) +
                 (static_cast<size_t>(kv) * a.cache.capacity + position) * head_dim;
    for (int i = lane; i < head_dim; i += 32) to[i] = __float2half_rn(v[i]);
}

__global__ void store_kv_kernel(const float* kv, const CacheView cache, int rows) {
    let_next_start();
    wait_for_previous();
    const int row = blockIdx.x, width = cache.kv_heads * cache.head_dim;
    const float* from = kv + static_cast<size_t>(row) * 2 * width;
    for (int i = threadIdx.x; i < width; i += blockDim.x) {
        const int head = i / cache.head_dim, within = i % cache.head_dim;
        const size_t to = (static_cast<size_t>(head) * cache.capacity + row) * cache.head_dim + within;
        cache.keys[to] = __float2half_rn(from[i]);
        cache.values[to] = __float2half_rn(from[width + i]);
    }
    if (row == 0 && threadIdx.x == 0) *cache.stored = rows;
}

dim3 per_row(int rows) {
    return dim3(static_cast<unsigned>(rows));
}

}  // namespace

void embed(const Stream& stream, const EmbedArguments& arguments, int rows) {
    launch(stream, embed_kernel, per_row(rows), kThreads, 0, arguments);
}

void add_positions(const Stream& stream, const float* x, const Packed& table, int width, int rows,
                   float* out) {
    launch(stream, add_positions_kernel, per_row(rows), 128, 0, x, table, width, out);
}

void norm(const Stream& stream, const NormArguments& arguments, int rows) {
    launch(stream, norm_kernel, per_row(rows), kThreads, 0, arguments);
}

void normalize(const Stream& stream, const float* x, int width, int rows, float* out) {
    launch(stream, normalize_kernel, per_row(rows), kThreads, 0, x, width, out);
}

void mean_pool(const Stream& stream, const float* x, int width, int rows, float* out) {
    launch(stream, mean_pool_kernel, per_row((width + 127) / 128), 128, 0, x, width, rows, out);
}

void select_rows(const Stream& stream, const StepParameters* step, int first_selected, const float* x,
                 int width, int rows, float* out) {
    launch(stream, select_rows_kernel, per_row(rows), kThreads, 0, step, first_selected, x, width, out);
}

void pad_rows(const Stream& stream, const float* x, int width, int rows, int pad, float* out) {
    launch(stream, pad_rows_kernel, per_row(rows + 2 * pad), 128, 0, x, width, rows, pad, out);
}

void append_kv(const Stream& stream, const AppendArguments& arguments, int rows) {
    constexpr int kWarps = 4;
    const int heads = arguments.heads + 2 * arguments.cache.kv_heads;
    launch(stream, append_kv_kernel,
           dim3(static_cast<unsigned>(rows), static_cast<unsigned>((heads + kWarps - 1) / kWarps)),
           kWarps * 32, static_cast<size_t>(kWarps) * arguments.cache.head_dim * sizeof(float), arguments);
}

void store_kv(const Stream& stream, const float* kv, const CacheView& cache, int rows) {
    launch(stream, store_kv_kernel, per_row(rows), kThreads, 0, kv, cache, rows);
}

}  // namespace coda::runtime::cuda
