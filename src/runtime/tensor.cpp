#include "runtime/tensor.h"

#include "runtime/block_formats.h"

#include <bit>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

namespace coda::runtime {

namespace {

struct ElementFormat {
    const char* name;
    BlockSize block;
    bool weight;
};

// In the order of DType.
constexpr ElementFormat kFormats[] = {
    {"f32", {1, 4}, true},      {"f16", {1, 2}, true},        {"bf16", {1, 2}, true},
    {"i8", {1, 1}, false},      {"i16", {1, 2}, false},       {"i32", {1, 4}, false},
    {"i64", {1, 8}, false},     {"f64", {1, 8}, false},       {"q8_0", {32, 34}, true},
    {"q4_0", {32, 18}, true},   {"q4_1", {32, 20}, true},     {"q5_0", {32, 22}, true},
    {"q5_1", {32, 24}, true},   {"q2_k", {256, 84}, true},    {"q3_k", {256, 110}, true},
    {"q4_k", {256, 144}, true}, {"q5_k", {256, 176}, true},   {"q6_k", {256, 210}, true},
    {"iq4_nl", {32, 18}, true}, {"iq4_xs", {256, 136}, true}, {"mxfp4", {32, 17}, true},
};
static_assert(std::size(kFormats) == static_cast<size_t>(DType::mxfp4) + 1);

const ElementFormat& format_of(DType dtype) {
    return kFormats[static_cast<size_t>(dtype)];
}

}  // namespace

const char* to_string(DType dtype) {
    return format_of(dtype).name;
}

BlockSize block_size(DType dtype) {
    return format_of(dtype).block;
}

bool is_weight(DType dtype) {
    return format_of(dtype).weight;
}

// --- Shape ---

Shape::Shape(std::initializer_list<int64_t> dims) {
    auto shape = checked(std::span(dims.begin(), dims.size()));
    CODA_ASSERT(shape.has_value());
    *this = *shape;
}

Result<Shape> Shape::checked(std::span<const int64_t> dims) {
    if (dims.size() > kMaxRank)
        return fail(ErrorCode::unsupported, fmt::format("has {} dimensions, at most {} are read", dims.size(),
                                                        static_cast<int>(kMaxRank)));
    Shape shape;
    int64_t product = 1;
    for (const int64_t extent : dims) {
        if (extent < 0 || __builtin_mul_overflow(product, extent, &product))
            return fail(ErrorCode::bad_format, fmt::format("has an impossible extent ({})", extent));
        shape.dims_[static_cast<size_t>(shape.rank_++)] = extent;
    }
    return shape;
}

int64_t Shape::elements() const {
    int64_t product = 1;
    for (int i = 0; i < rank_; ++i) product *= (*this)[i];
    return product;
}

int64_t Shape::rows() const {
    int64_t product = 1;
    for (int i = 0; i + 1 < rank_; ++i) product *= (*this)[i];
    return product;
}

std::string to_string(const Shape& shape) {
    std::string text = "[";
    for (int i = 0; i < shape.rank(); ++i) text += fmt::format("{}{}", i ? ", " : "", shape[i]);
    return text + "]";
}

Result<size_t> byte_size(DType dtype, const Shape& shape) {
    const BlockSize block = block_size(dtype);
    if (shape.columns() % block.elements != 0)
        return fail(ErrorCode::bad_format, fmt::format("rows of {} elements are not whole blocks of {} ({})",
                                                       shape.columns(), block.elements, to_string(dtype)));
    int64_t bytes = 0;
    if (__builtin_mul_overflow(shape.elements() / block.elements, static_cast<int64_t>(block.bytes), &bytes))
        return fail(ErrorCode::bad_format, "is larger than any file");
    return static_cast<size_t>(bytes);
}

std::span<const std::byte> TensorView::row(int64_t index) const {
    const BlockSize block = block_size(dtype);
    const size_t stride = static_cast<size_t>(shape.columns() / block.elements * block.bytes);
    return bytes.subspan(static_cast<size_t>(index) * stride, stride);
}

TensorView slice_rows(const TensorView& tensor, int64_t first, int64_t count) {
    CODA_ASSERT(first >= 0 && count >= 0 && first + count <= tensor.shape.rows());
    const size_t stride =
        tensor.shape.rows() == 0 ? 0 : tensor.bytes.size() / static_cast<size_t>(tensor.shape.rows());
    const Shape shape = tensor.shape.rank() == 1 ? Shape{count * tensor.shape.columns()}
                                                 : Shape{count, tensor.shape.columns()};
    return {tensor.name, tensor.dtype, shape,
            tensor.bytes.subspan(static_cast<size_t>(first) * stride, static_cast<size_t>(count) * stride)};
}

// --- conversions ---

float f16_to_f32(uint16_t bits) {
    const uint32_t sign = static_cast<uint32_t>(bits & 0x8000) << 16;
    const uint32_t exponent = (bits >> 10) & 0x1f;
    const uint32_t mantissa = bits & 0x3ff;
    if (exponent == 0) {  // zero or subnormal: mantissa x 2^-24
        const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
        return sign ? -magnitude : magnitude;
    }
    const uint32_t exponent32 = exponent == 31 ? 255 : exponent + 112;
    return std::bit_cast<float>(sign | (exponent32 << 23) | (mantissa << 13));
}

uint16_t f32_to_f16(float value) {
    const uint32_t bits = std::bit_cast<uint32_t>(value);
    const auto sign = static_cast<uint16_t>((bits >> 16) & 0x8000);
    const uint32_t magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000) return static_cast<uint16_t>(sign | 0x7e00);   // NaN
    if (magnitude >= 0x477ff000) return static_cast<uint16_t>(sign | 0x7c00);  // rounds to infinity
    if (magnitude < 0x38800000) {  // subnormal: a multiple of 2^-24
        const float scaled = std::bit_cast<float>(magnitude) * 0x1p24f;
        return static_cast<uint16_t>(sign | static_cast<uint16_t>(std::nearbyint(scaled)));
    }
    const uint32_t rounded = magnitude + 0xfff + ((magnitude >> 13) & 1);
    return static_cast<uint16_t>(sign | ((rounded - 0x38000000) >> 13));
}

