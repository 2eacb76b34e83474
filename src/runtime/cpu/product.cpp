#include "runtime/cpu/product.h"

#include <algorithm>
#include <array>

namespace coda::runtime::cpu {
namespace {

constexpr int kColumnsAtOnce = kProductScratch / (2 * kPanelRows);
constexpr int kRowsAtOnce =
    144;  // what unpacking a panel is shared by, and a tile of 2 panels still fits in L1

size_t at(int index) {
    return static_cast<size_t>(index);
}

bool has_offset(PanelType type) {
    return type == PanelType::q4_0 || type == PanelType::q4_1;
}

// Columns [first, first + count) of a panel as count x 16 floats; `first` is a multiple of kColumnsAtOnce,
// which whole blocks of every format fill.
void unpack(const Kernels& kernels, PanelType type, DType dtype, const std::byte* panel, size_t stride,
            int first, int count, float* out) {
    if (type != PanelType::rows) return kernels.unpack[at(static_cast<int>(type))](panel, first, count, out);
    const BlockSize block = block_size(dtype);
    const size_t row_bytes = stride / kPanelRows, offset = at(first / block.elements * block.bytes),
                 bytes = at(count / block.elements * block.bytes);
    std::array<float, kColumnsAtOnce> row;
    for (size_t lane = 0; lane < kPanelRows; ++lane) {
        dequantize_row(dtype, {panel + lane * row_bytes + offset, bytes}, std::span(row).first(at(count)));
        for (size_t c = 0; c < at(count); ++c) out[c * kPanelRows + lane] = row[c];
    }
}

// One or two panels times many rows: weights are unpacked a stretch of columns at a time, which stays in L1.
void multiply_pair(const Kernels& kernels, const Panels& panels, int first, int count, ConstRows x, int rows,
                   int k, MutableRows y, float* scratch) {
    for (int from = 0; from < k; from += kColumnsAtOnce) {
        const int columns = std::min(kColumnsAtOnce, k - from);
        const float* w[2];
        for (int p = 0; p < count; ++p) {
            const std::byte* panel = panels.data + at(first + p) * panels.stride;
            if (panels.type == PanelType::f32) {
                w[p] = reinterpret_cast<const float*>(panel) + at(from) * kPanelRows;
            } else {
                float* unpacked = scratch + at(p) * kColumnsAtOnce * kPanelRows;
                unpack(kernels, panels.type, panels.dtype, panel, panels.stride, from, columns, unpacked);
                w[p] = unpacked;
            }
        }
        kernels.gemm({x.data + from, x.stride}, rows, columns, w, count, from > 0, y);
    }
}

// How a linear layer is cut into chunks: `panels` x `rows` each.
struct Grid {
    int panels, rows, across, down;
    int chunks() const { return across * down; }
};

int divide_up(int a, int b) {
    return (a + b - 1) / b;
}
int round_up(int a, int b) {
    return divide_up(a, b) * b;
}

Grid grid_for(const PackedMatrix& matrix, int rows, int threads) {
    // Few rows: a chunk is a stretch of memory, long enough to be worth taking. Many: two panels, many rows.
    const bool few = rows <= kMatvecRows;
    Grid grid{2, rows, 0, 0};
    if (few)
        grid.panels = std::clamp(matrix.panels / (threads * 6) / 2 * 2, 2, 64);
    else
        grid.rows = std::min(rows, kRowsAtOnce);
    grid.across = divide_up(matrix.panels, grid.panels);
    if (!few && grid.across * divide_up(rows, grid.rows) < 3 * threads)
        grid.rows = round_up(divide_up(rows, divide_up(3 * threads, grid.across)), 96);
    grid.down = divide_up(rows, grid.rows);
    return grid;
}

// The products of panels [first, last) into `tile`.
void multiply_tile(const Kernels& kernels, const LinearCall& call, int first, int last, ConstRows x, int rows,
                   MutableRows tile, float* scratch) {
    for (const PanelRange& range : call.matrix.ranges) {
        const int from = std::max(first, range.first_panel),
                  to = std::min(last, range.first_panel + range.count);
        if (from >= to) continue;
        const Panels panels{range.type, range.data + at(from - range.first_panel) * range.stride,
                            range.stride, to - from, range.dtype};
        multiply(kernels, panels, x, rows, call.matrix.k,
                 call.rows <= kMatvecRows ? call.memory.sums.data() : nullptr,
                 {tile.data + at(from - first) * kPanelRows, tile.stride}, scratch);
    }
}

void finish_tile(const Kernels& kernels, const LinearCall& call, int first, int last, ConstRows tile,
                 int first_row, int rows) {
    const auto out_at = [&](int column) {
        return MutableRows{call.out.data + at(first_row) * call.out.stride + at(column), call.out.stride};
    };
    if (call.matrix.gated) {
        const int column = first / 2 * kPanelRows;
        const int columns = std::min(call.matrix.rows - column, (last - first) / 2 * kPanelRows);
        return kernels.finish_gated(tile, rows, columns, call.function, out_at(column));
    }
    for (const PackedMatrix::Segment& segment : call.matrix.segments) {
        const int from = std::max(first, segment.first_panel);
        const int within = (from - segment.first_panel) * kPanelRows;
        const int columns = std::min(segment.rows - within, (last - from) * kPanelRows);
        if (columns <= 0 || within < 0) continue;
        const int column = segment.first_row + within;
        ConstRows residual{nullptr, call.residual.stride};
        if (call.residual.data)
            residual.data = call.residual.data + at(first_row) * call.residual.stride + at(column);
        kernels.finish({tile.data + at(from - first) * kPanelRows, tile.stride}, rows, columns,
                       call.bias ? call.bias + column : nullptr, call.function, residual, out_at(column));
    }
}

void sum_blocks(const Kernels& kernels, const LinearCall& call) {
    const bool needed = call.rows <= kMatvecRows &&
                        std::any_of(call.matrix.ranges.begin(), call.matrix.ranges.end(),
                                    [](const PanelRange& range) { return has_offset(range.type); });
    if (!needed) return;
    const size_t blocks = at(call.matrix.k / kBlock);
    call.memory.sums.resize(blocks * at(call.rows));
    for (int t = 0; t < call.rows; ++t)
        kernels.block_sums(call.x.data + at(t) * call.x.stride, call.matrix.k,
                           call.memory.sums.data() + at(t) * blocks);
}

// --- in BF16 ---

// Below, padding rows to whole tiles and pairing columns costs more than it saves.
bool worth_bf16(const Multiplier& multiplier, int rows) {
    constexpr int kFewestRows = 16, kFewestRowsSplit = 64;
    return multiplier.bf16 && rows >= (multiplier.split ? kFewestRowsSplit : kFewestRows);
}

int padded_k(const PackedMatrix& matrix) {
    return round_up(matrix.k, kBlock);
}

void round_inputs(const Multiplier& multiplier, const LinearCall& call, ThreadPool::Run& run) {
    // A chunk need not start at a multiple of kBf16Rows, so that the last one may read a block beyond the
    // padding.
    const int k = padded_k(call.matrix), rows_padded = round_up(call.rows, kBf16Rows) + kBf16Rows;
    const size_t size = at(rows_padded) * at(k);
    call.memory.high.resize(size);
    if (multiplier.split) call.memory.low.resize(size);
    run.for_each(divide_up(call.rows, kBf16Rows), [&](int chunk, Scratch&) {
        const int first = chunk * kBf16Rows;
        const size_t offset = at(first) * at(k);
        multiplier.bf16->round_rows({call.x.data + at(first) * call.x.stride, call.x.stride},
                                    std::min(kBf16Rows, call.rows - first), call.matrix.k, k,
                                    call.memory.high.data() + offset,
                                    multiplier.split ? call.memory.low.data() + offset : nullptr);
    });
}

// `panels` (one or two) of the range times rows [first_row, first_row + rows), a stretch of columns at a
// time.
void multiply_pair_bf16(const Multiplier& multiplier, const LinearCall& call, const PanelRange& range,
                        int first, int panels, int first_row, int rows, MutableRows y, float* scratch) {
    const int k = padded_k(call.matrix);
    const size_t x_at = at(first_row) * at(k), stretch = at(kColumnsAtOnce) * kPanelRows;
    auto* paired = reinterpret_cast<uint16_t*>(scratch + stretch);  // after one unpacked panel
    for (int from = 0; from < k; from += kColumnsAtOnce) {
        const int there = std::min(kColumnsAtOnce, call.matrix.k - from), columns = round_up(there, kBlock);
        const uint16_t *high[2], *low[2];
        for (int p = 0; p < panels; ++p) {
            const std::byte* panel = range.data + at(first + p) * range.stride;
            unpack(*multiplier.kernels, range.type, range.dtype, panel, range.stride, from, there, scratch);
            std::fill(scratch + at(there) * kPanelRows, scratch + at(columns) * kPanelRows, 0.0f);
            uint16_t* halves = paired + at(2 * p) * stretch;
            multiplier.bf16->pair_columns(scratch, columns, halves,
                                          multiplier.split ? halves + stretch : nullptr);
            high[p] = halves;
            low[p] = halves + stretch;
        }
        const uint16_t* x_high = call.memory.high.data() + x_at + from;
        multiplier.bf16->gemm(x_high, at(k), rows, columns, high, panels, from > 0, y);
        if (!multiplier.split) continue;
        multiplier.bf16->gemm(x_high, at(k), rows, columns, low, panels, true, y);
        multiplier.bf16->gemm(call.memory.low.data() + x_at + from, at(k), rows, columns, high, panels, true,
                              y);
    }
}

void multiply_tile_bf16(const Multiplier& multiplier, const LinearCall& call, int first, int last,
                        int first_row, int rows, MutableRows tile, float* scratch) {
    for (const PanelRange& range : call.matrix.ranges) {
        const int from = std::max(first, range.first_panel),
                  to = std::min(last, range.first_panel + range.count);
        for (int p = from; p < to; p += 2)
            multiply_pair_bf16(multiplier, call, range, p - range.first_panel, std::min(2, to - p), first_row,
                               rows, {tile.data + at(p - first) * kPanelRows, tile.stride}, scratch);
    }
}

}  // namespace

void multiply(const Kernels& kernels, const Panels& panels, ConstRows x, int rows, int k, const float* sums,
              MutableRows y, float* scratch) {
    if (rows <= kMatvecRows && panels.type != PanelType::rows && (sums || !has_offset(panels.type)))
        return kernels.matvec[at(static_cast<int>(panels.type))](panels.data, panels.stride, panels.count, x,
                                                                 rows, k, sums, y);
    for (int p = 0; p < panels.count; p += 2)
        multiply_pair(kernels, panels, p, std::min(2, panels.count - p), x, rows, k,
                      {y.data + at(p) * kPanelRows, y.stride}, scratch);
}

void linear(const Multiplier& multiplier, const LinearCall& call, ThreadPool::Run& run) {
    if (call.rows == 0) return;
    const Kernels& kernels = *multiplier.kernels;
    const bool in_bf16 = worth_bf16(multiplier, call.rows);
    if (in_bf16)
        round_inputs(multiplier, call, run);
    else
        sum_blocks(kernels, call);
    const Grid grid = grid_for(call.matrix, call.rows, run.threads());
    run.for_each(grid.chunks(), [&](int chunk, Scratch& scratch) {
        const int first = chunk / grid.down * grid.panels,
                  last = std::min(call.matrix.panels, first + grid.panels);
        const int first_row = chunk % grid.down * grid.rows,
                  rows = std::min(grid.rows, call.rows - first_row);
        const size_t width = at(last - first) * kPanelRows;
        float* memory = scratch.floats(at(round_up(rows, kBf16Rows)) * width + 2 * kProductScratch);
        const MutableRows tile{memory + 2 * kProductScratch, width};
        if (in_bf16)
            multiply_tile_bf16(multiplier, call, first, last, first_row, rows, tile, memory);
        else
            multiply_tile(kernels, call, first, last,
                          {call.x.data + at(first_row) * call.x.stride, call.x.stride}, rows, tile, memory);
        finish_tile(kernels, call, first, last, {tile.data, tile.stride}, first_row, rows);
    });
}

}  // namespace coda::runtime::cpu
