// What a weight file holds: element types, shapes, and views of bytes that someone else owns; with the
// conversions between them in plain scalar code, which every faster kernel is tested against. Thread safety:
// plain values and pure functions.
#pragma once

#include "base/result.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

namespace coda::runtime {

// Block formats are named and laid out as in GGUF: fields in the order given, little-endian; `code` is the
// unsigned number in an element's bits. block_formats.cpp says which bits are whose.
enum class DType : uint8_t {
    f32,
    f16,
    bf16,
    i8,
    i16,
    i32,
    i64,
    f64,
    q8_0,  // 32 elements: f16 d, 32 x i8;               x = d q
    q4_0,  // 32 elements: f16 d, 16 bytes of two;       x = d (q - 8)
    q4_1,  // 32 elements: f16 d, f16 m, 16 bytes;       x = d q + m
    // 32 elements; the fifth bits of all codes come first, in a word.
    q5_0,  // f16 d, u32 fifth bits, 16 bytes of two:           x = d (code - 16)
    q5_1,  // f16 d, f16 m, u32 fifth bits, 16 bytes of two:    x = d code + m
    // 256 elements in groups of 16 or 32, each with a scale (and an offset) of few bits.
    q2_k,  // 16 bytes (scale, offset), 64 bytes of four, f16 d, f16 m:                 x = d scale code - m
           // offset
    q3_k,  // 32 bytes of third bits, 64 bytes of four, 12 bytes of scales, f16 d:      x = d (scale -
           // 32)(code - 4)
    q4_k,  // f16 d, f16 m, 12 bytes of (scale, offset), 128 bytes of two:              x = d scale code - m
           // offset
    q5_k,  // f16 d, f16 m, 12 bytes of (scale, offset), 32 of fifth bits, 128 of two:  x = d scale code - m
           // offset
    q6_k,  // 128 bytes of low halves, 64 of high bits, 16 x i8 scale, f16 d:           x = d scale (code -
           // 32)
    // Codes that name one of 16 values, closer together near zero.
    iq4_nl,  // 32 elements: f16 d, 16 bytes of two;                                    x = d value[code]
    iq4_xs,  // 256 elements: f16 d, u16 and 4 bytes of scales, 128 bytes of two;       x = d (scale - 32)
             // value[code]
    mxfp4,   // 32 elements: u8 exponent, 16 bytes of two;                              x = 2^(exponent - 127)
             // e2m1[code]
};

const char* to_string(DType dtype);  // "q4_1"

struct BlockSize {
    int elements;
    int bytes;
};
BlockSize block_size(DType dtype);

// Up to four extents, the outermost first: a matrix of R rows of C is {R, C}, whatever order its file wrote.
class Shape {
  public:
    static constexpr int kMaxRank = 4;

    Shape() = default;  // a scalar
    Shape(std::initializer_list<int64_t> dims);
    // Nothing when there are more than kMaxRank extents, one is negative, or their product overflows.
    static Result<Shape> checked(std::span<const int64_t> dims);

    int rank() const { return rank_; }
    int64_t operator[](int i) const { return dims_[static_cast<size_t>(i)]; }
    int64_t elements() const;
    // As a matrix of contiguous rows: the last extent (1 for a scalar), and the product of the others.
    int64_t columns() const { return rank_ == 0 ? 1 : dims_[static_cast<size_t>(rank_ - 1)]; }
    int64_t rows() const;
    bool operator==(const Shape&) const = default;

  private:
    std::array<int64_t, kMaxRank> dims_{};
    int rank_ = 0;
};

std::string to_string(const Shape& shape);  // "[49152, 576]"

// Bytes that `elements` of `dtype` in rows of `columns` take. Fails when the columns are not whole blocks or
// the product overflows.
Result<size_t> byte_size(DType dtype, const Shape& shape);

// A named view; the bytes belong to whoever made it (for a file's tensors: its Weights).
struct TensorView {
    std::string name;
    DType dtype = DType::f32;
    Shape shape;
    std::span<const std::byte> bytes;

    bool empty() const { return bytes.empty(); }
    // Bytes of one row of columns() elements.
    std::span<const std::byte> row(int64_t index) const;
};

// A view of rows [first, first + count) of a matrix.
TensorView slice_rows(const TensorView& tensor, int64_t first, int64_t count);

float f16_to_f32(uint16_t bits);
uint16_t f32_to_f16(float value);  // rounds to nearest even
inline float bf16_to_f32(uint16_t bits) {
    return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}
uint16_t f32_to_bf16(float value);  // rounds to nearest even; a NaN stays a NaN

// True when rows of `dtype` can be read as floats (all but the integers wider than a weight needs).
bool is_weight(DType dtype);

// Writes out.size() floats from one row of whole blocks; `row` holds exactly as many bytes as they take.
// Requires is_weight(dtype).
void dequantize_row(DType dtype, std::span<const std::byte> row, std::span<float> out);

// The whole tensor as floats.
std::vector<float> to_floats(const TensorView& tensor);

// The inverse of dequantize_row for tests, tools and tuning: scales from the extremes of each group, codes to
// the nearest. For Q8_0, Q4_0 and Q4_1 that is what GGUF's reference quantizers do; for the others those
// search for better scales, so files for use are made with llama.cpp's.
std::vector<std::byte> quantize(DType dtype, std::span<const float> values);

}  // namespace coda::runtime
