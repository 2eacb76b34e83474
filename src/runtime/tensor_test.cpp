#include "runtime/tensor.h"

#include "base/file_map.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include <gtest/gtest.h>

namespace coda::runtime {
namespace {

TEST(Half, EveryValueSurvivesTheRoundTrip) {
    for (uint32_t bits = 0; bits < 0x10000; ++bits) {
        const auto half = static_cast<uint16_t>(bits);
        const float value = f16_to_f32(half);
        if (std::isnan(value)) {
            EXPECT_TRUE(std::isnan(f16_to_f32(f32_to_f16(value))));
            continue;
        }
        EXPECT_EQ(f32_to_f16(value), half) << value;
    }
}

TEST(Half, KnownValuesAndRounding) {
    EXPECT_EQ(f16_to_f32(0x3c00), 1.0f);
    EXPECT_EQ(f16_to_f32(0x7bff), 65504.0f);
    EXPECT_EQ(f16_to_f32(0x0001), 0x1p-24f);
    EXPECT_EQ(f32_to_f16(65520.0f), 0x7c00);  // half way to the next: infinity
    EXPECT_EQ(f32_to_f16(65519.0f), 0x7bff);
    EXPECT_EQ(f32_to_f16(1.0f + 0x1p-11f), 0x3c00);    // a tie goes to even
    EXPECT_EQ(f32_to_f16(1.0f + 0x1.8p-10f), 0x3c02);  // a tie goes to even
    EXPECT_EQ(f32_to_f16(0x1p-25f), 0x0000);
    EXPECT_EQ(f32_to_f16(0x1.1p-25f), 0x0001);
}

TEST(Bfloat, RoundsToNearestEven) {
    EXPECT_EQ(f32_to_bf16(1.0f), 0x3f80);
    EXPECT_EQ(f32_to_bf16(1.0f + 0x1p-8f), 0x3f80);
    EXPECT_EQ(f32_to_bf16(1.0f + 0x1.8p-7f), 0x3f82);
    EXPECT_TRUE(std::isnan(bf16_to_f32(f32_to_bf16(std::numeric_limits<float>::quiet_NaN()))));
}

TEST(Shape, RefusesWhatOverflows) {
    const int64_t huge[] = {int64_t{1} << 40, int64_t{1} << 40};
    EXPECT_FALSE(Shape::checked(huge));
    const int64_t negative[] = {2, -1};
    EXPECT_FALSE(Shape::checked(negative));
    const int64_t deep[] = {1, 1, 1, 1, 1};
    EXPECT_FALSE(Shape::checked(deep));
    EXPECT_FALSE(byte_size(DType::f32, Shape{int64_t{1} << 62}));
    EXPECT_FALSE(byte_size(DType::q4_0, Shape{4, 33}));
    EXPECT_EQ(*byte_size(DType::q4_1, Shape{4, 64}), 4u * 2 * 20);
    EXPECT_EQ(Shape{}.elements(), 1);
    EXPECT_EQ((Shape{2, 3, 4}.rows()), 6);
}

class Quantized : public testing::TestWithParam<std::pair<DType, double>> {};

TEST_P(Quantized, ComesBackWithinTheStepOfItsFormat) {
    const auto [dtype, bound] = GetParam();
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    std::vector<float> values(4096);
    for (float& v : values) v = normal(random);
    const auto bytes = quantize(dtype, values);
    ASSERT_EQ(bytes.size(), *byte_size(dtype, Shape{4096}));
    std::vector<float> back(values.size());
    dequantize_row(dtype, bytes, back);
    double error = 0, power = 0;
    for (size_t i = 0; i < values.size(); ++i) {
        error += std::pow(values[i] - back[i], 2.0);
        power += std::pow(values[i], 2.0);
    }
    EXPECT_LE(error / power, bound) << to_string(dtype);
}

INSTANTIATE_TEST_SUITE_P(Formats, Quantized,
                         testing::Values(std::pair{DType::f32, 0.0}, std::pair{DType::f16, 1e-7},
                                         std::pair{DType::bf16, 1e-5}, std::pair{DType::q8_0, 1e-4},
                                         std::pair{DType::q4_0, 1.5e-2}, std::pair{DType::q4_1, 1e-2},
                                         std::pair{DType::q5_0, 4e-3}, std::pair{DType::q5_1, 2.5e-3},
                                         std::pair{DType::q2_k, 0.2}, std::pair{DType::q3_k, 5e-2},
                                         std::pair{DType::q4_k, 1e-2}, std::pair{DType::q5_k, 2.5e-3},
                                         std::pair{DType::q6_k, 1e-3}, std::pair{DType::iq4_nl, 1e-2},
                                         std::pair{DType::iq4_xs, 1e-2}, std::pair{DType::mxfp4, 2e-2}),
                         [](const auto& format) { return std::string(to_string(format.param.first)); });

TEST(Quantized, KnownBlocks) {
    // d = 2, m = -1; the first byte holds codes 3 (element 0) and 5 (element 16).
    std::vector<std::byte> block(20, std::byte{0});
    const uint16_t d = f32_to_f16(2), m = f32_to_f16(-1);
    std::memcpy(block.data(), &d, 2);
    std::memcpy(block.data() + 2, &m, 2);
    block[4] = std::byte{0x53};
    std::vector<float> out(32);
    dequantize_row(DType::q4_1, block, out);
    EXPECT_EQ(out[0], 5);
    EXPECT_EQ(out[1], -1);
    EXPECT_EQ(out[16], 9);
    block.erase(block.begin() + 2, block.begin() + 4);
    dequantize_row(DType::q4_0, block, out);
    EXPECT_EQ(out[0], -10);
    EXPECT_EQ(out[16], -6);
    EXPECT_EQ(out[31], -16);
}

// Blocks of every format with ggml's and gguf-py's floats (tests/golden/quants/make_quants.py), infinite
// scales among them.
TEST(Quantized, DequantizesAsGgmlBitForBit) {
    const auto path = std::filesystem::path(CODA_SOURCE_DIR) / "tests/golden/quants/quants.bin";
    const auto file = FileMap::open(path);
    ASSERT_TRUE(file) << file.error().message();
    struct Header {
        char name[8];
        uint32_t blocks, bytes, elements;
    };
    int formats = 0;
    for (auto rest = file->bytes(); !rest.empty(); ++formats) {
        Header header;
        ASSERT_GE(rest.size(), sizeof header);
        std::memcpy(&header, rest.data(), sizeof header);
        rest = rest.subspan(sizeof header);
        DType dtype = DType::f32;
        while (dtype < DType::mxfp4 && std::string(to_string(dtype)) != header.name)
            dtype = static_cast<DType>(static_cast<int>(dtype) + 1);
        ASSERT_EQ(block_size(dtype).bytes, static_cast<int>(header.bytes)) << header.name;
        ASSERT_EQ(block_size(dtype).elements, static_cast<int>(header.elements)) << header.name;
        const size_t bytes = size_t{header.blocks} * header.bytes,
                     count = size_t{header.blocks} * header.elements;
        ASSERT_GE(rest.size(), bytes + count * sizeof(float));
        std::vector<float> out(count), expected(count);
        dequantize_row(dtype, rest.first(bytes), out);
        std::memcpy(expected.data(), rest.data() + bytes, count * sizeof(float));
        for (size_t i = 0; i < count; ++i)
            if (!std::isnan(out[i]) || !std::isnan(expected[i])) {
                ASSERT_EQ(std::bit_cast<uint32_t>(out[i]), std::bit_cast<uint32_t>(expected[i]))
                    << header.name << " block " << i / header.elements << " element " << i % header.elements
                    << ": " << out[i] << " for " << expected[i];
            }
        rest = rest.subspan(bytes + count * sizeof(float));
    }
    EXPECT_EQ(formats, 13);
}

TEST(Tensor, SlicesRows) {
    const std::vector<float> values = {1, 2, 3, 4, 5, 6};
    const TensorView matrix{"m", DType::f32, {3, 2}, std::as_bytes(std::span(values))};
    EXPECT_EQ(to_floats(slice_rows(matrix, 1, 2)), (std::vector<float>{3, 4, 5, 6}));
    const TensorView vector{"v", DType::f32, {6}, std::as_bytes(std::span(values))};
    EXPECT_EQ(vector.row(0).size(), 24u);
}

}  // namespace
}  // namespace coda::runtime
