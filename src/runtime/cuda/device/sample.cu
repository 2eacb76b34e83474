#include "runtime/cuda/device/sample.cuh"

#include <algorithm>

namespace coda::runtime::cuda {
namespace {

constexpr int kThreads = 1024, kWarps = kThreads / 32;

struct Best {
    float value;
    int token;
};
// The larger; the lower token on ties. NaN never wins.
__device__ Best better(Best a, Best b) {
    const bool second = b.value > a.value || (b.value == a.value && b.token < a.token);
    return second ? b : a;
}
__device__ Best block_best(Best best) {
    __shared__ Best of_warps[kWarps];
    for (int apart = 16; apart > 0; apart /= 2)
        best =
            better(best, {__shfl_xor_sync(~0u, best.value, apart), __shfl_xor_sync(~0u, best.token, apart)});
    __syncthreads();
    if (threadIdx.x % 32 == 0) of_warps[threadIdx.x / 32] = best;
    __syncthreads();
    best = of_warps[threadIdx.x % kWarps];
    for (int apart = 16; apart > 0; apart /= 2)
        best =
            better(best, {__shfl_xor_sync(~0u, best.value, apart), __shfl_xor_sync(~0u, best.token, apart)});
    return best;
}

__device__ double block_total(double value) {
    __shared__ double of_warps[kWarps];
    for (int apart = 16; apart > 0; apart /= 2) value += __shfl_xor_sync(~0u, value, apart);
    __syncthreads();
    if (threadIdx.x % 32 == 0) of_warps[threadIdx.x / 32] = value;
    __syncthreads();
    value = of_warps[threadIdx.x % kWarps];
    for (int apart = 16; apart > 0; apart /= 2) value += __shfl_xor_sync(~0u, value, apart);
    return value;
}

// splitmix64 of seed and position, as runtime/sample.cpp.
__device__ double uniform(uint64_t seed, int position) {
    uint64_t z = seed + 0x9e3779b97f4a7c15u * (static_cast<uint64_t>(position) + 1);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

// Larger floats have larger keys; minus infinity and NaN are below every candidate.
__device__ uint32_t key_of(float value) {
    const uint32_t bits = __float_as_uint(value + 0.0f);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

// The tokens that are still in the draw: those above a key, and of those at it the lowest numbers.
struct Candidates {
    const float* values;
    int count;  // of the vocabulary
    float largest, temperature, min_p;
    uint32_t lowest_key = 0;
    int last_tie = 0x7fffffff;

    __device__ bool holds(int token, float value) const {
        if (!(value > -INFINITY)) return false;
        const uint32_t key = key_of(value);
        return key > lowest_key || (key == lowest_key && token <= last_tie);
    }
    // Its share of the likeliest one's probability; 0 for what is out.
    __device__ float weight(int token) const {
        const float value = values[token];
        if (!holds(token, value)) return 0;
        const float share = expf((value - largest) / temperature);
        return share < min_p ? 0 : share;
    }
    __device__ float measure(int token, bool counting) const {
        if (counting) return holds(token, values[token]) ? 1.0f : 0.0f;
        return weight(token);
    }
    __device__ double total(bool counting) const {
        double sum = 0;
        for (int i = threadIdx.x; i < count; i += kThreads) sum += measure(i, counting);
        return block_total(sum);
    }
};

struct Found {
    uint32_t key;
    double before;  // what all with larger keys measure
};

// Goes down from the likeliest until what was passed reaches the goal (or, `strict`, exceeds it): three bits
// of the key at a time, a pass over all candidates each.
__device__ Found descend(const Candidates& c, double goal, bool strict, bool counting) {
    constexpr int kBits = 3, kDigits = 1 << kBits;
    Found found{0, 0};
    for (int left = 32; left > 0;) {
        const int width = left % kBits ? left % kBits : kBits;
        left -= width;
        float mine[kDigits] = {};
        for (int i = threadIdx.x; i < c.count; i += kThreads) {
            const uint32_t key = key_of(c.values[i]);
            if (left + width < 32 && (key >> (left + width)) != (found.key >> (left + width))) continue;
            const float measure = c.measure(i, counting);
            const uint32_t digit = (key >> left) & ((1u << width) - 1);
#pragma unroll
            for (uint32_t d = 0; d < kDigits; ++d) mine[d] += d == digit ? measure : 0;
        }
        uint32_t chosen = 0;
        bool passed = false;
        double before = found.before;
        for (int d = kDigits - 1; d >= 0; --d) {
            const double sum = block_total(mine[d]);
            if (passed || sum <= 0) continue;
            chosen = static_cast<uint32_t>(d);  // the last that is not empty, should rounding never pass
            const double reached = before + sum;
            passed = strict ? reached > goal : reached >= goal;
            if (passed)
                found.before = before;
            else
                before = reached;
        }
        if (!passed) found.before = before;
        found.key |= chosen << left;
    }
    return found;
}

// The number of the token that is the `rank`-th (from 0) of those with this key.
__device__ int token_of_tie(const Candidates& c, uint32_t key, int rank) {
    __shared__ int result;
    int passed = 0, last = 0;
    for (int first = 0; first < c.count; first += kThreads) {
        const int i = first + static_cast<int>(threadIdx.x);
        const bool tie = i < c.count && c.holds(i, c.values[i]) && key_of(c.values[i]) == key;
        const int ties = __syncthreads_count(tie);
        if (ties == 0) continue;
        if (passed + ties > rank || passed == 0) {
            // Few ever share a key: their order within these is settled by counting.
            if (threadIdx.x == 0) {
                int at = passed;
                for (int j = first; j < min(c.count, first + kThreads); ++j) {
                    if (!c.holds(j, c.values[j]) || key_of(c.values[j]) != key) continue;
                    result = j;
                    if (at++ == rank) break;
                }
            }
            __syncthreads();
            last = result;
            __syncthreads();
        }
        passed += ties;
        if (passed > rank) break;
    }
    return last;
}

__device__ float value_of_key(uint32_t key) {
    return __uint_as_float(key & 0x80000000u ? key & 0x7fffffffu : ~key);
}

__device__ float share_of_key(const Candidates& c, uint32_t key) {
    return expf((value_of_key(key) - c.largest) / c.temperature);
}

// Each thread has a stretch of neighbouring tokens; the goal lies in one of them.
__device__ int draw_in_token_order(const Candidates& c, double goal) {
    __shared__ double sums[kThreads];
    __shared__ int drawn;
    const int each = (c.count + kThreads - 1) / kThreads, first = static_cast<int>(threadIdx.x) * each;
    const int last = min(c.count, first + each);
    double sum = 0;
    for (int i = first; i < last; ++i) sum += c.weight(i);
    sums[threadIdx.x] = sum;
    __syncthreads();
    if (threadIdx.x == 0) {
        double passed = 0;
        int owner = -1;
        for (int t = 0; t < kThreads; ++t) {
            if (sums[t] <= 0) continue;
            owner = t;
            if (goal < passed + sums[t]) break;
            passed += sums[t];
        }
        for (int i = owner * each; i < min(c.count, owner * each + each); ++i) {
            const float weight = c.weight(i);
            if (weight <= 0) continue;
            drawn = i;
            passed += weight;
            if (goal < passed) break;
        }
    }
    __syncthreads();
    return drawn;
}

__device__ int draw_in_order_of_likelihood(const Candidates& c, double goal) {
    const Found found = descend(c, goal, true, false);
    const double share = share_of_key(c, found.key);
    const int rank = share > 0 ? static_cast<int>(fmax(0.0, floor((goal - found.before) / share))) : 0;
    return token_of_tie(c, found.key, rank);
}

__device__ int draw_token(const SampleArguments& a, const DrawParameters& draw, const Best& best) {
    Candidates c{a.values, a.vocabulary, best.value, draw.temperature, 0};
    bool ordered = false;
    if (draw.top_k > 0 && draw.top_k < c.total(true)) {
        const Found found = descend(c, draw.top_k, false, true);
        const int last = token_of_tie(c, found.key, draw.top_k - static_cast<int>(found.before) - 1);
        c.lowest_key = found.key;
        c.last_tie = last;
        ordered = true;
        if (draw.top_k == 1) return best.token;
    }
    c.min_p = draw.min_p;
    if (draw.top_p < 1) {
        const double enough = draw.top_p * c.total(false);
        const Found found = descend(c, enough, false, false);
        const double share = share_of_key(c, found.key);
        const int ties = share > 0 ? static_cast<int>(fmax(1.0, ceil((enough - found.before) / share))) : 1;
        const int last = token_of_tie(c, found.key, ties - 1);
        c.lowest_key = found.key;
        c.last_tie = last;
        ordered = true;
    }
    const double goal = uniform(draw.seed, draw.position) * c.total(false);
    return ordered ? draw_in_order_of_likelihood(c, goal) : draw_in_token_order(c, goal);
}

// Every block masks and sums a part of the vocabulary; the last to arrive draws.
__global__ void __launch_bounds__(kThreads) sample_kernel(const SampleArguments a) {
    __shared__ float scratch[33];
    __shared__ int arrived;
    let_next_start();
    wait_for_previous();
    const DrawParameters draw = *a.draw;
    const int each = (a.vocabulary + gridDim.x - 1) / gridDim.x, first = static_cast<int>(blockIdx.x) * each;
    const int last = min(a.vocabulary, first + each);
    Best best{-INFINITY, 0x7fffffff};
    for (int i = first + threadIdx.x; i < last; i += kThreads) {
        const bool allowed = !draw.masked || (a.allowed[i / 32] >> (i % 32) & 1);
        const float value = allowed ? a.logits[i] : -INFINITY;
        a.values[i] = value;
        best = better(best, {value, i});
    }
    best = block_best(best);
    float sum = 0;
    for (int i = first + threadIdx.x; i < last; i += kThreads)
        if (a.values[i] > -INFINITY) sum += expf(a.values[i] - best.value);
    sum = block_sum(sum, scratch);
    for (int i = threadIdx.x; i < draw.recent_count; i += kThreads) {
        const int token = a.recent[i];
        if (token < first || token >= last) continue;
        const float value = a.values[token];
        a.values[token] = value > 0 ? value / draw.repetition_penalty : value * draw.repetition_penalty;
    }
    if (threadIdx.x == 0) a.parts[blockIdx.x] = {best.value, sum, best.token, 0};
    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0) arrived = atomicAdd(a.arrived, 1);
    __syncthreads();
    if (arrived != static_cast<int>(gridDim.x) - 1) return;
    __threadfence();

    best = {-INFINITY, 0x7fffffff};
    for (unsigned i = 0; i < gridDim.x; ++i)
        best = better(best, {__ldcg(&a.parts[i].largest), __ldcg(&a.parts[i].token)});
    double total = 0;
    for (unsigned i = 0; i < gridDim.x; ++i) {
        const float largest = __ldcg(&a.parts[i].largest);
        if (largest > -INFINITY)
            total += static_cast<double>(__ldcg(&a.parts[i].sum)) * expf(largest - best.value);
    }
    if (best.token == 0x7fffffff) best.token = 0;
    int token = best.token;
    if (draw.temperature > 0 || draw.recent_count > 0) {
        Best penalized{-INFINITY, 0x7fffffff};
        for (int i = threadIdx.x; i < a.vocabulary; i += kThreads)
            penalized = better(penalized, {a.values[i], i});
        penalized = block_best(penalized);
        if (penalized.token != 0x7fffffff)
            token = draw.temperature > 0 ? draw_token(a, draw, penalized) : penalized.token;
    }
    if (threadIdx.x == 0) {
        *a.arrived = 0;
        *a.result = {token, static_cast<float>(a.logits[token] - best.value - log(total))};
        __threadfence_system();
    }
}

}  // namespace

void sample(const Stream& stream, const SampleArguments& arguments) {
    const int blocks = std::max(1, std::min(kSampleBlocks, arguments.vocabulary / (2 * kThreads)));
    launch(stream, sample_kernel, dim3(static_cast<unsigned>(blocks)), kThreads, 0, arguments);
}

}  // namespace coda::runtime::cuda
