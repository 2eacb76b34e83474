// quantize_block: what tensor.h's quantize says of it.
#include "runtime/block_formats.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace coda::runtime {
namespace {

using Values = std::span<const float>;

template <class T>
void append(std::vector<std::byte>& out, T value) {
    const auto* bytes = reinterpret_cast<const std::byte*>(&value);
    out.insert(out.end(), bytes, bytes + sizeof value);
}

float extreme_of(Values x) {
    return *std::max_element(x.begin(), x.end(),
                             [](float a, float b) { return std::fabs(a) < std::fabs(b); });
}

float inverse_of(float scale) {
    return scale != 0 ? 1 / scale : 0;
}

int nearest(float x, int low, int high) {
    return std::clamp(static_cast<int>(std::lround(x)), low, high);
}

// Codes of 32 elements in 16 bytes: element i in the low half of byte i, 16 + i in the high.
void append_nibbles(std::vector<std::byte>& out, const std::array<int, 32>& codes) {
    for (size_t i = 0; i < 16; ++i)
        append(out, static_cast<uint8_t>((codes[i] & 15) | (codes[i + 16] & 15) << 4));
}

// As ggml rounds: codes are not negative, so the half is added and the rest cut off.
std::array<int, 32> codes_of(Values x, float scale, float shift, float half, int largest) {
    std::array<int, 32> codes;
    const float inverse = inverse_of(scale);
    for (size_t i = 0; i < 32; ++i)
        codes[i] = std::clamp(static_cast<int>((x[i] - shift) * inverse + half), 0, largest);
    return codes;
}

void append_fifth_bits(std::vector<std::byte>& out, const std::array<int, 32>& codes) {
    uint32_t bits = 0;
    for (size_t i = 0; i < 32; ++i) bits |= static_cast<uint32_t>(codes[i] >> 4) << i;
    append(out, bits);
}

void quantize_q8_0(Values x, std::vector<std::byte>& out) {
    const float d = std::fabs(extreme_of(x)) / 127;
    append(out, f32_to_f16(d));
    for (const float v : x) append(out, static_cast<int8_t>(d > 0 ? std::roundf(v / d) : 0));
}

// Q4_0 (`center` 8) and Q5_0 (16).
void quantize_centered(Values x, int center, std::vector<std::byte>& out) {
    const float d = extreme_of(x) / static_cast<float>(-center);
    const auto codes = codes_of(x, d, 0, static_cast<float>(center) + 0.5f, 2 * center - 1);
    append(out, f32_to_f16(d));
    if (center == 16) append_fifth_bits(out, codes);
    append_nibbles(out, codes);
}

// Q4_1 (`largest` code 15) and Q5_1 (31).
void quantize_offset(Values x, int largest, std::vector<std::byte>& out) {
    const auto [low, high] = std::minmax_element(x.begin(), x.end());
    const float d = (*high - *low) / static_cast<float>(largest);
    const auto codes = codes_of(x, d, *low, 0.5f, largest);
    append(out, f32_to_f16(d));
    append(out, f32_to_f16(*low));
    if (largest == 31) append_fifth_bits(out, codes);
    append_nibbles(out, codes);
}

int nearest_value(const std::array<int8_t, 16>& values, float x) {
    const auto best = std::min_element(values.begin(), values.end(), [x](int8_t a, int8_t b) {
        return std::fabs(x - static_cast<float>(a)) < std::fabs(x - static_cast<float>(b));
    });
    return static_cast<int>(best - values.begin());
}

void append_values(Values x, const std::array<int8_t, 16>& values, float scale, std::vector<std::byte>& out) {
    std::array<int, 32> codes;
    for (size_t i = 0; i < 32; ++i) codes[i] = nearest_value(values, x[i] * inverse_of(scale));
    append_nibbles(out, codes);
}

void quantize_iq4_nl(Values x, std::vector<std::byte>& out) {
    const float d = extreme_of(x) / kIq4Values[0];
    append(out, f32_to_f16(d));
    append_values(x, kIq4Values, d, out);
}

void quantize_mxfp4(Values x, std::vector<std::byte>& out) {
    const float largest = std::fabs(extreme_of(x));
    const int exponent = largest > 0 ? std::clamp(std::ilogb(largest) - 2 + 127, 0, 254) : 0;
    append(out, static_cast<uint8_t>(exponent));
    append_values(x, kMxfp4Values, mxfp4_scale(static_cast<uint8_t>(exponent)), out);
}

// --- 256 elements: the groups' scales become multiples of one ---

struct Scales {
    uint16_t d = 0;               // f16
    std::array<int, 16> codes{};  // scale = d code
    float value(int group) const {
        return f16_to_f32(d) * static_cast<float>(codes[static_cast<size_t>(group)]);
    }
};

Scales code_scales(Values scales, int low, int high) {
    Scales coded;
    coded.d = f32_to_f16(std::fabs(extreme_of(scales)) / static_cast<float>(high));
    const float inverse = inverse_of(f16_to_f32(coded.d));
    for (size_t i = 0; i < scales.size(); ++i) coded.codes[i] = nearest(scales[i] * inverse, low, high);
    return coded;
}

struct Coded {
    Scales scales, offsets;
    std::array<int, 256> codes{};
};

// x = scale code - offset in `groups` groups; offsets are not negative.
Coded code_with_offsets(Values x, int groups, int largest, int largest_scale) {
    std::array<float, 16> scales{}, offsets{};
    const size_t each = x.size() / static_cast<size_t>(groups);
    for (size_t g = 0; g < static_cast<size_t>(groups); ++g) {
        const auto [low, high] = std::minmax_element(x.begin() + static_cast<std::ptrdiff_t>(g * each),
                                                     x.begin() + static_cast<std::ptrdiff_t>((g + 1) * each));
        offsets[g] = -std::min(*low, 0.0f);
        scales[g] = (std::max(*high, 0.0f) + offsets[g]) / static_cast<float>(largest);
    }
    Coded coded;
    coded.scales = code_scales(Values(scales).first(static_cast<size_t>(groups)), 0, largest_scale);
    coded.offsets = code_scales(Values(offsets).first(static_cast<size_t>(groups)), 0, largest_scale);
    for (size_t i = 0; i < x.size(); ++i) {
        const int group = static_cast<int>(i / each);
        coded.codes[i] =
            nearest((x[i] + coded.offsets.value(group)) * inverse_of(coded.scales.value(group)), 0, largest);
    }
    return coded;
}

// x = scale (code - center) in 16 groups.
Coded code_centered(Values x, int center, int lowest_scale, int largest_scale) {
    std::array<float, 16> scales{};
    for (size_t g = 0; g < 16; ++g)
        scales[g] = extreme_of(x.subspan(g * 16, 16)) / static_cast<float>(-center);
    Coded coded;
    coded.scales = code_scales(scales, lowest_scale, largest_scale);
    for (size_t i = 0; i < x.size(); ++i)
        coded.codes[i] = center + nearest(x[i] * inverse_of(coded.scales.value(static_cast<int>(i / 16))),
                                          -center, center - 1);
    return coded;
}

using Block256 = std::array<uint8_t, 256>;  // longer than any

void put(Block256& block, size_t index, int bits) {
    block[index] = static_cast<uint8_t>(block[index] | bits);
}

void put_half(Block256& block, size_t index, uint16_t half) {
    std::memcpy(block.data() + index, &half, sizeof half);
}

void put_two_bits(Block256& block, size_t at, const std::array<int, 256>& codes, int shift) {
    for (size_t i = 0; i < 256; ++i)
        put(block, at + i / 128 * 32 + i % 32, (codes[i] >> shift & 3) << (2 * (i % 128 / 32)));
}

void put_k_scales(Block256& block, size_t at, const Coded& coded) {
    for (size_t g = 0; g < 8; ++g) {
        const int scale = coded.scales.codes[g], offset = coded.offsets.codes[g];
        if (g < 4) {
            put(block, at + g, scale);
            put(block, at + g + 4, offset);
        } else {
            put(block, at + g + 4, (scale & 15) | (offset & 15) << 4);
            put(block, at + g - 4, scale >> 4 << 6);
            put(block, at + g, offset >> 4 << 6);
        }
    }
}

void put_k_nibbles(Block256& block, size_t at, const std::array<int, 256>& codes) {
    for (size_t i = 0; i < 256; ++i)
        put(block, at + i / 64 * 32 + i % 32, (codes[i] & 15) << (i / 32 % 2 == 0 ? 0 : 4));
}

Block256 quantize_q2_k(Values x) {
    const Coded coded = code_with_offsets(x, 16, 3, 15);
    Block256 block{};
    for (size_t g = 0; g < 16; ++g) put(block, g, coded.scales.codes[g] | coded.offsets.codes[g] << 4);
    put_two_bits(block, 16, coded.codes, 0);
    put_half(block, 80, coded.scales.d);
    put_half(block, 82, coded.offsets.d);
    return block;
}

Block256 quantize_q3_k(Values x) {
    const Coded coded = code_centered(x, 4, -32, 31);
    Block256 block{};
    for (size_t i = 0; i < 256; ++i) put(block, i % 32, coded.codes[i] >> 2 << (i / 32));
    put_two_bits(block, 32, coded.codes, 0);
    for (size_t g = 0; g < 16; ++g) {
        const int code = coded.scales.codes[g] + 32;
        put(block, 96 + g % 8, (code & 15) << (g < 8 ? 0 : 4));
        put(block, 104 + g % 4, code >> 4 << (2 * (g / 4)));
    }
    put_half(block, 108, coded.scales.d);
    return block;
}

Block256 quantize_q4_k(Values x) {
    const Coded coded = code_with_offsets(x, 8, 15, 63);
    Block256 block{};
    put_half(block, 0, coded.scales.d);
    put_half(block, 2, coded.offsets.d);
    put_k_scales(block, 4, coded);
    put_k_nibbles(block, 16, coded.codes);
    return block;
}

Block256 quantize_q5_k(Values x) {
    const Coded coded = code_with_offsets(x, 8, 31, 63);
    Block256 block{};
    put_half(block, 0, coded.scales.d);
    put_half(block, 2, coded.offsets.d);
    put_k_scales(block, 4, coded);
    for (size_t i = 0; i < 256; ++i) put(block, 16 + i % 32, coded.codes[i] >> 4 << (i / 32));
    put_k_nibbles(block, 48, coded.codes);
    return block;
}

Block256 quantize_q6_k(Values x) {
    const Coded coded = code_centered(x, 32, -128, 127);
    Block256 block{};
    for (size_t i = 0; i < 256; ++i)
        put(block, i / 128 * 64 + i % 64, (coded.codes[i] & 15) << (i % 128 < 64 ? 0 : 4));
    put_two_bits(block, 128, coded.codes, 4);
    for (size_t g = 0; g < 16; ++g) block[192 + g] = static_cast<uint8_t>(coded.scales.codes[g]);
    put_half(block, 208, coded.scales.d);
    return block;
}

void quantize_iq4_xs(Values x, std::vector<std::byte>& out) {
    std::array<float, 8> extremes;
    for (size_t g = 0; g < 8; ++g) extremes[g] = extreme_of(x.subspan(g * 32, 32)) / kIq4Values[0];
    const Scales scales = code_scales(extremes, -32, 31);
    uint16_t high = 0;
    std::array<uint8_t, 4> low{};
    for (size_t g = 0; g < 8; ++g) {
        const int code = scales.codes[g] + 32;
        high = static_cast<uint16_t>(high | code >> 4 << (2 * g));
        low[g / 2] = static_cast<uint8_t>(low[g / 2] | (code & 15) << (4 * (g % 2)));
    }
    append(out, scales.d);
    append(out, high);
    append(out, low);
    for (size_t g = 0; g < 8; ++g)
        append_values(x.subspan(g * 32, 32), kIq4Values, scales.value(static_cast<int>(g)), out);
}

void append_block(const Block256& block, DType dtype, std::vector<std::byte>& out) {
    const auto bytes = std::as_bytes(std::span(block)).first(static_cast<size_t>(block_size(dtype).bytes));
    out.insert(out.end(), bytes.begin(), bytes.end());
}

}  // namespace

void quantize_block(DType dtype, std::span<const float> values, std::vector<std::byte>& out) {
    switch (dtype) {
        case DType::q8_0:
            return quantize_q8_0(values, out);
        case DType::q4_0:
            return quantize_centered(values, 8, out);
        case DType::q5_0:
            return quantize_centered(values, 16, out);
        case DType::q4_1:
            return quantize_offset(values, 15, out);
        case DType::q5_1:
            return quantize_offset(values, 31, out);
        case DType::q2_k:
            return append_block(quantize_q2_k(values), dtype, out);
        case DType::q3_k:
            return append_block(quantize_q3_k(values), dtype, out);
        case DType::q4_k:
            return append_block(quantize_q4_k(values), dtype, out);
        case DType::q5_k:
            return append_block(quantize_q5_k(values), dtype, out);
        case DType::q6_k:
            return append_block(quantize_q6_k(values), dtype, out);
        case DType::iq4_nl:
            return quantize_iq4_nl(values, out);
        case DType::iq4_xs:
            return quantize_iq4_xs(values, out);
        case DType::mxfp4:
            return quantize_mxfp4(values, out);
        default:
            CODA_ASSERT(false);
    }
}

}  // namespace coda::runtime
