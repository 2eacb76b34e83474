// GGUF's block formats: a few numbers in 16 to 256 bytes that stand for 32 or 256 elements. Exact values in
// plain scalar code: a product of d and an integer scale is rounded to a float before it multiplies a code,
// and nothing is fused, as ggml's reference does; every faster kernel is tested against this. Scales that are
// infinite or NaN give what IEEE arithmetic gives. Private to the room. Thread safety: pure functions.
#pragma once

#include "runtime/tensor.h"

namespace coda::runtime {

// Writes block_size(dtype).elements floats. Requires a dtype of blocks.
void dequantize_block(DType dtype, const std::byte* block, float* out);

// Appends one block for block_size(dtype).elements finite values. Requires a dtype of blocks.
void quantize_block(DType dtype, std::span<const float> values, std::vector<std::byte>& out);

// The value of each code of IQ4_NL and IQ4_XS.
inline constexpr std::array<int8_t, 16> kIq4Values = {-127, -104, -83, -65, -49, -35, -22, -10,
                                                      1,    13,   25,  38,  53,  69,  89,  113};
// Twice the value of each code of MXFP4: a sign, two bits of exponent, one of mantissa.
inline constexpr std::array<int8_t, 16> kMxfp4Values = {0, 1,  2,  3,  4,  6,  8,  12,
                                                        0, -1, -2, -3, -4, -6, -8, -12};

// Half of 2^(exponent - 127), which multiplies kMxfp4Values; 2^-128 for the exponent 0 and 2^127 for 255.
float mxfp4_scale(uint8_t exponent);

// Scale and offset of group `index` of 8 of a Q4_K or Q5_K block, 0 to 63 each; `packed` are its 12 bytes.
struct ScaleOffset {
    int scale, offset;
};
ScaleOffset k_scale_offset(const std::byte* packed, int index);
// Scale of group `index` of 16 of a Q3_K block, -32 to 31; `packed` are its 12 bytes.
int q3_k_scale(const std::byte* packed, int index);
// Scale of group `index` of 8 of an IQ4_XS block, -32 to 31.
int iq4_xs_scale(const std::byte* block, int index);

}  // namespace coda::runtime
