#include "runtime/cpu/panel_codes.h"

#include "runtime/block_formats.h"

#include <array>
#include <bit>
#include <cstring>

namespace coda::runtime::cpu {
namespace {

constexpr int kSuper = 256;
constexpr size_t kLanes = kPanelRows;

struct Layout {
    int file_bytes;   // of a block, or of a superblock
    int super_bytes;  // 0: blocks stand alone
    int scale_bytes;
    int bits;
    int offset;  // that codes have added; of iq4 and mxfp4 the tables are without
    size_t block_bytes() const { return static_cast<size_t>(scale_bytes + bits * 64); }
    int columns() const { return super_bytes ? kSuper : kBlock; }
};

constexpr Layout layout(PanelType type) {
    switch (type) {
        case PanelType::q8_0:
            return {34, 0, 32, 8, 128};
        case PanelType::q4_0:
            return {18, 0, 32, 4, 8};
        case PanelType::q4_1:
            return {20, 0, 64, 4, 0};
        case PanelType::q5_0:
            return {22, 0, 32, 5, 16};
        case PanelType::q5_1:
            return {24, 0, 64, 5, 0};
        case PanelType::q2_k:
            return {84, 64, 32, 2, 0};
        case PanelType::q3_k:
            return {110, 32, 32, 3, 4};
        case PanelType::q4_k:
            return {144, 64, 32, 4, 0};
        case PanelType::q5_k:
            return {176, 64, 32, 5, 0};
        case PanelType::q6_k:
            return {210, 32, 32, 6, 32};
        case PanelType::iq4_nl:
            return {18, 0, 32, 4, 0};
        case PanelType::iq4_xs:
            return {136, 32, 16, 4, 0};
        case PanelType::mxfp4:
            return {17, 0, 32, 4, 0};
        default:
            return {};
    }
}

template <class T>
T load(const void* from) {
    T value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

// One block or superblock of a row, as its file has it, taken apart.
struct RowBlock {
    uint16_t d = 0, m = 0;
    std::array<uint8_t, 16> scales{}, mins{};  // of 16 or 32 columns
    alignas(64) std::array<uint8_t, kSuper> codes;
};

// Low halves of `count` bytes, then the high ones.
void take_halves(const uint8_t* from, int count, uint8_t* codes) {
    for (int i = 0; i < count; ++i) {
        codes[i] = from[i] & 15;
        codes[i + count] = from[i] >> 4;
    }
}

void add_fifth_bits(uint32_t bits, uint8_t* codes) {
    for (int i = 0; i < kBlock; ++i) codes[i] = static_cast<uint8_t>(codes[i] | (bits >> i & 1) << 4);
}

void take_scales_and_mins(const uint8_t* packed, RowBlock& out) {
    for (int i = 0; i < 8; ++i) {
        const auto [scale, offset] = k_scale_offset(reinterpret_cast<const std::byte*>(packed), i);
        out.scales[static_cast<size_t>(i)] = static_cast<uint8_t>(scale);
        out.mins[static_cast<size_t>(i)] = static_cast<uint8_t>(offset);
    }
}

void take_q2_k(const uint8_t* block, RowBlock& out) {
    std::memcpy(out.scales.data(), block, 16);
    for (int i = 0; i < kSuper; ++i)
        out.codes[static_cast<size_t>(i)] = block[16 + i / 128 * 32 + i % 32] >> (i % 128 / 32 * 2) & 3;
    out.d = load<uint16_t>(block + 80);
    out.m = load<uint16_t>(block + 82);
}

void take_q3_k(const uint8_t* block, RowBlock& out) {
    const uint8_t *high = block, *low = block + 32;
    for (int i = 0; i < kSuper; ++i) {
        const int two = low[i / 128 * 32 + i % 32] >> (i % 128 / 32 * 2) & 3,
                  third = high[i % 32] >> (i / 32) & 1;
        out.codes[static_cast<size_t>(i)] = static_cast<uint8_t>(two | third << 2);
    }
    for (int i = 0; i < 16; ++i)
        out.scales[static_cast<size_t>(i)] =
            static_cast<uint8_t>(q3_k_scale(reinterpret_cast<const std::byte*>(block + 96), i));
    out.d = load<uint16_t>(block + 108);
}

void take_q5_k(const uint8_t* block, RowBlock& out) {
    out.d = load<uint16_t>(block);
    out.m = load<uint16_t>(block + 2);
    take_scales_and_mins(block + 4, out);
    for (int i = 0; i < 4; ++i) take_halves(block + 48 + 32 * i, 32, out.codes.data() + 64 * i);
    for (int i = 0; i < kSuper; ++i) {
        uint8_t& code = out.codes[static_cast<size_t>(i)];
        code = static_cast<uint8_t>(code | (block[16 + i % 32] >> (i / 32) & 1) << 4);
    }
}

void take_q6_k(const uint8_t* block, RowBlock& out) {
    for (int i = 0; i < kSuper; ++i) {
        const int four = block[i / 128 * 64 + i % 64] >> (i % 128 / 64 * 4) & 15;
        const int two = block[128 + i / 128 * 32 + i % 32] >> (i % 128 / 32 * 2) & 3;
        out.codes[static_cast<size_t>(i)] = static_cast<uint8_t>(four | two << 4);
    }
    std::memcpy(out.scales.data(), block + 192, 16);
    out.d = load<uint16_t>(block + 208);
}

void take_iq4_xs(const uint8_t* block, RowBlock& out) {
    out.d = load<uint16_t>(block);
    for (int i = 0; i < 8; ++i) {
        out.scales[static_cast<size_t>(i)] =
            static_cast<uint8_t>(iq4_xs_scale(reinterpret_cast<const std::byte*>(block), i));
        take_halves(block + 8 + 16 * i, 16, out.codes.data() + 32 * i);
    }
}

void take(PanelType type, const uint8_t* block, RowBlock& out) {
    uint8_t* codes = out.codes.data();
    switch (type) {
        case PanelType::q8_0:
            out.d = load<uint16_t>(block);
            for (int i = 0; i < kBlock; ++i) codes[i] = block[2 + i] ^ 0x80;
            return;
        case PanelType::q4_0:
        case PanelType::iq4_nl:
            out.d = load<uint16_t>(block);
            return take_halves(block + 2, 16, codes);
        case PanelType::q4_1:
            out.d = load<uint16_t>(block);
            out.m = load<uint16_t>(block + 2);
            return take_halves(block + 4, 16, codes);
        case PanelType::q5_0:
            out.d = load<uint16_t>(block);
            take_halves(block + 6, 16, codes);
            return add_fifth_bits(load<uint32_t>(block + 2), codes);
        case PanelType::q5_1:
            out.d = load<uint16_t>(block);
            out.m = load<uint16_t>(block + 2);
            take_halves(block + 8, 16, codes);
            return add_fifth_bits(load<uint32_t>(block + 4), codes);
        case PanelType::mxfp4:
            // 2^(e - 128), halved for the doubled numbers of the table; below 2^-126 bf16 is a subnormal.
            out.d = static_cast<uint16_t>(block[0] < 2 ? 0x20 << block[0] : (block[0] - 1) << 7);
            return take_halves(block + 1, 16, codes);
        case PanelType::q2_k:
            return take_q2_k(block, out);
        case PanelType::q3_k:
            return take_q3_k(block, out);
        case PanelType::q4_k:
            out.d = load<uint16_t>(block);
            out.m = load<uint16_t>(block + 2);
            take_scales_and_mins(block + 4, out);
            for (int i = 0; i < 4; ++i) take_halves(block + 16 + 32 * i, 32, codes + 64 * i);
            return;
        case PanelType::q5_k:
            return take_q5_k(block, out);
        case PanelType::q6_k:
            return take_q6_k(block, out);
        default:
            return take_iq4_xs(block, out);
    }
}

// --- into a panel ---

constexpr uint32_t kOnes = 0x01010101;

void put(uint32_t word, size_t vector, size_t lane, std::byte* codes) {
    std::memcpy(codes + vector * 64 + lane * 4, &word, 4);
}

// `bits` of every code from bit `from` on, in 8 / bits columns of four to a vector.
void put_bits(const uint8_t* codes, int from, int bits, size_t lane, std::byte* out) {
    const int together = 8 / bits;
    const uint32_t mask = kOnes * ((1u << bits) - 1);
    for (int vector = 0; vector < bits; ++vector) {
        uint32_t word = 0;
        for (int i = 0; i < together; ++i)
            word |= (load<uint32_t>(codes + 4 * (vector * together + i)) >> from & mask) << (bits * i);
        put(word, static_cast<size_t>(vector), lane, out);
    }
}

void put_codes(const uint8_t* codes, int bits, size_t lane, std::byte* out) {
    const int lower = bits >= 8 ? 8 : bits >= 4 ? 4 : 2;
    switch (lower) {  // constants, so that the loops unroll
        case 8:
            put_bits(codes, 0, 8, lane, out);
            break;
        case 4:
            put_bits(codes, 0, 4, lane, out);
            break;
        default:
            put_bits(codes, 0, 2, lane, out);
    }
    if (bits == lower) return;
    out += lower * 64;
    if (bits - lower == 2)
        put_bits(codes, lower, 2, lane, out);
    else
        put_bits(codes, lower, 1, lane, out);
}

void put_scales(PanelType type, const RowBlock& row, size_t block, size_t lane, std::byte* out) {
    const auto byte = [&](size_t at, uint8_t value) {
        out[at * kLanes + lane] = static_cast<std::byte>(value);
    };
    switch (type) {
        case PanelType::q4_k:
        case PanelType::q5_k:
            byte(0, row.scales[block]);
            return byte(1, row.mins[block]);
        case PanelType::q2_k:
        case PanelType::q3_k:
        case PanelType::q6_k:
            byte(0, row.scales[2 * block]);
            return byte(1, row.scales[2 * block + 1]);
        case PanelType::iq4_xs:
            return byte(0, row.scales[block]);
        default:
            std::memcpy(out + lane * 2, &row.d, 2);
            if (layout(type).scale_bytes == 64) std::memcpy(out + 32 + lane * 2, &row.m, 2);
    }
}

// --- out of a panel ---

int code_at(const std::byte* codes, int bits, size_t lane, int column) {
    const auto byte = [&](int vector) {
        return std::to_integer<int>(
            codes[static_cast<size_t>(vector) * 64 + lane * 4 + static_cast<size_t>(column % 4)]);
    };
    const int j = column / 4, lower = bits >= 8 ? 8 : bits >= 4 ? 4 : 2, upper = bits - lower;
    const auto part = [&](int first, int width) {
        const int together = 8 / width;
        return byte(first + j / together) >> (j % together * width) & ((1 << width) - 1);
    };
    return part(0, lower) | (upper ? part(lower, upper) << lower : 0);
}

struct ScaleAndMin {
    float d, m;
};

ScaleAndMin scales_at(PanelType type, const std::byte* super, const std::byte* block, size_t lane,
                      int column) {
    const auto half = [&](const std::byte* at) { return f16_to_f32(load<uint16_t>(at + lane * 2)); };
    const auto byte = [&](int at) {
        return std::to_integer<uint8_t>(block[static_cast<size_t>(at) * kLanes + lane]);
    };
    const auto number = [&](int at) { return static_cast<float>(static_cast<int8_t>(byte(at))); };
    switch (type) {
        case PanelType::q4_1:
        case PanelType::q5_1:
            return {half(block), half(block + 32)};
        case PanelType::mxfp4:
            return {bf16_to_f32(load<uint16_t>(block + lane * 2)), 0};
        case PanelType::q4_k:
        case PanelType::q5_k:
            return {half(super) * static_cast<float>(byte(0)),
                    -half(super + 32) * static_cast<float>(byte(1))};
        case PanelType::q3_k:
        case PanelType::q6_k:
            return {half(super) * number(column / 16), 0};
        case PanelType::q2_k:
            return {half(super) * static_cast<float>(byte(column / 16) & 15),
                    -half(super + 32) * static_cast<float>(byte(column / 16) >> 4)};
        case PanelType::iq4_xs:
            return {half(super) * number(0), 0};
        default:
            return {half(block), 0};
    }
}

int number_of(PanelType type, int code) {
    if (type == PanelType::iq4_nl || type == PanelType::iq4_xs) return kIq4Values[static_cast<size_t>(code)];
    if (type == PanelType::mxfp4) return kMxfp4Values[static_cast<size_t>(code)];
    return code - layout(type).offset;
}

}  // namespace

size_t coded_panel_bytes(PanelType type, int k) {
    const Layout l = layout(type);
    const auto blocks = static_cast<size_t>(k / kBlock);
    return blocks * l.block_bytes() + static_cast<size_t>(k / kSuper * l.super_bytes);
}

int coded_block_columns(PanelType type) {
    return layout(type).columns();
}
int coded_block_file_bytes(PanelType type) {
    return layout(type).file_bytes;
}

void place_codes(PanelType type, const std::byte* row, int k, int lane, std::byte* panel) {
    const Layout l = layout(type);
    const auto at = static_cast<size_t>(lane);
    RowBlock block;
    for (int i = 0; i < k; i += l.columns(), row += l.file_bytes) {
        take(type, reinterpret_cast<const uint8_t*>(row), block);
        if (l.super_bytes) {
            std::memcpy(panel + at * 2, &block.d, 2);
            if (l.super_bytes == 64) std::memcpy(panel + 32 + at * 2, &block.m, 2);
            panel += l.super_bytes;
        }
        for (int b = 0; b < l.columns() / kBlock; ++b, panel += l.block_bytes()) {
            put_scales(type, block, static_cast<size_t>(b), at, panel);
            put_codes(block.codes.data() + b * kBlock, l.bits, at, panel + l.scale_bytes);
        }
    }
}

void unpack_codes(PanelType type, const std::byte* panel, int first, int count, float* out) {
    const Layout l = layout(type);
    const size_t super_stride = coded_panel_bytes(type, kSuper);
    for (int i = first; i < first + count; ++i, out += kLanes) {
        const std::byte* super = panel + static_cast<size_t>(i / kSuper) * super_stride;
        const std::byte* block =
            super + l.super_bytes + static_cast<size_t>(i % kSuper / kBlock) * l.block_bytes();
        for (size_t lane = 0; lane < kLanes; ++lane) {
            const int code = code_at(block + l.scale_bytes, l.bits, lane, i % kBlock);
            const auto [d, m] = scales_at(type, super, block, lane, i % kBlock);
            out[lane] = d * static_cast<float>(number_of(type, code)) + m;
        }
    }
}

}  // namespace coda::runtime::cpu
