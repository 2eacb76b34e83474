#include "runtime/block_formats.h"

#include <cstring>

namespace coda::runtime {
namespace {

int byte_at(const std::byte* from, int index) {
    return std::to_integer<int>(from[index]);
}

float f16_at(const std::byte* from, int index) {
    uint16_t bits = 0;
    std::memcpy(&bits, from + index, sizeof bits);
    return f16_to_f32(bits);
}

void dequantize_q8_0(const std::byte* block, float* out) {
    const float d = f16_at(block, 0);
    for (int i = 0; i < 32; ++i) out[i] = d * static_cast<float>(static_cast<int8_t>(block[2 + i]));
}

// --- 32 elements of four or five bits: byte i holds the low four bits of elements i and 16 + i ---

void dequantize_q4_0(const std::byte* block, float* out) {
    const float d = f16_at(block, 0);
    for (int i = 0; i < 16; ++i) {
        const int pair = byte_at(block, 2 + i);
        out[i] = d * static_cast<float>((pair & 15) - 8);
        out[i + 16] = d * static_cast<float>((pair >> 4) - 8);
    }
}

void dequantize_q4_1(const std::byte* block, float* out) {
    const float d = f16_at(block, 0), m = f16_at(block, 2);
    for (int i = 0; i < 16; ++i) {
        const int pair = byte_at(block, 4 + i);
        out[i] = d * static_cast<float>(pair & 15) + m;
        out[i + 16] = d * static_cast<float>(pair >> 4) + m;
    }
}

// Code of element i, 0 to 31; the fifth bit is bit i of the word before the 16 bytes.
int q5_code(const std::byte* fifth_bits, int i) {
    const int pair = byte_at(fifth_bits, 4 + i % 16);
    return (i < 16 ? pair & 15 : pair >> 4) | ((byte_at(fifth_bits, i / 8) >> i % 8) & 1) << 4;
}

void dequantize_q5_0(const std::byte* block, float* out) {
    const float d = f16_at(block, 0);
    for (int i = 0; i < 32; ++i) out[i] = d * static_cast<float>(q5_code(block + 2, i) - 16);
}

void dequantize_q5_1(const std::byte* block, float* out) {
    const float d = f16_at(block, 0), m = f16_at(block, 2);
    for (int i = 0; i < 32; ++i) out[i] = d * static_cast<float>(q5_code(block + 4, i)) + m;
}

void dequantize_values(const std::byte* codes, const std::array<int8_t, 16>& values, float scale,
                       float* out) {
    for (int i = 0; i < 16; ++i) {
        const int pair = byte_at(codes, i);
        out[i] = scale * static_cast<float>(values[static_cast<size_t>(pair & 15)]);
        out[i + 16] = scale * static_cast<float>(values[static_cast<size_t>(pair >> 4)]);
    }
}

// --- 256 elements ---

// Bits 2 (i / 32) .. + 1 of byte i % 32 of the half that element i lies in; i from 0 to 127.
int two_bits(const std::byte* half, int i) {
    return (byte_at(half, i % 32) >> (2 * (i / 32))) & 3;
}

void dequantize_q2_k(const std::byte* block, float* out) {
    const std::byte *scales = block, *codes = block + 16;
    const float d = f16_at(block, 80), m = f16_at(block, 82);
    for (int group = 0; group < 16; ++group) {
        const float scale = d * static_cast<float>(byte_at(scales, group) & 15);
        const float offset = m * static_cast<float>(byte_at(scales, group) >> 4);
        for (int i = group * 16; i < group * 16 + 16; ++i)
            out[i] = scale * static_cast<float>(two_bits(codes + i / 128 * 32, i % 128)) - offset;
    }
}

// Bit i / 32 of byte i % 32 is the third bit of element i's code.
void dequantize_q3_k(const std::byte* block, float* out) {
    const std::byte *third_bits = block, *codes = block + 32, *scales = block + 96;
    const float d = f16_at(block, 108);
    for (int group = 0; group < 16; ++group) {
        const float scale = d * static_cast<float>(q3_k_scale(scales, group));
        for (int i = group * 16; i < group * 16 + 16; ++i) {
            const int third = (byte_at(third_bits, i % 32) >> (i / 32)) & 1;
            out[i] = scale * static_cast<float>((two_bits(codes + i / 128 * 32, i % 128) | third << 2) - 4);
        }
    }
}

// Group g of 32 has the low (g even) or high halves of bytes 32 (g / 2) .. + 31.
int k_nibble(const std::byte* codes, int group, int i) {
    const int pair = byte_at(codes, group / 2 * 32 + i);
    return group % 2 == 0 ? pair & 15 : pair >> 4;
}

void dequantize_q4_k(const std::byte* block, float* out) {
    const float d = f16_at(block, 0), m = f16_at(block, 2);
    for (int group = 0; group < 8; ++group) {
        const ScaleOffset packed = k_scale_offset(block + 4, group);
        const float scale = d * static_cast<float>(packed.scale),
                    offset = m * static_cast<float>(packed.offset);
        for (int i = 0; i < 32; ++i)
            *out++ = scale * static_cast<float>(k_nibble(block + 16, group, i)) - offset;
    }
}

// Bit g of byte i is the fifth bit of element i of group g.
void dequantize_q5_k(const std::byte* block, float* out) {
    const std::byte *fifth_bits = block + 16, *codes = block + 48;
    const float d = f16_at(block, 0), m = f16_at(block, 2);
    for (int group = 0; group < 8; ++group) {
        const ScaleOffset packed = k_scale_offset(block + 4, group);
        const float scale = d * static_cast<float>(packed.scale),
                    offset = m * static_cast<float>(packed.offset);
        for (int i = 0; i < 32; ++i) {
            const int fifth = (byte_at(fifth_bits, i) >> group) & 1;
            *out++ = scale * static_cast<float>(k_nibble(codes, group, i) | fifth << 4) - offset;
        }
    }
}

// In each half of 128: element i has the low (i < 64) or high half of byte i % 64, and two bits of byte i %
// 32 of the high bits.
void dequantize_q6_k(const std::byte* block, float* out) {
    const float d = f16_at(block, 208);
    for (int group = 0; group < 16; ++group) {
        const std::byte *low = block + group / 8 * 64, *high = block + 128 + group / 8 * 32;
        const float scale = d * static_cast<float>(static_cast<int8_t>(block[192 + group]));
        for (int i = group % 8 * 16; i < group % 8 * 16 + 16; ++i) {
            const int pair = byte_at(low, i % 64);
            const int code = (i < 64 ? pair & 15 : pair >> 4) | two_bits(high, i) << 4;
            *out++ = scale * static_cast<float>(code - 32);
        }
    }
}

void dequantize_iq4_xs(const std::byte* block, float* out) {
    const float d = f16_at(block, 0);
    for (int group = 0; group < 8; ++group)
        dequantize_values(block + 8 + group * 16, kIq4Values,
                          d * static_cast<float>(iq4_xs_scale(block, group)), out + group * 32);
}

}  // namespace

float mxfp4_scale(uint8_t exponent) {
    const uint32_t e = exponent;
    return std::bit_cast<float>(e < 2 ? uint32_t{0x200000} << e : (e - 1) << 23);
}

// Groups 0 to 3: six low bits of bytes g and 4 + g; groups 4 to 7: four bits each of byte 4 + g, above them
// the two high bits of bytes g - 4 and g.
ScaleOffset k_scale_offset(const std::byte* packed, int index) {
    if (index < 4) return {byte_at(packed, index) & 63, byte_at(packed, index + 4) & 63};
    const int low = byte_at(packed, index + 4);
    return {(low & 15) | byte_at(packed, index - 4) >> 6 << 4, low >> 4 | byte_at(packed, index) >> 6 << 4};
}

// Four low bits in the low (g < 8) or high half of byte g % 8, two high bits in byte 8 + g % 4.
int q3_k_scale(const std::byte* packed, int index) {
    const int low = byte_at(packed, index % 8) >> (index < 8 ? 0 : 4) & 15;
    return (low | (byte_at(packed, 8 + index % 4) >> (2 * (index / 4)) & 3) << 4) - 32;
}

// Four low bits in half g % 2 of byte 4 + g / 2, two high bits in the word at 2.
int iq4_xs_scale(const std::byte* block, int index) {
    const int low = byte_at(block, 4 + index / 2) >> (4 * (index % 2)) & 15;
    return (low | (byte_at(block, 2 + index / 4) >> (2 * (index % 4)) & 3) << 4) - 32;
}

void dequantize_block(DType dtype, const std::byte* block, float* out) {
    switch (dtype) {
        case DType::q8_0:
            return dequantize_q8_0(block, out);
        case DType::q4_0:
            return dequantize_q4_0(block, out);
        case DType::q4_1:
            return dequantize_q4_1(block, out);
        case DType::q5_0:
            return dequantize_q5_0(block, out);
        case DType::q5_1:
            return dequantize_q5_1(block, out);
        case DType::q2_k:
            return dequantize_q2_k(block, out);
        case DType::q3_k:
            return dequantize_q3_k(block, out);
        case DType::q4_k:
            return dequantize_q4_k(block, out);
        case DType::q5_k:
            return dequantize_q5_k(block, out);
        case DType::q6_k:
            return dequantize_q6_k(block, out);
        case DType::iq4_nl:
            return dequantize_values(block + 2, kIq4Values, f16_at(block, 0), out);
        case DType::iq4_xs:
            return dequantize_iq4_xs(block, out);
        case DType::mxfp4:
            return dequantize_values(block + 1, kMxfp4Values, mxfp4_scale(std::to_integer<uint8_t>(block[0])),
                                     out);
        default:
            CODA_ASSERT(false);
    }
}

}  // namespace coda::runtime
