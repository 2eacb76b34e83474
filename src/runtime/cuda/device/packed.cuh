// How weights lie on the device: in the order in which tensor cores take them. A matrix is cut into tiles of
// 16 rows and chunks of 64 columns; one tile's chunk is a unit, and in it each lane's share of an
// mma.m16n8k16 A fragment is one stretch, so that a warp loads 16 bytes per lane, coalesced. Of a block
// of 32 columns lane (g, t) = (lane / 4, lane % 4) holds eight of rows g and g + 8, column_of(t, j) for j <
// 8: the first four go into one instruction (with their neighbours columns 0 to 15), the others into the
// next, dealt to its k in another order than they lie, the same for both factors. All weights become BF16 on
// the way, exactly: integers as they are, with the block's scale applied to the sum; F16 and F32 as a sum of
// two. Thread safety: plain values.
#pragma once

#include "runtime/cuda/device/common.cuh"

namespace coda::runtime::cuda {

inline constexpr int kTileRows = 16, kChunk = 64, kBlock = 32;

// Which column of a block of 32 is the j-th of lane t.
__host__ __device__ constexpr int column_of(int t, int j) {
    return 16 * (j / 4) + 4 * t + j % 4;
}
// Where a column of a block lies among activations, so that a lane's eight are one stretch.
__host__ __device__ constexpr int place_of(int column) {
    return 8 * (column % 16 / 4) + 4 * (column / 16) + column % 4;
}

struct Packed {
    const uint4* data = nullptr;
    const void* scales = nullptr;  // per unit and g; what of it, the format knows
    size_t units = 0;              // tiles x chunks
    int rows = 0, columns = 0;
    int tiles = 0, chunks = 0;
    Format format = Format::f32;
};

__device__ inline uint32_t bits(__nv_bfloat162 v) {
    return *reinterpret_cast<uint32_t*>(&v);
}
__device__ inline __nv_bfloat162 bf16x2(uint32_t v) {
    return *reinterpret_cast<__nv_bfloat162*>(&v);
}
__device__ inline float2 f16x2_to_floats(uint32_t v) {
    return __half22float2(*reinterpret_cast<__half2*>(&v));
}
__device__ inline float2 bf16x2_to_floats(uint32_t v) {
    return {__uint_as_float(v << 16), __uint_as_float(v & 0xffff0000u)};
}
__device__ inline uint32_t component(const uint4& v, int i) {
    return i == 0 ? v.x : i == 1 ? v.y : i == 2 ? v.z : v.w;
}
// Two floats as a BF16 pair and what it leaves over as another.
__device__ inline void split(float a, float b, uint32_t& high, uint32_t& low) {
    const __nv_bfloat162 h = __floats2bfloat162_rn(a, b);
    const float2 back = __bfloat1622float2(h);
    high = bits(h);
    low = bits(__floats2bfloat162_rn(a - back.x, b - back.y));
}

// One unit of a format in the registers of a warp:
//   kVectors      16-byte loads per lane    kExtraBytes  of further bits per lane, behind all of those
//   kScaleBytes   per g                     kPlanes      BF16 terms that a weight is the sum of
//   kGroups       scales per block          kMin         whether something is added per block
//   load          a lane's share            pairs        BF16 pairs 2 step, 2 step + 1 of row g + 8 half
//   scale, minimum   of (block, step, half), (block, half)
template <Format F>
struct Unit;

template <>
struct Unit<Format::bf16> {
    static constexpr int kVectors = 4, kExtraBytes = 0, kScaleBytes = 0, kPlanes = 1, kGroups = 0;
    static constexpr bool kMin = false;
    uint4 v[kVectors];  // [block][half]
    __device__ void load(const Packed& w, size_t unit, int lane) {
        for (int i = 0; i < kVectors; ++i) v[i] = __ldcs(w.data + (unit * kVectors + i) * 32 + lane);
    }
    __device__ uint2 pairs(int block, int half, int step, int) const {
        const uint4& at = v[block * 2 + half];
        return step ? uint2{at.z, at.w} : uint2{at.x, at.y};
    }
    __device__ float scale(int, int, int) const { return 1; }
    __device__ float minimum(int, int) const { return 0; }
};

template <>
struct Unit<Format::f16> : Unit<Format::bf16> {
    static constexpr int kPlanes = 2;
    __device__ uint2 pairs(int block, int half, int step, int plane) const {
        const uint2 raw = Unit<Format::bf16>::pairs(block, half, step, 0);
        const float2 a = f16x2_to_floats(raw.x), b = f16x2_to_floats(raw.y);
        uint2 high, low;
        split(a.x, a.y, high.x, low.x);
        split(b.x, b.y, high.y, low.y);
        return plane ? low : high;
    }
};

template <>
struct Unit<Format::f32> {
    static constexpr int kVectors = 8, kExtraBytes = 0, kScaleBytes = 0, kPlanes = 2, kGroups = 0;
    static constexpr bool kMin = false;
    uint4 v[kVectors];  // [block][plane][half]
    __device__ void load(const Packed& w, size_t unit, int lane) {
        for (int i = 0; i < kVectors; ++i) v[i] = __ldcs(w.data + (unit * kVectors + i) * 32 + lane);
    }
    __device__ uint2 pairs(int block, int half, int step, int plane) const {
        const uint4& at = v[(block * 2 + plane) * 2 + half];
        return step ? uint2{at.z, at.w} : uint2{at.x, at.y};
    }
    __device__ float scale(int, int, int) const { return 1; }
    __device__ float minimum(int, int) const { return 0; }
};

// 128 + the low seven bits, less 128 or, where the sign is set, 256: both are BF16 numbers.
__device__ inline uint32_t bytes_to_bf16x2(uint32_t spread) {
    const uint32_t low = (spread & 0x007f007fu) | 0x43004300u, from = (spread & 0x00800080u) | 0x43004300u;
    return bits(__hsub2(bf16x2(low), bf16x2(from)));
}

template <>
struct Unit<Format::q8_0> {
    static constexpr int kVectors = 2, kExtraBytes = 0, kScaleBytes = 8, kPlanes = 1, kGroups = 1;
    static constexpr bool kMin = false;
    uint4 v[kVectors];  // [block]: 8 bytes of row g, 8 of row g + 8
    uint2 d;            // [block]: F16 of rows g, g + 8
    __device__ void load(const Packed& w, size_t unit, int lane) {
        for (int i = 0; i < kVectors; ++i) v[i] = __ldcs(w.data + (unit * kVectors + i) * 32 + lane);
        d = __ldcs(static_cast<const uint2*>(w.scales) + unit * 8 + lane / 4);
    }
    __device__ uint2 pairs(int block, int half, int step, int) const {
        const uint32_t word = component(v[block], half * 2 + step);
        return {bytes_to_bf16x2(__byte_perm(word, 0, 0x4140)), bytes_to_bf16x2(__byte_perm(word, 0, 0x4342))};
    }
    __device__ float scale(int block, int, int half) const {
        const float2 both = f16x2_to_floats(block ? d.y : d.x);
        return half ? both.y : both.x;
    }
    __device__ float minimum(int, int) const { return 0; }
};

// Nibble i of the low half word and of the high one are weights 2 i and 2 i + 1.
template <int kZero>
__device__ inline uint2 nibbles_to_bf16x2(uint32_t word, int step) {
    const uint32_t a = ((word >> (8 * step)) & 0x000f000fu) | 0x43004300u,
                   b = ((word >> (8 * step + 4)) & 0x000f000fu) | 0x43004300u;
    const __nv_bfloat162 zero = __float2bfloat162_rn(128.0f + kZero);
    return {bits(__hsub2(bf16x2(a), zero)), bits(__hsub2(bf16x2(b), zero))};
}

template <>
struct Unit<Format::q4_0> {
    static constexpr int kVectors = 1, kExtraBytes = 0, kScaleBytes = 8, kPlanes = 1, kGroups = 1;
    static constexpr bool kMin = false;
    uint4 v[kVectors];  // words [block][half]
    uint2 d;
    __device__ void load(const Packed& w, size_t unit, int lane) {
        v[0] = __ldcs(w.data + unit * 32 + lane);
        d = __ldcs(static_cast<const uint2*>(w.scales) + unit * 8 + lane / 4);
    }
    __device__ uint2 pairs(int block, int half, int step, int) const {
        return nibbles_to_bf16x2<8>(component(v[0], block * 2 + half), step);
    }
    __device__ float scale(int block, int, int half) const {
        const float2 both = f16x2_to_floats(block ? d.y : d.x);
        return half ? both.y : both.x;
    }
    __device__ float minimum(int, int) const { return 0; }
};

template <>
struct Unit<Format::q4_1> {
    static constexpr int kVectors = 1, kExtraBytes = 0, kScaleBytes = 16, kPlanes = 1, kGroups = 1;
    static constexpr bool kMin = true;
    uint4 v[kVectors];
    uint4 d;  // scales of block 0 and 1, minima of block 0 and 1
    __device__ void load(const Packed& w, size_t unit, int lane) {
        v[0] = __ldcs(w.data + unit * 32 + lane);
        d = __ldcs(static_cast<const uint4*>(w.scales) + unit * 8 + lane / 4);
    }
    __device__ uint2 pairs(int block, int half, int step, int) const {
        return nibbles_to_bf16x2<8>(component(v[0], block * 2 + half), step);
    }
    __device__ float scale(int block, int, int half) const {
        const float2 both = f16x2_to_floats(block ? d.y : d.x);
        return half ? both.y : both.x;
    }
    // Codes are taken less 8, which keeps their sum as small as the result: 8 scales are put back here.
    __device__ float minimum(int block, int half) const {
        const float2 both = f16x2_to_floats(block ? d.w : d.z);
        return (half ? both.y : both.x) + 8 * scale(block, 0, half);
    }
};

// Byte i as a float, without the conversion that runs at a quarter of the rate: 2^23 + byte, less 2^23.
__device__ inline float byte_of(const uint2& v, int i) {
    const uint32_t word = i < 4 ? v.x : v.y;
    return __uint_as_float(__byte_perm(word, 0x4b000000u, 0x7440 + i % 4)) - 8388608.0f;
}
__device__ inline float signed_byte_of(const uint2& v, int i) {
    const uint32_t word = (i < 4 ? v.x : v.y) ^ 0x80808080u;
    return __uint_as_float(__byte_perm(word, 0x4b000000u, 0x7440 + i % 4)) - (8388608.0f + 128.0f);
}
__device__ inline float half_of(uint32_t pair, int half) {
    const float2 both = f16x2_to_floats(pair);
    return half ? both.y : both.x;
}

// Scales and minima of 6 bits, each block's own, times two F16 of four units.
struct ScaledTwice {
    uint2 small;  // bytes [block][half]: scales, then minima
    uint2 large;  // F16 pairs of rows g, g + 8: of the scales, of the minima
    __device__ void load(const Packed& w, size_t unit, int lane) {
        const auto* at = static_cast<const uint2*>(w.scales);
        small = __ldcs(at + unit * 8 + lane / 4);
        large = __ldg(at + w.units * 8 + unit / 4 * 8 + lane / 4);
    }
    __device__ float scale(int block, int, int half) const {
        return half_of(large.x, half) * byte_of(small, block * 2 + half);
    }
    __device__ float minimum(int block, int half) const {
        return -half_of(large.y, half) * byte_of(small, 4 + block * 2 + half);
    }
};

template <>
struct Unit<Format::q4_k> {
    static constexpr int kVectors = 1, kExtraBytes = 0, kScaleBytes = 10, kPlanes = 1, kGroups = 1;
    static constexpr bool kMin = true;
    uint4 v[kVectors];
    ScaledTwice d;
    __device__ void load(const Packed& w, size_t unit, int lane) {
        v[0] = __ldcs(w.data + unit * 32 + lane);
        d.load(w, unit, lane);
    }
    __device__ uint2 pairs(int block, int half, int step, int) const {
        return nibbles_to_bf16x2<8>(component(v[0], block * 2 + half), step);
    }
    __device__ float scale(int block, int step, int half) const { return d.scale(block, step, half); }
    __device__ float minimum(int block, int half) const {
        return d.minimum(block, half) + 8 * d.scale(block, 0, half);
    }
};

// Codes of more than four bits: nibbles with the bits above them put on.
template <int kZero>
__device__ inline uint2 codes_to_bf16x2(uint32_t word, uint32_t above_a, uint32_t above_b, int step) {
    const uint32_t a = ((word >> (8 * step)) & 0x000f000fu) | above_a << 4 | 0x43004300u,
                   b = ((word >> (8 * step + 4)) & 0x000f000fu) | above_b << 4 | 0x43004300u;
    const __nv_bfloat162 zero = __float2bfloat162_rn(128.0f + kZero);
    return {bits(__hsub2(bf16x2(a), zero)), bits(__hsub2(bf16x2(b), zero))};
}

template <>
struct Unit<Format::q5_k> {
    static constexpr int kVectors = 1, kExtraBytes = 4, kScaleBytes = 10, kPlanes = 1, kGroups = 1;
    static constexpr bool kMin = true;
    uint4 v[kVectors];
    uint32_t above;  // bit (block * 2 + half) * 4 + pair, of the even weights low, of the odd ones high
    ScaledTwice d;
    __device__ void load(const Packed& w, size_t unit, int lane) {
        v[0] = __ldcs(w.data + unit * 32 + lane);
        above = __ldcs(reinterpret_cast<const uint32_t*>(w.data + w.units * 32) + unit * 32 + lane);
        d.load(w, unit, lane);
    }
    __device__ uint2 pairs(int block, int half, int step, int) const {
        const int first = (block * 2 + half) * 4 + 2 * step;
        return codes_to_bf16x2<16>(component(v[0], block * 2 + half), (above >> first) & 0x00010001u,
                                   (above >> (first + 1)) & 0x00010001u, step);
    }
    __device__ float scale(int block, int step, int half) const { return d.scale(block, step, half); }
    __device__ float minimum(int block, int half) const {
        return d.minimum(block, half) + 16 * d.scale(block, 0, half);
    }
};

template <>
struct Unit<Format::q6_k> {
    static constexpr int kVectors = 1, kExtraBytes = 8, kScaleBytes = 9, kPlanes = 1, kGroups = 2;
    static constexpr bool kMin = false;
    uint4 v[kVectors];
    uint2 above;  // [block]: two bits at 2 (half * 4 + pair), of the even weights low, of the odd ones high
    uint2 small;  // signed bytes [block][step][half]
    uint32_t large;  // F16 of rows g, g + 8
    __device__ void load(const Packed& w, size_t unit, int lane) {
        v[0] = __ldcs(w.data + unit * 32 + lane);
        above = __ldcs(reinterpret_cast<const uint2*>(w.data + w.units * 32) + unit * 32 + lane);
        const auto* at = static_cast<const uint2*>(w.scales);
        small = __ldcs(at + unit * 8 + lane / 4);
        large = __ldg(reinterpret_cast<const uint32_t*>(at + w.units * 8) + unit / 4 * 8 + lane / 4);
    }
    __device__ uint2 pairs(int block, int half, int step, int) const {
        const uint32_t high = block ? above.y : above.x;
        const int first = 2 * (half * 4 + 2 * step);
        return codes_to_bf16x2<32>(component(v[0], block * 2 + half), (high >> first) & 0x00030003u,
                                   (high >> (first + 2)) & 0x00030003u, step);
    }
    __device__ float scale(int block, int step, int half) const {
        return half_of(large, half) * signed_byte_of(small, (block * 2 + step) * 2 + half);
    }
    __device__ float minimum(int, int) const { return 0; }
};

inline constexpr Format kFormats[] = {Format::f32,  Format::f16,  Format::bf16, Format::q8_0, Format::q4_0,
                                      Format::q4_1, Format::q4_k, Format::q5_k, Format::q6_k};

// Calls `with` with a value whose kFormat is `format`.
template <Format F>
struct FormatTag {
    static constexpr Format kFormat = F;
};
template <class With>
void for_format(Format format, With&& with) {
    switch (format) {
        case Format::f32:
            return with(FormatTag<Format::f32>());
        case Format::f16:
            return with(FormatTag<Format::f16>());
        case Format::bf16:
            return with(FormatTag<Format::bf16>());
        case Format::q8_0:
            return with(FormatTag<Format::q8_0>());
        case Format::q4_0:
            return with(FormatTag<Format::q4_0>());
        case Format::q4_1:
            return with(FormatTag<Format::q4_1>());
        case Format::q4_k:
            return with(FormatTag<Format::q4_k>());
        case Format::q5_k:
            return with(FormatTag<Format::q5_k>());
        case Format::q6_k:
            return with(FormatTag<Format::q6_k>());
        default:
            raise(Fault::unsupported, "weights of format %d", static_cast<int>(format));
    }
}

// The eight weights of row `row` that lane `group % 4` has of block `group / 4`, as floats.
template <Format F>
__device__ inline void unpack(const Packed& w, int row, int group, float (&out)[8]) {
    const int tile = row / kTileRows, g = row % 8, half = row % kTileRows / 8;
    const int chunk = group / 8, block = group / 4 % 2, t = group % 4;
    Unit<F> unit;
    unit.load(w, static_cast<size_t>(tile) * w.chunks + chunk, g * 4 + t);
    for (int i = 0; i < 8; ++i) out[i] = 0;
    for (int plane = 0; plane < Unit<F>::kPlanes; ++plane)
        for (int step = 0; step < 2; ++step) {
            const uint2 pairs = unit.pairs(block, half, step, plane);
            const float2 a = bf16x2_to_floats(pairs.x), b = bf16x2_to_floats(pairs.y);
            float* at = out + step * 4;
            at[0] += a.x, at[1] += a.y, at[2] += b.x, at[3] += b.y;
        }
    for (int i = 0; i < 8; ++i) out[i] = out[i] * unit.scale(block, i / 4, half) + unit.minimum(block, half);
}

}  // namespace coda::runtime::cuda
