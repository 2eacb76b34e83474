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

// Block formats are named and laid out as in GGUF.
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

// The inverse of dequantize_row for tests, tools and tuning: nearest-rounding, as GGUF's reference quantizers
// do.
std::vector<std::byte> quantize(DType dtype, std::span<const float> values);

}  // namespace coda::runtime
