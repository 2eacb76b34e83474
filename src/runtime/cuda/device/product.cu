#include "runtime/cuda/device/product.cuh"

#include <algorithm>

namespace coda::runtime::cuda {
namespace {

// d += a b for a of 16 rows x 16, b of 16 x 8 columns.
__device__ void multiply_add(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
    asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
        "{%0,%1,%2,%3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

template <Format F>
__device__ void fragment(const Unit<F>& unit, int block, int step, int plane, uint32_t (&a)[4]) {
    const uint2 upper = unit.pairs(block, 0, step, plane), lower = unit.pairs(block, 1, step, plane);
    a[0] = upper.x, a[1] = lower.x, a[2] = upper.y, a[3] = lower.y;
}

// Tensor cores cut sums off instead of rounding them, so no more than a block is summed there. Clears `part`.
template <Format F>
__device__ void add_scaled(const Unit<F>& unit, int block, int step, float (&part)[4], float (&sum)[4]) {
    if constexpr (Unit<F>::kGroups > 0) {
        const float upper = unit.scale(block, step, 0), lower = unit.scale(block, step, 1);
        sum[0] += upper * part[0], sum[1] += upper * part[1];
        sum[2] += lower * part[2], sum[3] += lower * part[3];
    } else {
        for (int i = 0; i < 4; ++i) sum[i] += part[i];
    }
    part[0] = part[1] = part[2] = part[3] = 0;
}

__device__ float finish(const Product& p, float sum, int column, int row) {
    if (p.bias) sum += p.bias[column];
    sum = activate(sum, p.function) * p.scale;
    if (p.soft_cap > 0) sum = p.soft_cap * tanhf(sum / p.soft_cap);
    const size_t at = static_cast<size_t>(row) * p.out_stride + column;
    if (p.residual) sum += p.residual[at];
    if (p.times_out) sum *= p.out[at];
    return sum;
}

// --- few rows: each block makes 16 outputs at a time, its warps share the columns ---

constexpr int kFewThreads = 512, kFewWarps = kFewThreads / 32;

// Where a row's high and low parts lie: [block of 32][column of B][32].
template <int kRows>
struct FewShared {
    __nv_bfloat16* x;
    float* sums;  // [row][block], of formats with minima
    int blocks;

    __device__ FewShared(unsigned char* memory, int chunks)
        : x(reinterpret_cast<__nv_bfloat16*>(memory)), blocks(chunks * 2) {
        sums = reinterpret_cast<float*>(x + static_cast<size_t>(blocks) * 2 * kRows * kBlock);
    }
    static size_t bytes(int chunks, bool minima) {
        const size_t blocks = static_cast<size_t>(chunks) * 2;
        return blocks * 2 * kRows * kBlock * sizeof(__nv_bfloat16) +
               (minima ? blocks * kRows * sizeof(float) : 0);
    }
};

// What the tensor cores see of a split pair, summed.
__device__ float sum_of(uint32_t high, uint32_t low) {
    const float2 h = bf16x2_to_floats(high), l = bf16x2_to_floats(low);
    return (h.x + l.x) + (h.y + l.y);
}

constexpr int kAtOnce = 4;  // loads of a thread that are on their way together

struct RowNorm {
    float mean = 0, scale = 1;
};

// Of one row; the mean only where it is taken off.
__device__ RowNorm measure_row(const Product& p, const float* x, float* scratch) {
    RowNorm norm;
    const int columns = p.weights.columns;
    if (p.norm == Product::Norm::layer) {
        float sum = 0;
#pragma unroll 4
        for (int i = threadIdx.x; i < columns; i += kFewThreads) sum += x[i];
        norm.mean = block_sum(sum, scratch) / columns;
    }
    float squares = 0;
#pragma unroll 8
    for (int i = threadIdx.x; i < columns; i += kFewThreads) {
        const float off = x[i] - norm.mean;
        squares += off * off;
    }
    norm.scale = rsqrtf(block_sum(squares, scratch) / columns + p.epsilon);
    return norm;
}

template <int kRows, bool kMin>
__device__ void load_rows(const Product& p, const FewShared<kRows>& shared, float* scratch) {
    const int columns = p.weights.columns, padded = shared.blocks * kBlock;
    for (int r = 0; r < kRows; ++r) {
        const float* x = p.x + static_cast<size_t>(r) * p.x_stride;
        const bool there = r < p.rows;
        RowNorm norm;
        if (there && p.norm != Product::Norm::none) norm = measure_row(p, x, scratch);
        for (int first = threadIdx.x * 2; first < padded; first += kFewThreads * 2 * kAtOnce) {
            float loaded[kAtOnce][2];
#pragma unroll
            for (int n = 0; n < kAtOnce; ++n)
                for (int j = 0; j < 2; ++j) {
                    const int at = first + n * kFewThreads * 2 + j;
                    loaded[n][j] = there && at < columns ? x[at] : 0;
                }
#pragma unroll
            for (int n = 0; n < kAtOnce; ++n) {
                const int i = first + n * kFewThreads * 2;
                if (i >= padded) break;
                float(&v)[2] = loaded[n];
                if (there && p.norm != Product::Norm::none)
                    for (int j = 0; j < 2; ++j) {
                        const int at = i + j;
                        if (at >= columns) continue;
                        v[j] = (v[j] - norm.mean) * norm.scale * p.norm_weight[at];
                        if (p.norm == Product::Norm::layer) v[j] += p.norm_bias[at];
                    }
                uint32_t high, low;
                split(v[0], v[1], high, low);
                const int block = i / kBlock, within = i % kBlock;
                auto* to = reinterpret_cast<uint32_t*>(shared.x) +
                           (block * 2 * kRows + 2 * r) * (kBlock / 2) + place_of(within) / 2;
                to[0] = high;
                to[kBlock / 2] = low;
                if (kMin) {
                    float sum = sum_of(high, low);
                    for (int apart = 8; apart > 0; apart /= 2) sum += __shfl_xor_sync(~0u, sum, apart);
                    if (threadIdx.x % 16 == 0) shared.sums[r * shared.blocks + block] = sum;
                }
            }
        }
    }
}

template <Format F, int kRows>
__device__ void add_unit(const Unit<F>& unit, int chunk, const FewShared<kRows>& shared, int lane,
                         float (&sum)[4]) {
    using U = Unit<F>;
    const int g = lane / 4, t = lane % 4;
    for (int block = 0; block < 2; ++block) {
        const int at = chunk * 2 + block;
        uint4 b{};
        if (g < 2 * kRows)
            b = *reinterpret_cast<const uint4*>(shared.x + (at * 2 * kRows + g) * kBlock + 8 * t);
        float part[4] = {};
#pragma unroll
        for (int step = 0; step < 2; ++step) {
            for (int plane = 0; plane < U::kPlanes; ++plane) {
                uint32_t a[4];
                fragment(unit, block, step, plane, a);
                multiply_add(part, a, step ? b.z : b.x, step ? b.w : b.y);
            }
            if (U::kGroups == 2 || step == 1) add_scaled(unit, block, step, part, sum);
        }
        if constexpr (U::kMin) {
            const float x = t < kRows ? shared.sums[t * shared.blocks + at] : 0;
            sum[0] += unit.minimum(block, 0) * x;
            sum[2] += unit.minimum(block, 1) * x;
        }
    }
}

// How many units a warp has on their way: small ones need more of them to cover the memory's latency.
template <Format F>
constexpr int units_ahead(bool gated) {
    if (Unit<F>::kVectors > 1) return 1;
    return gated ? 3 : 4;
}

template <Format F, int kRows, bool kGated>
__global__ void __launch_bounds__(kFewThreads) few_rows_kernel(const Product p, int ways) {
    extern __shared__ __align__(16) unsigned char memory[];
    __shared__ float partial[kGated ? 2 : 1][kFewWarps][kRows][kTileRows];
    __shared__ float scratch[33];
    const FewShared<kRows> shared(memory, p.weights.chunks);
    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32, chunks = p.weights.chunks;
    // `ways` warps share a tile's columns; the block works on kFewWarps / ways tiles at a time.
    const int tiles_at_once = kFewWarps / ways, way = warp % ways, own = warp / ways;
    const int first_tile = static_cast<int>(blockIdx.x) * tiles_at_once + own;
    const int stride = static_cast<int>(gridDim.x) * tiles_at_once;
    let_next_start();
    // Weights do not depend on the kernel before: the first are on their way while it ends.
    constexpr int kAhead = units_ahead<F>(kGated);
    Unit<F> next[kAhead], next_up[kAhead];
    int ahead_tile = first_tile, ahead = way;
    const auto fetch = [&](int n) {
        if (ahead_tile < p.weights.tiles) {
            const size_t unit = static_cast<size_t>(ahead_tile) * chunks + ahead;
            next[n].load(p.weights, unit, lane);
            if constexpr (kGated) next_up[n].load(p.up, unit, lane);
        }
        ahead += ways;
        if (ahead >= chunks) ahead_tile += stride, ahead = way;
    };
    if (way < chunks)
#pragma unroll
        for (int n = 0; n < kAhead; ++n) fetch(n);
    wait_for_previous();
    load_rows<kRows, Unit<F>::kMin>(p, shared, scratch);
    __syncthreads();
    for (int tile = first_tile; tile - own < p.weights.tiles; tile += stride) {
        float sum[4] = {}, sum_up[4] = {};
        for (int chunk = way; chunk < chunks && tile < p.weights.tiles; chunk += ways) {
            const Unit<F> unit = next[0];
            const Unit<F> unit_up = next_up[0];
#pragma unroll
            for (int n = 0; n + 1 < kAhead; ++n) {
                next[n] = next[n + 1];
                next_up[n] = next_up[n + 1];
            }
            fetch(kAhead - 1);  // of this tile, else of the block's next one
            add_unit<F, kRows>(unit, chunk, shared, lane, sum);
            if constexpr (kGated) add_unit<F, kRows>(unit_up, chunk, shared, lane, sum_up);
        }
        const int g = lane / 4, t = lane % 4;
        if (t < kRows) {
            partial[0][warp][t][g] = sum[0] + sum[1];
            partial[0][warp][t][g + 8] = sum[2] + sum[3];
            if constexpr (kGated) {
                partial[1][warp][t][g] = sum_up[0] + sum_up[1];
                partial[1][warp][t][g + 8] = sum_up[2] + sum_up[3];
            }
        }
        __syncthreads();
        for (int i = threadIdx.x; i < tiles_at_once * kRows * kTileRows; i += kFewThreads) {
            const int which = i / (kRows * kTileRows), row = i / kTileRows % kRows, within = i % kTileRows;
            const int column = (tile - own + which) * kTileRows + within;
            if (row < p.rows && column < p.weights.rows) {
                float total = 0, up = 0;
                for (int w = which * ways; w < (which + 1) * ways; ++w) {
                    total += partial[0][w][row][within];
                    if constexpr (kGated) up += partial[1][w][row][within];
                }
                const float value = kGated ? activate(total, p.function) * up : finish(p, total, column, row);
                p.out[static_cast<size_t>(row) * p.out_stride + column] = value;
            }
        }
        __syncthreads();
    }
}

// --- many rows: each block makes 64 outputs of 32 rows ---

constexpr int kManyWarps = 4, kManyThreads = kManyWarps * 32;
constexpr int kWarpTiles = 1, kManyRows = 32, kManyColumns = 2 * kManyRows;  // columns of B

struct ManyShared {
    __nv_bfloat16 x[2][2][kManyColumns][kBlock];  // [buffer][block][column][k]
    float sums[2][2][kManyRows];
};

// Each thread brings 16 neighbouring floats of one row.
struct Piece {
    float v[16];

    __device__ void load(const Product& p, int first_row, int chunk) {
        const int row = first_row + static_cast<int>(threadIdx.x) / 4;
        const int column = chunk * kChunk + static_cast<int>(threadIdx.x) % 4 * 16;
        const float* x = p.x + static_cast<size_t>(row) * p.x_stride + column;
        const bool there = row < p.rows;
        const bool whole =
            there && column + 16 <= p.weights.columns && (reinterpret_cast<uintptr_t>(x) & 15) == 0;
        if (whole) {
            for (int i = 0; i < 4; ++i) {
                const float4 four = reinterpret_cast<const float4*>(x)[i];
                v[4 * i] = four.x, v[4 * i + 1] = four.y, v[4 * i + 2] = four.z, v[4 * i + 3] = four.w;
            }
        } else {
            for (int i = 0; i < 16; ++i) v[i] = there && column + i < p.weights.columns ? x[i] : 0;
        }
    }
    __device__ void store(ManyShared& shared, int buffer) const {
        const int row = threadIdx.x / 4, segment = threadIdx.x % 4, block = segment / 2;
        uint32_t high[8], low[8];
        float sum = 0;
        for (int i = 0; i < 8; ++i) {
            split(v[2 * i], v[2 * i + 1], high[i], low[i]);
            sum += sum_of(high[i], low[i]);
        }
        for (int t = 0; t < 4; ++t) {  // columns 4 t .. 4 t + 3 of this half of the block
            const int place = place_of(segment % 2 * 16 + 4 * t);
            *reinterpret_cast<uint2*>(&shared.x[buffer][block][2 * row][place]) = {high[2 * t],
                                                                                   high[2 * t + 1]};
            *reinterpret_cast<uint2*>(&shared.x[buffer][block][2 * row + 1][place]) = {low[2 * t],
                                                                                       low[2 * t + 1]};
        }
        sum += __shfl_xor_sync(~0u, sum, 1);
        if (segment % 2 == 0) shared.sums[buffer][block][row] = sum;
    }
};

template <Format F>
__device__ void add_block(const Unit<F> (&units)[kWarpTiles], int block, const ManyShared& shared, int buffer,
                          int lane, float (&sums)[kWarpTiles][kManyColumns / 8][4]) {
    using U = Unit<F>;
    const int g = lane / 4, t = lane % 4;
    uint32_t a[kWarpTiles][U::kPlanes][2][4];
    for (int tile = 0; tile < kWarpTiles; ++tile)
        for (int plane = 0; plane < U::kPlanes; ++plane)
            for (int step = 0; step < 2; ++step)
                fragment(units[tile], block, step, plane, a[tile][plane][step]);
#pragma unroll
    for (int n = 0; n < kManyColumns / 8; ++n) {
        const uint4 b = *reinterpret_cast<const uint4*>(&shared.x[buffer][block][n * 8 + g][8 * t]);
        const float x = U::kMin ? shared.sums[buffer][block][n * 4 + t] : 0;
#pragma unroll
        for (int tile = 0; tile < kWarpTiles; ++tile) {
            float part[4] = {};
            float(&sum)[4] = sums[tile][n];
#pragma unroll
            for (int step = 0; step < 2; ++step) {
                for (int plane = 0; plane < U::kPlanes; ++plane)
                    multiply_add(part, a[tile][plane][step], step ? b.z : b.x, step ? b.w : b.y);
                if (U::kGroups == 2 || step == 1) add_scaled(units[tile], block, step, part, sum);
            }
            if constexpr (U::kMin) {
                sum[0] += units[tile].minimum(block, 0) * x;
                sum[2] += units[tile].minimum(block, 1) * x;
            }
        }
    }
}

template <Format F>
__global__ void __launch_bounds__(kManyThreads) many_rows_kernel(const Product p) {
    __shared__ __align__(16) ManyShared shared;
    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32, chunks = p.weights.chunks;
    const int first_row = static_cast<int>(blockIdx.x) * kManyRows;
    const int first_tile = (static_cast<int>(blockIdx.y) * kManyWarps + warp) * kWarpTiles;
    float sums[kWarpTiles][kManyColumns / 8][4] = {};
    let_next_start();
    wait_for_previous();
    Piece piece;
    piece.load(p, first_row, 0);
    piece.store(shared, 0);
    __syncthreads();
    Unit<F> next[kWarpTiles];
    const auto load = [&](int chunk) {
#pragma unroll
        for (int tile = 0; tile < kWarpTiles; ++tile) {
            const int at = min(first_tile + tile, p.weights.tiles - 1);
            next[tile].load(p.weights, static_cast<size_t>(at) * chunks + chunk, lane);
        }
    };
    load(0);
    for (int chunk = 0; chunk < chunks; ++chunk) {
        Unit<F> units[kWarpTiles];
#pragma unroll
        for (int tile = 0; tile < kWarpTiles; ++tile) units[tile] = next[tile];
        const bool more = chunk + 1 < chunks;
        if (more) load(chunk + 1);
        if (more) piece.load(p, first_row, chunk + 1);
        add_block<F>(units, 0, shared, chunk % 2, lane, sums);
        add_block<F>(units, 1, shared, chunk % 2, lane, sums);
        if (more) piece.store(shared, (chunk + 1) % 2);
        __syncthreads();
    }
    const int g = lane / 4, t = lane % 4;
#pragma unroll
    for (int tile = 0; tile < kWarpTiles; ++tile)
#pragma unroll
        for (int n = 0; n < kManyColumns / 8; ++n)
#pragma unroll
            for (int half = 0; half < 2; ++half) {
                const int row = first_row + n * 4 + t,
                          column = (first_tile + tile) * kTileRows + g + 8 * half;
                if (row >= p.rows || column >= p.weights.rows) continue;
                const float sum = sums[tile][n][2 * half] + sums[tile][n][2 * half + 1];
                p.out[static_cast<size_t>(row) * p.out_stride + column] = finish(p, sum, column, row);
            }
}

template <Format F>
size_t few_rows_bytes(int rows, int chunks) {
    return rows == 1 ? FewShared<1>::bytes(chunks, Unit<F>::kMin)
                     : FewShared<kFewRows>::bytes(chunks, Unit<F>::kMin);
}

}  // namespace

bool takes_few_rows(const Device& device, Format format, int rows, int columns) {
    if (rows > kFewRows) return false;
    constexpr size_t kOwnBytes = 10240;  // of the kernel's other shared memory
    size_t bytes = 0;
    for_format(format, [&](auto tag) {
        bytes = few_rows_bytes<decltype(tag)::kFormat>(rows, (columns + kChunk - 1) / kChunk);
    });
    return bytes + kOwnBytes <= static_cast<size_t>(device.shared_bytes);
}

// How many warps share a tile, so that all places on the device are done in the fewest units one after the
// other; blocks take tiles in turn, in rounds that are as even as they can be.
struct Shares {
    int ways, blocks;
};
static Shares share_out(int tiles, int chunks, int places) {
    constexpr double kRoundCost = 1.5;  // of gathering a tile's sums, in units
    Shares best{};
    double least = 0;
    for (int ways = kFewWarps; ways >= 2; ways /= 2) {
        const int groups = (tiles * ways + kFewWarps - 1) / kFewWarps,
                  rounds = (groups + places - 1) / places;
        const double cost = rounds * ((chunks + ways - 1) / ways + kRoundCost);
        if (best.ways && cost >= least) continue;
        least = cost;
        best = {ways, (groups + rounds - 1) / rounds};
    }
    return best;
}

void few_rows(const Device& device, const Stream& stream, const Product& p) {
    for_format(p.weights.format, [&](auto tag) {
        constexpr Format F = decltype(tag)::kFormat;
        const size_t shared = few_rows_bytes<F>(p.rows, p.weights.chunks);
        const bool gated = p.up.data != nullptr;
        const auto kernel = p.rows == 1 ? gated ? few_rows_kernel<F, 1, true> : few_rows_kernel<F, 1, false>
                            : gated ? few_rows_kernel<F, kFewRows, true>
                                        : few_rows_kernel<F, kFewRows, false>;
        int resident = 1;
        check(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&resident, kernel, kFewThreads, shared),
              "asking for occupancy");
        const Shares shares =
            share_out(p.weights.tiles, p.weights.chunks, device.multiprocessors * std::max(1, resident));
        launch(stream, kernel, dim3(static_cast<unsigned>(shares.blocks)), kFewThreads, shared, p,
               shares.ways);
    });
}

void many_rows(const Device&, const Stream& stream, const Product& p) {
    constexpr int kTilesOfBlock = kManyWarps * kWarpTiles;
    const dim3 grid(static_cast<unsigned>((p.rows + kManyRows - 1) / kManyRows),
                    static_cast<unsigned>((p.weights.tiles + kTilesOfBlock - 1) / kTilesOfBlock));
    const auto run = [&](const Product& product) {
        for_format(product.weights.format, [&](auto tag) {
            launch(stream, many_rows_kernel<decltype(tag)::kFormat>, grid, kManyThreads, 0, product);
        });
    };
    Product first = p;
    first.up = {};
    run(first);
    if (!p.up.data) return;
    Product second = p;
    second.weights = p.up;
    second.up = {};
    second.function = Function::none;
    second.times_out = true;
    run(second);
}

int code_version() {
    cudaFuncAttributes attributes{};
    check(cudaFuncGetAttributes(&attributes, many_rows_kernel<Format::f32>), "asking for a kernel's version");
    return attributes.ptxVersion;
}

void prepare_products(const Device& device) {
    constexpr int kStatic = 10240;
    const int most = device.shared_bytes - kStatic;
    for (const Format format : kFormats)

        for_format(format, [&](auto tag) {
            constexpr Format F = decltype(tag)::kFormat;
            allow_shared(few_rows_kernel<F, 1, false>, most);
            allow_shared(few_rows_kernel<F, 1, true>, most);
            allow_shared(few_rows_kernel<F, kFewRows, false>, most);
            allow_shared(few_rows_kernel<F, kFewRows, true>, most);
        });
}

}  // namespace coda::runtime::cuda