uint16_t f32_to_bf16(float value) {
    const uint32_t bits = std::bit_cast<uint32_t>(value);
    if ((bits & 0x7fffffff) > 0x7f800000) return static_cast<uint16_t>((bits >> 16) | 0x40);
    return static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

namespace {

template <class T>
T load(const std::byte* from) {
    T value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

float load_f16(const std::byte* from) {
    return f16_to_f32(load<uint16_t>(from));
}

}  // namespace

void dequantize_row(DType dtype, std::span<const std::byte> row, std::span<float> out) {
    CODA_ASSERT(is_weight(dtype));
    const BlockSize block = block_size(dtype);
    const size_t blocks = out.size() / static_cast<size_t>(block.elements);
    CODA_ASSERT(blocks * static_cast<size_t>(block.elements) == out.size() &&
                blocks * static_cast<size_t>(block.bytes) == row.size());
    const std::byte* in = row.data();
    for (size_t i = 0; i < blocks; ++i, in += block.bytes) {
        float* to = out.data() + i * static_cast<size_t>(block.elements);
        switch (dtype) {
            case DType::f32:
                *to = load<float>(in);
                break;
            case DType::f16:
                *to = load_f16(in);
                break;
            case DType::bf16:
                *to = bf16_to_f32(load<uint16_t>(in));
                break;
            default:
                dequantize_block(dtype, in, to);
        }
    }
}

std::vector<float> to_floats(const TensorView& tensor) {
    std::vector<float> values(static_cast<size_t>(tensor.shape.elements()));
    dequantize_row(tensor.dtype, tensor.bytes, values);
    return values;
}

namespace {

template <class T>
void append(std::vector<std::byte>& out, T value) {
    const auto* bytes = reinterpret_cast<const std::byte*>(&value);
    out.insert(out.end(), bytes, bytes + sizeof value);
}

}  // namespace

std::vector<std::byte> quantize(DType dtype, std::span<const float> values) {
    CODA_ASSERT(is_weight(dtype));
    const auto elements = static_cast<size_t>(block_size(dtype).elements);
    CODA_ASSERT(values.size() % elements == 0);
    std::vector<std::byte> out;
    out.reserve(values.size() / elements * static_cast<size_t>(block_size(dtype).bytes));
    for (size_t i = 0; i < values.size(); i += elements) {
        const auto block = values.subspan(i, elements);
        switch (dtype) {
            case DType::f32:
                append(out, block[0]);
                break;
            case DType::f16:
                append(out, f32_to_f16(block[0]));
                break;
            case DType::bf16:
                append(out, f32_to_bf16(block[0]));
                break;
            default:
                quantize_block(dtype, block, out);
        }
    }
    return out;
}

}  // namespace coda::runtime
