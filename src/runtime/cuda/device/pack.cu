#include "runtime/cuda/device/pack.cuh"

#include <algorithm>

namespace coda::runtime::cuda {
namespace {

constexpr size_t kStagingBytes = size_t{64} << 20;

struct Source {
    const uint8_t* raw;  // rows of the file
    size_t row_bytes;
    int rows, columns;

    __device__ const uint8_t* row(int r) const { return raw + static_cast<size_t>(r) * row_bytes; }
};

// Little-endian 16 bits at any address.
__device__ uint32_t u16(const uint8_t* at) {
    return at[0] | static_cast<uint32_t>(at[1]) << 8;
}

// A lane's eight columns of a block of row r as 16-bit words, zeros beyond the matrix.
__device__ uint4 words16(const Source& s, int r, int first, int t) {
    uint32_t w[4] = {};
    for (int i = 0; i < 8; ++i) {
        const int column = first + column_of(t, i);
        if (r >= s.rows || column >= s.columns) continue;
        w[i / 2] |= u16(s.row(r) + 2 * column) << (16 * (i % 2));
    }
    return {w[0], w[1], w[2], w[3]};
}

__device__ float float_at(const Source& s, int r, int column) {
    if (r >= s.rows || column >= s.columns) return 0;
    const uint8_t* at = s.row(r) + 4 * column;
    return __uint_as_float(u16(at) | u16(at + 2) << 16);
}

// 8 nibbles of a 16-byte block, in which byte i holds elements i and i + 16.
__device__ uint32_t nibbles(const uint8_t* block, int t) {
    uint32_t word = 0;
    for (int j = 0; j < 8; ++j) {
        const int element = column_of(t, j);
        const uint32_t nibble = element < 16 ? block[element] & 15 : block[element - 16] >> 4;
        word |= nibble << (4 * (j / 2) + 16 * (j % 2));
    }
    return word;
}

struct Place {
    int row, column, lane, g, t;
    size_t unit;
};

template <Format F>
struct PackUnit;

struct Pack16 {
    __device__ static void pack(const Source& s, const Place& p, const Packed& to) {
        auto* data = const_cast<uint4*>(to.data);
        for (int i = 0; i < 4; ++i)
            data[(p.unit * 4 + i) * 32 + p.lane] =
                words16(s, p.row + 8 * (i % 2), p.column + kBlock * (i / 2), p.t);
    }
};
template <>
struct PackUnit<Format::bf16> : Pack16 {};
template <>
struct PackUnit<Format::f16> : Pack16 {};

template <>
struct PackUnit<Format::f32> {
    __device__ static void pack(const Source& s, const Place& p, const Packed& to) {
        auto* data = const_cast<uint4*>(to.data);
        for (int block = 0; block < 2; ++block)
            for (int half = 0; half < 2; ++half) {
                uint32_t high[4], low[4];
                for (int i = 0; i < 4; ++i) {
                    const int column = p.column + kBlock * block + column_of(p.t, 2 * i);
                    split(float_at(s, p.row + 8 * half, column), float_at(s, p.row + 8 * half, column + 1),
                          high[i], low[i]);
                }
                data[(p.unit * 8 + (block * 2 + 0) * 2 + half) * 32 + p.lane] = {high[0], high[1], high[2],
                                                                                 high[3]};
                data[(p.unit * 8 + (block * 2 + 1) * 2 + half) * 32 + p.lane] = {low[0], low[1], low[2],
                                                                                 low[3]};
            }
    }
};

// The block of 32 that row and column lie in, or null beyond the matrix.
__device__ const uint8_t* block_at(const Source& s, int row, int column, int block_bytes) {
    if (row >= s.rows || column >= s.columns) return nullptr;
    return s.row(row) + static_cast<size_t>(column / kBlock) * block_bytes;
}

template <>
struct PackUnit<Format::q8_0> {
    __device__ static void pack(const Source& s, const Place& p, const Packed& to) {
        auto* data = const_cast<uint4*>(to.data);
        auto* scales = const_cast<void*>(to.scales);
        uint32_t d[2] = {};
        for (int block = 0; block < 2; ++block) {
            uint32_t w[4] = {};
            for (int half = 0; half < 2; ++half) {
                const uint8_t* at = block_at(s, p.row + 8 * half, p.column + kBlock * block, 34);
                if (!at) continue;
                d[block] |= u16(at) << (16 * half);
                for (int j = 0; j < 8; ++j)
                    w[half * 2 + j / 4] |= static_cast<uint32_t>(at[2 + column_of(p.t, j)]) << (8 * (j % 4));
            }
            data[(p.unit * 2 + block) * 32 + p.lane] = {w[0], w[1], w[2], w[3]};
        }
        if (p.t == 0) static_cast<uint2*>(scales)[p.unit * 8 + p.g] = {d[0], d[1]};
    }
};

template <bool kMin>
struct Pack4 {
    __device__ static void pack(const Source& s, const Place& p, const Packed& to) {
        auto* data = const_cast<uint4*>(to.data);
        auto* scales = const_cast<void*>(to.scales);
        uint32_t w[4] = {}, d[2] = {}, m[2] = {};
        for (int block = 0; block < 2; ++block)
            for (int half = 0; half < 2; ++half) {
                const uint8_t* at = block_at(s, p.row + 8 * half, p.column + kBlock * block, kMin ? 20 : 18);
                if (!at) continue;
                d[block] |= u16(at) << (16 * half);
                if (kMin) m[block] |= u16(at + 2) << (16 * half);
                w[block * 2 + half] = nibbles(at + (kMin ? 4 : 2), p.t);
            }
        data[p.unit * 32 + p.lane] = {w[0], w[1], w[2], w[3]};
        if (p.t != 0) return;
        if (kMin)
            static_cast<uint4*>(scales)[p.unit * 8 + p.g] = {d[0], d[1], m[0], m[1]};
        else
            static_cast<uint2*>(scales)[p.unit * 8 + p.g] = {d[0], d[1]};
    }
};
// Code (scale or minimum) of block j of a super-block, six bits of twelve bytes.
__device__ uint32_t scale_of(const uint8_t* q, int j) {
    return j < 4 ? q[j] & 63 : (q[j + 4] & 15) | (q[j - 4] >> 6) << 4;
}
__device__ uint32_t minimum_of(const uint8_t* q, int j) {
    return j < 4 ? q[j + 4] & 63 : q[j + 4] >> 4 | (q[j] >> 6) << 4;
}

constexpr int kSuper = 256;  // columns of a super-block

// The super-block that row and column lie in, or null beyond the matrix.
__device__ const uint8_t* super_at(const Source& s, int row, int column, int super_bytes) {
    if (row >= s.rows || column >= s.columns) return nullptr;
    return s.row(row) + static_cast<size_t>(column / kSuper) * super_bytes;
}

// F16 d, F16 minimum, 12 bytes of scales, [32 fifth bits of eight blocks,] 128 bytes of two blocks each.
template <bool kFifth>
struct PackK {
    static constexpr int kBytes = kFifth ? 176 : 144, kCodes = kFifth ? 48 : 16;
    __device__ static void pack(const Source& s, const Place& p, const Packed& to) {
        uint32_t w[4] = {}, above = 0, d = 0, m = 0, scales = 0, minima = 0;
        for (int block = 0; block < 2; ++block)
            for (int half = 0; half < 2; ++half) {
                const int column = p.column + kBlock * block, j = column % kSuper / kBlock;
                const uint8_t* at = super_at(s, p.row + 8 * half, column, kBytes);
                if (!at) continue;
                if (block == 0) d |= u16(at) << (16 * half), m |= u16(at + 2) << (16 * half);
                scales |= scale_of(at + 4, j) << (8 * (block * 2 + half));
                minima |= minimum_of(at + 4, j) << (8 * (block * 2 + half));
                const uint8_t* codes = at + kCodes + j / 2 * 32;
                for (int i = 0; i < 8; ++i) {
                    const int element = column_of(p.t, i);
                    const uint32_t nibble = j % 2 ? codes[element] >> 4 : codes[element] & 15;
                    w[block * 2 + half] |= nibble << (4 * (i / 2) + 16 * (i % 2));
                    if (kFifth)
                        above |= static_cast<uint32_t>(at[16 + element] >> j & 1)
                                 << ((block * 2 + half) * 4 + i / 2 + 16 * (i % 2));
                }
            }
        auto* data = const_cast<uint4*>(to.data);
        data[p.unit * 32 + p.lane] = {w[0], w[1], w[2], w[3]};
        if (kFifth) reinterpret_cast<uint32_t*>(data + to.units * 32)[p.unit * 32 + p.lane] = above;
        if (p.t != 0) return;
        auto* scale = static_cast<uint2*>(const_cast<void*>(to.scales));
        scale[p.unit * 8 + p.g] = {scales, minima};
        if (p.unit % 4 == 0) scale[to.units * 8 + p.unit / 4 * 8 + p.g] = {d, m};
    }
};
template <>
struct PackUnit<Format::q4_k> : PackK<false> {};
template <>
struct PackUnit<Format::q5_k> : PackK<true> {};

// 128 bytes of low halves, 64 of high bits, 16 signed scales of 16 columns each, F16 d.
template <>
struct PackUnit<Format::q6_k> {
    __device__ static void pack(const Source& s, const Place& p, const Packed& to) {
        uint32_t w[4] = {}, above[2] = {}, small[2] = {}, d = 0;
        for (int block = 0; block < 2; ++block)
            for (int half = 0; half < 2; ++half) {
                const int column = p.column + kBlock * block, first = column % kSuper;
                const uint8_t* at = super_at(s, p.row + 8 * half, column, 210);
                if (!at) continue;
                if (block == 0) d |= u16(at + 208) << (16 * half);
                for (int step = 0; step < 2; ++step)
                    small[block] |= static_cast<uint32_t>(at[192 + first / 16 + step])
                                    << (8 * (step * 2 + half));
                const int side = first / 128, quarter = first % 128 / 32;
                for (int i = 0; i < 8; ++i) {
                    const int element = column_of(p.t, i);
                    const uint8_t low = at[side * 64 + quarter % 2 * 32 + element];
                    const uint32_t nibble = quarter < 2 ? low & 15 : low >> 4;
                    const uint32_t high = at[128 + side * 32 + element] >> (2 * quarter) & 3;
                    w[block * 2 + half] |= nibble << (4 * (i / 2) + 16 * (i % 2));
                    above[block] |= high << (2 * (half * 4 + i / 2) + 16 * (i % 2));
                }
            }
        auto* data = const_cast<uint4*>(to.data);
        data[p.unit * 32 + p.lane] = {w[0], w[1], w[2], w[3]};
        reinterpret_cast<uint2*>(data + to.units * 32)[p.unit * 32 + p.lane] = {above[0], above[1]};
        if (p.t != 0) return;
        auto* scale = static_cast<uint2*>(const_cast<void*>(to.scales));
        scale[p.unit * 8 + p.g] = {small[0], small[1]};
        if (p.unit % 4 == 0) reinterpret_cast<uint32_t*>(scale + to.units * 8)[p.unit / 4 * 8 + p.g] = d;
    }
};

template <>
struct PackUnit<Format::q4_0> : Pack4<false> {};
template <>
struct PackUnit<Format::q4_1> : Pack4<true> {};

// A warp per unit, a lane for what that lane will load.
template <Format F>
__global__ void pack_units(Source source, int first_tile, int tiles, int chunks, Packed to) {
    const int warp = static_cast<int>((blockIdx.x * blockDim.x + threadIdx.x) / 32);
    if (warp >= tiles * chunks) return;
    const int tile = warp / chunks, chunk = warp % chunks;
    Place p;
    p.lane = threadIdx.x % 32;
    p.g = p.lane / 4;
    p.t = p.lane % 4;
    p.row = tile * kTileRows + p.g;
    p.column = chunk * kChunk;
    p.unit = static_cast<size_t>(first_tile + tile) * chunks + chunk;
    PackUnit<F>::pack(source, p, to);
}

}  // namespace

size_t row_bytes(Format format, int64_t columns) {
    const auto n = static_cast<size_t>(columns);
    switch (format) {
        case Format::f32:
            return 4 * n;
        case Format::f16:
        case Format::bf16:
            return 2 * n;
        case Format::q8_0:
            return n / 32 * 34;
        case Format::q4_0:
            return n / 32 * 18;
        case Format::q4_1:
            return n / 32 * 20;
        case Format::q4_k:
            return n / 256 * 144;
        case Format::q5_k:
            return n / 256 * 176;
        case Format::q6_k:
            return n / 256 * 210;
    }
    return 0;
}

PackedMatrix Packer::pack(const std::vector<Matrix>& parts) {
    PackedMatrix packed;
    Packed& view = packed.view;
    view.format = parts[0].format;
    view.columns = static_cast<int>(parts[0].columns);
    for (const Matrix& part : parts) {
        view.tiles += static_cast<int>((part.rows + kTileRows - 1) / kTileRows);
        view.rows += static_cast<int>(part.rows);
    }
    view.chunks = (view.columns + kChunk - 1) / kChunk;
    const size_t units = view.units = static_cast<size_t>(view.tiles) * view.chunks;
    for_format(view.format, [&](auto tag) {
        using U = Unit<decltype(tag)::kFormat>;
        packed.data = Buffer(device_, units * 32 * (U::kVectors * sizeof(uint4) + U::kExtraBytes), "weights");
        packed.scales = Buffer(device_, units * U::kScaleBytes * 8, "weights");
    });
    view.data = packed.data.as<uint4>();
    view.scales = packed.scales.as<void>();

    const size_t stride = row_bytes(view.format, view.columns);
    if (staging_.bytes() == 0) staging_ = Buffer(device_, kStagingBytes, "weights on their way");
    if (stride * kTileRows > staging_.bytes())
        raise(Fault::unsupported, "rows of %d weights are too long", view.columns);
    const int at_once = static_cast<int>(staging_.bytes() / stride / kTileRows * kTileRows);
    int first_tile = 0;
    for (const Matrix& part : parts)
        for (int row = 0; row < part.rows; row += at_once) {
            const int rows = std::min<int>(at_once, static_cast<int>(part.rows) - row);
            const int tiles = (rows + kTileRows - 1) / kTileRows;
            check(cudaMemcpyAsync(staging_.as<void>(),
                                  static_cast<const uint8_t*>(part.data) + static_cast<size_t>(row) * stride,
                                  static_cast<size_t>(rows) * stride, cudaMemcpyHostToDevice, stream_),
                  "copying weights");
            const Source source{staging_.as<uint8_t>(), stride, rows, view.columns};
            const auto warps = static_cast<unsigned>(tiles) * view.chunks;
            for_format(view.format, [&](auto tag) {
                pack_units<decltype(tag)::kFormat>
                    <<<(warps + 7) / 8, 256, 0, stream_>>>(source, first_tile, tiles, view.chunks, view);
            });
            check(cudaGetLastError(), "packing weights");
            first_tile += tiles;
        }
    check(cudaStreamSynchronize(stream_), "packing weights");
    return packed;
}

}  // namespace coda::runtime::cuda
