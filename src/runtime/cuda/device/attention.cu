#include "runtime/cuda/device/attention.cuh"

#include <algorithm>

namespace coda::runtime::cuda {
namespace {

__device__ float capped(float score, float soft_cap) {
    return soft_cap > 0 ? soft_cap * tanhf(score / soft_cap) : score;
}

// --- few queries ---

constexpr int kSplitThreads = 128, kSplitWarps = kSplitThreads / 32, kPositions = 32;
constexpr int kSmallestSplit = kPositions, kMaxSplits = 64;

struct SplitArguments {
    AttentionShape shape;
    CacheView cache;
    const StepParameters* step;
    SplitScratch scratch;
    const float* q;
    float* out;
    int splits;
};

// What a row sees, and how its positions are dealt to the splits.
struct Share {
    int first, last;  // of this split
    int active;       // splits that have any
};
__device__ Share share_of(const SplitArguments& a, int row, int split) {
    const int last = a.shape.causal ? a.step->length + row + 1 : *a.cache.stored;
    const int first = a.shape.causal && a.shape.window > 0 ? max(0, last - a.shape.window) : 0;
    const int total = last - first;
    const int each =
        max(kSmallestSplit, ((total + a.splits - 1) / a.splits + kPositions - 1) / kPositions * kPositions);
    const int from = first + split * each;
    return {from, min(last, from + each), max(1, (total + each - 1) / each)};
}

size_t split_bytes(const AttentionShape& shape) {
    const int group = shape.heads / shape.kv_heads;
    return sizeof(float) * static_cast<size_t>(group) *
           (std::max(2 * shape.head_dim, kMaxSplits) + kPositions + 3);
}

// The group of query heads that share a kv head, over one stretch of positions.
struct SplitGroup {
    float* q;       // [group][head_dim], scaled
    float* sums;    // [group][head_dim]
    float* scores;  // [group][kPositions]
    float* level;   // [group]: largest score
    float* total;   // [group]: sum of exponentials
    float* shrink;  // [group]: what the sums so far are multiplied by
    int group, head_dim;

    __device__ SplitGroup(float* memory, int group, int head_dim) : group(group), head_dim(head_dim) {
        q = memory;
        sums = q + group * head_dim;
        scores = sums + group * head_dim;
        level = scores + group * kPositions;
        total = level + group;
        shrink = total + group;
    }

    __device__ void begin(const float* from, float scale) {
        for (int i = threadIdx.x; i < group * head_dim; i += kSplitThreads) {
            q[i] = from[i] * scale;
            sums[i] = 0;
        }
        for (int i = threadIdx.x; i < group; i += kSplitThreads) level[i] = -INFINITY, total[i] = 0;
        __syncthreads();
    }

    // Eight lanes per position, each with up to kPairs pairs of its elements.
    template <int kPairs>
    __device__ void score(const __half* keys, int count, float soft_cap) {
        constexpr int kPerThread = kPositions * 8 / kSplitThreads;
        const int lane = threadIdx.x % 8, first = threadIdx.x / 8;
        __half2 k[kPerThread][kPairs];  // all on their way before the first is used
#pragma unroll
        for (int n = 0; n < kPerThread; ++n) {
            const int p = min(first + n * (kSplitThreads / 8), count - 1);
            const auto* row = reinterpret_cast<const __half2*>(keys + static_cast<size_t>(p) * head_dim);
#pragma unroll
            for (int i = 0; i < kPairs; ++i)
                if (lane + 8 * i < head_dim / 2) k[n][i] = row[lane + 8 * i];
        }
        for (int h = 0; h < group; ++h)
#pragma unroll
            for (int n = 0; n < kPerThread; ++n) {
                float sum = 0;
#pragma unroll
                for (int i = 0; i < kPairs; ++i)
                    if (lane + 8 * i < head_dim / 2) {
                        const float2 pair = __half22float2(k[n][i]);
                        const float2 at =
                            *reinterpret_cast<const float2*>(q + h * head_dim + 2 * (lane + 8 * i));
                        sum += at.x * pair.x + at.y * pair.y;
                    }
                for (int apart = 4; apart > 0; apart /= 2) sum += __shfl_xor_sync(~0u, sum, apart);
                const int p = first + n * (kSplitThreads / 8);
                if (lane == 0) scores[h * kPositions + p] = p < count ? capped(sum, soft_cap) : -INFINITY;
            }
        __syncthreads();
    }
    // A warp per head, a lane per position.
    __device__ void soften() {
        const int lane = threadIdx.x % 32;
        for (int h = threadIdx.x / 32; h < group; h += kSplitWarps) {
            const float s = scores[h * kPositions + lane], before = level[h];
            const float now = fmaxf(before, warp_max(s));
            const float e = expf(s - now), sum = warp_sum(e);
            __syncwarp();
            scores[h * kPositions + lane] = e;
            if (lane == 0) {
                shrink[h] = expf(before - now);
                total[h] = total[h] * shrink[h] + sum;
                level[h] = now;
            }
        }
        __syncthreads();
    }
    __device__ void add(const __half* values, int count) {
        for (int i = threadIdx.x * 2; i < group * head_dim; i += kSplitThreads * 2) {
            const int h = i / head_dim, d = i % head_dim;
            float a = sums[i] * shrink[h], b = sums[i + 1] * shrink[h];
            // Positions beyond the last weigh nothing; the last is read in their place.
#pragma unroll 16
            for (int p = 0; p < kPositions; ++p) {
                const size_t at = static_cast<size_t>(min(p, count - 1)) * head_dim + d;
                const float2 v = __half22float2(*reinterpret_cast<const __half2*>(values + at));
                const float e = scores[h * kPositions + p];
                a += e * v.x;
                b += e * v.y;
            }
            sums[i] = a;
            sums[i + 1] = b;
        }
        __syncthreads();
    }
};

// The last split to arrive adds all up, in the order of the splits.
__device__ void combine(const SplitArguments& a, const SplitGroup& state, int row, int first_head,
                        int active) {
    const int head_dim = a.shape.head_dim, group = state.group;
    // What each split's sums weigh in the whole, a warp per head; over the scores, which are done with.
    float* shares = state.q;
    const int lane = threadIdx.x % 32;
    for (int h = threadIdx.x / 32; h < group; h += kSplitWarps) {
        const size_t at = (static_cast<size_t>(row) * a.shape.heads + first_head + h) * a.splits;
        float2 level[kMaxSplits / 32];
        float largest = -INFINITY, total = 0;
#pragma unroll
        for (int n = 0; n < kMaxSplits / 32; ++n) {
            const int s = lane + 32 * n;
            level[n] = s < active ? __ldcg(&a.scratch.levels[at + s]) : float2{-INFINITY, 0};
            largest = fmaxf(largest, level[n].x);
        }
        largest = warp_max(largest);
#pragma unroll
        for (int n = 0; n < kMaxSplits / 32; ++n) {
            level[n].x = expf(level[n].x - largest);
            total += level[n].x * level[n].y;
        }
        total = warp_sum(total);
#pragma unroll
        for (int n = 0; n < kMaxSplits / 32; ++n) shares[h * kMaxSplits + lane + 32 * n] = level[n].x / total;
    }
    __syncthreads();
    for (int i = threadIdx.x; i < group * head_dim; i += kSplitThreads) {
        const int h = i / head_dim, d = i % head_dim;
        const size_t head = static_cast<size_t>(row) * a.shape.heads + first_head + h;
        const float* sums = a.scratch.sums + head * a.splits * head_dim + d;
        float sum = 0;
#pragma unroll 8
        for (int s = 0; s < active; ++s) sum += shares[h * kMaxSplits + s] * __ldcg(sums + s * head_dim);
        a.out[head * head_dim + d] = sum;
    }
}

template <int kPairs>
__global__ void __launch_bounds__(kSplitThreads) few_queries_kernel(const SplitArguments a) {
    extern __shared__ __align__(16) float split_memory[];
    __shared__ int arrived;
    let_next_start();
    wait_for_previous();
    const int split = blockIdx.x, kv_head = blockIdx.y, row = blockIdx.z;
    const Share share = share_of(a, row, split);
    if (split >= share.active) return;
    const int group = a.shape.heads / a.shape.kv_heads, head_dim = a.shape.head_dim;
    const int first_head = kv_head * group;
    SplitGroup state(split_memory, group, head_dim);
    const size_t q_at = (static_cast<size_t>(row) * a.shape.heads + first_head) * head_dim;
    state.begin(a.q + q_at, a.shape.scale);
    const size_t head_at = static_cast<size_t>(kv_head) * a.cache.capacity * head_dim;
    for (int position = share.first; position < share.last; position += kPositions) {
        const int count = min(kPositions, share.last - position);
        const size_t at = head_at + static_cast<size_t>(position) * head_dim;
        state.template score<kPairs>(a.cache.keys + at, count, a.shape.soft_cap);
        state.soften();
        state.add(a.cache.values + at, count);
    }
    if (share.active == 1) {
        for (int i = threadIdx.x; i < group * head_dim; i += kSplitThreads) {
            const float total = state.total[i / head_dim];
            a.out[q_at + i] = total > 0 ? state.sums[i] / total : 0;
        }
        return;
    }
    for (int i = threadIdx.x; i < group * head_dim; i += kSplitThreads) {
        const size_t head = static_cast<size_t>(row) * a.shape.heads + first_head + i / head_dim;
        a.scratch.sums[(head * a.splits + split) * head_dim + i % head_dim] = state.sums[i];
    }
    for (int h = threadIdx.x; h < group; h += kSplitThreads) {
        const size_t head = static_cast<size_t>(row) * a.shape.heads + first_head + h;
        a.scratch.levels[head * a.splits + split] = {state.level[h], state.total[h]};
    }
    __threadfence();
    __syncthreads();
    int32_t* counter = a.scratch.arrived + row * a.shape.kv_heads + kv_head;
    if (threadIdx.x == 0) arrived = atomicAdd(counter, 1);
    __syncthreads();
    if (arrived != share.active - 1) return;
    __threadfence();
    combine(a, state, row, first_head, share.active);
    if (threadIdx.x == 0) *counter = 0;
}

using SplitKernel = void (*)(SplitArguments);
SplitKernel few_queries_for(int head_dim) {
    if (head_dim <= 16) return few_queries_kernel<1>;
    if (head_dim <= 32) return few_queries_kernel<2>;
    if (head_dim <= 64) return few_queries_kernel<4>;
    if (head_dim <= 96) return few_queries_kernel<6>;
    if (head_dim <= 128) return few_queries_kernel<8>;
    return few_queries_kernel<16>;
}

// --- many queries: 16 rows of one head per block, 32 positions at a time ---

constexpr int kQueries = 16, kManyThreads = 128, kLanes = kManyThreads / kQueries;
constexpr int kScores = kPositions / kLanes;   // per thread
constexpr int kMaxFours = 256 / (4 * kLanes);  // groups of four elements of a head per thread

// Keys and values of one kv head.
template <class T>
struct Source {
    const T* keys;
    const T* values;
    size_t position_stride, head_stride;
};

__device__ float to_float(float v) {
    return v;
}
__device__ float to_float(__half v) {
    return __half2float(v);
}

template <class T>
struct ManyArguments {
    AttentionShape shape;
    Source<T> source;
    const StepParameters* step;  // of causal attention
    const int32_t* stored;       // of a stored cache, else null and `rows` are seen
    const float* q;
    size_t q_stride;
    float* out;
    int rows;
};

__host__ __device__ inline int padded_head(int head_dim) {
    return (head_dim + 3) / 4 * 4;
}
size_t many_bytes(const AttentionShape& shape) {
    const size_t stride = static_cast<size_t>(padded_head(shape.head_dim)) + 4;
    return sizeof(float) * ((kQueries + 2 * kPositions) * stride + kQueries * (kPositions + 1));
}

__device__ float dot4(const float4& a, const float4& b) {
    return a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w;
}

template <class T>
__global__ void __launch_bounds__(kManyThreads) many_queries_kernel(const ManyArguments<T> a) {
    extern __shared__ __align__(16) float many_memory[];
    let_next_start();
    wait_for_previous();
    const int head_dim = a.shape.head_dim, padded = padded_head(head_dim), stride = padded + 4;
    float* q = many_memory;
    float* keys = q + kQueries * stride;
    float* values = keys + kPositions * stride;
    float* weights = values + kPositions * stride;  // [kQueries][kPositions + 1]
    const int head = blockIdx.y, kv_head = head / (a.shape.heads / a.shape.kv_heads);
    const int first_row = static_cast<int>(blockIdx.x) * kQueries;
    const int r = threadIdx.x / kLanes, lane = threadIdx.x % kLanes, row = first_row + r;
    for (int i = threadIdx.x; i < kQueries * padded; i += kManyThreads) {
        const int at = first_row + i / padded, d = i % padded;
        const bool there = at < a.rows && d < head_dim;
        q[i / padded * stride + d] =
            there ? a.q[static_cast<size_t>(at) * a.q_stride + static_cast<size_t>(head) * head_dim + d] *
                        a.shape.scale
                  : 0;
    }
    // What the rows see: [from, to) of this one, [begin, end) of the block's.
    const int length = a.shape.causal ? a.step->length : 0;
    const int all = a.shape.causal ? length + min(first_row + kQueries, a.rows)
                    : a.stored     ? *a.stored
                                   : a.rows;
    const int to = a.shape.causal ? min(all, length + row + 1) : all;
    const bool windowed = a.shape.causal && a.shape.window > 0;
    const int from = windowed ? max(0, to - a.shape.window) : 0;
    const int begin =
        windowed ? max(0, length + first_row + 1 - a.shape.window) / kPositions * kPositions : 0;

    float4 sums[kMaxFours] = {};
    float level = -INFINITY, total = 0;
    for (int position = begin; position < all; position += kPositions) {
        __syncthreads();
        for (int i = threadIdx.x; i < kPositions * padded; i += kManyThreads) {
            const int p = i / padded, d = i % padded;
            const bool there = position + p < all && d < head_dim;
            const size_t at = static_cast<size_t>(position + p) * a.source.position_stride +
                              static_cast<size_t>(kv_head) * a.source.head_stride + d;
            keys[p * stride + d] = there ? to_float(a.source.keys[at]) : 0;
            values[p * stride + d] = there ? to_float(a.source.values[at]) : 0;
        }
        __syncthreads();
        float score[kScores], largest = -INFINITY;
        for (int j = 0; j < kScores; ++j) {
            const int p = lane + kLanes * j;
            float sum = 0;
            for (int d = 0; d < padded; d += 4)
                sum += dot4(*reinterpret_cast<const float4*>(q + r * stride + d),
                            *reinterpret_cast<const float4*>(keys + p * stride + d));
            const bool seen = position + p >= from && position + p < to;
            score[j] = seen ? capped(sum, a.shape.soft_cap) : -INFINITY;
            largest = fmaxf(largest, score[j]);
        }
        for (int apart = kLanes / 2; apart > 0; apart /= 2)
            largest = fmaxf(largest, __shfl_xor_sync(~0u, largest, apart));
        const float now = fmaxf(level, largest);
        const float shrink = now == -INFINITY ? 1 : expf(level - now);
        float added = 0;
        for (int j = 0; j < kScores; ++j) {
            const float e = now == -INFINITY ? 0 : expf(score[j] - now);
            weights[r * (kPositions + 1) + lane + kLanes * j] = e;
            added += e;
        }
        for (int apart = kLanes / 2; apart > 0; apart /= 2) added += __shfl_xor_sync(~0u, added, apart);
        total = total * shrink + added;
        level = now;
        __syncwarp();
        for (int j = 0; j < kMaxFours; ++j) {
            const int d = (lane + kLanes * j) * 4;
            if (d >= padded) break;
            float4 sum = sums[j];
            sum.x *= shrink, sum.y *= shrink, sum.z *= shrink, sum.w *= shrink;
            for (int p = 0; p < kPositions; ++p) {
                const float e = weights[r * (kPositions + 1) + p];
                const float4 v = *reinterpret_cast<const float4*>(values + p * stride + d);
                sum.x += e * v.x, sum.y += e * v.y, sum.z += e * v.z, sum.w += e * v.w;
            }
            sums[j] = sum;
        }
        __syncwarp();
    }
    if (row >= a.rows) return;
    float* out = a.out + (static_cast<size_t>(row) * a.shape.heads + head) * head_dim;
    const float share = total > 0 ? 1 / total : 0;
    for (int j = 0; j < kMaxFours; ++j) {
        const int d = (lane + kLanes * j) * 4;
        const float sum[4] = {sums[j].x, sums[j].y, sums[j].z, sums[j].w};
        for (int i = 0; i < 4; ++i)
            if (d + i < head_dim) out[d + i] = sum[i] * share;
    }
}

template <class T>
void launch_many(const Stream& stream, const ManyArguments<T>& a) {
    launch(
        stream, many_queries_kernel<T>,
        dim3(static_cast<unsigned>((a.rows + kQueries - 1) / kQueries), static_cast<unsigned>(a.shape.heads)),
        kManyThreads, many_bytes(a.shape), a);
}

}  // namespace

int split_count(const Device& device, int kv_heads, int capacity) {
    const int useful = (capacity + kSmallestSplit - 1) / kSmallestSplit;
    return std::max(1, std::min({useful, 2 * device.multiprocessors / kv_heads, kMaxSplits}));
}

void few_queries(const Device& device, const Stream& stream, const AttentionShape& shape,
                 const CacheView& cache, const StepParameters* step, const SplitScratch& scratch,
                 const float* q, int rows, float* out) {
    const int splits = split_count(device, shape.kv_heads, cache.capacity);
    const dim3 grid(static_cast<unsigned>(splits), static_cast<unsigned>(shape.kv_heads),
                    static_cast<unsigned>(rows));
    launch(stream, few_queries_for(shape.head_dim), grid, kSplitThreads, split_bytes(shape),
           SplitArguments{shape, cache, step, scratch, q, out, splits});
}

void many_queries(const Stream& stream, const AttentionShape& shape, const CacheView& cache,
                  const StepParameters* step, const float* q, int rows, float* out) {
    const Source<__half> source{cache.keys, cache.values, static_cast<size_t>(cache.head_dim),
                                static_cast<size_t>(cache.capacity) * cache.head_dim};
    launch_many<__half>(stream, {shape, source, step, shape.causal ? nullptr : cache.stored, q,
                                 static_cast<size_t>(shape.heads) * shape.head_dim, out, rows});
}

void self_attention(const Stream& stream, const AttentionShape& shape, const float* qkv, int rows,
                    float* out) {
    const size_t queries = static_cast<size_t>(shape.heads) * shape.head_dim,
                 keys = static_cast<size_t>(shape.kv_heads) * shape.head_dim;
    const Source<float> source{qkv + queries, qkv + queries + keys, queries + 2 * keys,
                               static_cast<size_t>(shape.head_dim)};
    launch_many<float>(stream, {shape, source, nullptr, nullptr, qkv, queries + 2 * keys, out, rows});
}

void prepare_attention(const Device& device) {
    const int most = device.shared_bytes - 1024;
    for (const int head_dim : {16, 32, 64, 96, 128, 256}) allow_shared(few_queries_for(head_dim), most);
    allow_shared(many_queries_kernel<__half>, most);
    allow_shared(many_queries_kernel<float>, most);
}

bool attention_fits(const Device& device, const AttentionShape& shape) {
    const size_t most = static_cast<size_t>(device.shared_bytes) - 1024;
    return split_bytes(shape) <= most && many_bytes(shape) <= most;
}

}  // namespace coda::runtime::cuda
