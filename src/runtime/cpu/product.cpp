#include "runtime/cpu/product.h"

#include "runtime/cpu/panel_codes.h"

#include <algorithm>

namespace coda::runtime::cpu {
namespace {

constexpr int kColumnsAtOnce = kProductScratch / (2 * kPanelRows);
constexpr int kRowsAtOnce =
    144;  // what unpacking a panel is shared by, and a tile of 2 panels still fits in L1

size_t at(int index) {
    return static_cast<size_t>(index);
}

void unpack(const Kernels& kernels, PanelType type, const std::byte* panel, int first, int count,
            float* out) {
    if (is_coded(type)) return unpack_codes(type, panel, first, count, out);
    kernels.unpack[at(static_cast<int>(type))](panel, first, count, out);
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
                unpack(kernels, panels.type, panel, from, columns, unpacked);
                w[p] = unpacked;
            }
        }
        kernels.gemm({x.data + from, x.stride}, rows, columns, w, count, from > 0, y);
    }
}

int divide_up(int a, int b) {
    return (a + b - 1) / b;
}
int round_up(int a, int b) {
    return divide_up(a, b) * b;
}

// How a linear layer is cut into chunks: `panels` x `rows` each.
struct Grid {
    int panels, rows, across, down;
    int streams = 1;  // chunks taken by turns lie this many stretches apart, so that each thread reads one
    int chunks() const { return divide_up(across, streams) * streams * down; }
    // The place of a chunk among `across`; may be behind the last.
    int across_of(int chunk) const {
        const int turn = chunk / down;
        return turn % streams * divide_up(across, streams) + turn / streams;
    }
};

Grid grid_for(const PackedMatrix& matrix, int rows, int threads) {
    // Few rows: a chunk is a stretch of memory, long enough to be worth taking. Many: two panels, many rows.
    const bool few = rows <= kMatvecRows;
    Grid grid{2, rows, 0, 0};
    if (few)
        grid.panels = std::clamp(divide_up(matrix.panels, 2 * threads) / 2 * 2, 2, 64);
    else
        grid.rows = std::min(rows, kRowsAtOnce);
    grid.across = divide_up(matrix.panels, grid.panels);
    if (few) grid.streams = threads;
    if (!few && grid.across * divide_up(rows, grid.rows) < 3 * threads)
        grid.rows = round_up(divide_up(rows, divide_up(3 * threads, grid.across)), 96);
    grid.down = divide_up(rows, grid.rows);
    return grid;
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
            unpack(*multiplier.kernels, range.type, panel, from, there, scratch);
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

// --- which way a range goes ---

enum class Way { floats, bf16, planes, file_rows };

Way way_of(const Multiplier& multiplier, const LinearCall& call, PanelType type) {
    if (call.from_file) return Way::file_rows;
    const bool in_bf16 = worth_bf16(multiplier, call.rows);
    if (is_coded(type) && multiplier.planes && !(in_bf16 && multiplier.split)) return Way::planes;
    return in_bf16 ? Way::bf16 : Way::floats;
}

const PlaneKernels::Planes& planes_of(const Multiplier& multiplier, const LinearCall& call) {
    return call.one_plane ? multiplier.planes->one : multiplier.planes->two;
}

void round_to_planes(const Multiplier& multiplier, const LinearCall& call, ThreadPool::Run& run) {
    const PlaneKernels::Planes& planes = planes_of(multiplier, call);
    const size_t row_bytes = at(call.matrix.k / kBlock) * at(planes.x_bytes);
    auto* out =
        reinterpret_cast<std::byte*>(call.memory.planes.floats(row_bytes * at(call.rows) / sizeof(float)));
    run.for_each(divide_up(call.rows, planes.rows), [&](int chunk, Scratch&) {
        const int first = chunk * planes.rows;
        planes.round_rows({call.x.data + at(first) * call.x.stride, call.x.stride},
                          std::min(planes.rows, call.rows - first), call.matrix.k,
                          out + at(first) * row_bytes);
    });
}

size_t words_bytes(const Multiplier& multiplier, const LinearCall& call) {
    return at(call.matrix.k / kBlock) * at(multiplier.file_rows->x_bytes);
}

void round_to_words(const Multiplier& multiplier, const LinearCall& call, ThreadPool::Run& run) {
    const size_t row_bytes = words_bytes(multiplier, call);
    auto* out = reinterpret_cast<std::byte*>(
        call.memory.planes.floats(divide_up(static_cast<int>(row_bytes), 4) * at(call.rows)));
    run.for_each(call.rows, [&](int t, Scratch&) {
        multiplier.file_rows->round_rows({call.x.data + at(t) * call.x.stride, call.x.stride}, 1,
                                         call.matrix.k, out + at(t) * row_bytes);
    });
}

// Panels [first, first + count) of the range from the rows that they would be packed from.
void multiply_file_rows(const Multiplier& multiplier, const LinearCall& call, const PanelRange& range,
                        int first, int count, int first_row, int rows, MutableRows tile) {
    const auto* x = reinterpret_cast<const std::byte*>(call.memory.planes.data()) +
                    at(first_row) * words_bytes(multiplier, call);
    for (int p = first; p < first + count; ++p) {
        const PanelRange::Source& source = range.sources[at(range.alternate ? p % 2 : 0)];
        const int row = (range.alternate ? p / 2 : p) * kPanelRows;
        multiplier.file_rows->multiply(source.rows + at(row) * source.stride, source.stride,
                                       std::min(kPanelRows, source.count - row), call.matrix.k, x, rows,
                                       {tile.data + at(p - first) * kPanelRows, tile.stride});
    }
}

void prepare_inputs(const Multiplier& multiplier, const LinearCall& call, ThreadPool::Run& run) {
    const auto any = [&](Way way) {
        return std::any_of(
            call.matrix.ranges.begin(), call.matrix.ranges.end(),
            [&](const PanelRange& range) { return way_of(multiplier, call, range.type) == way; });
    };
    if (any(Way::file_rows)) round_to_words(multiplier, call, run);
    if (any(Way::planes)) round_to_planes(multiplier, call, run);
    if (any(Way::bf16)) round_inputs(multiplier, call, run);
}

// Panels [first, first + count) of the range times rows [first_row, first_row + rows).
void multiply_range(const Multiplier& multiplier, const LinearCall& call, const PanelRange& range, int first,
                    int count, int first_row, int rows, MutableRows tile, float* scratch) {
    const std::byte* data = range.data + at(first) * range.stride;
    switch (way_of(multiplier, call, range.type)) {
        case Way::file_rows:
            return multiply_file_rows(multiplier, call, range, first, count, first_row, rows, tile);
        case Way::planes: {
            const PlaneKernels::Planes& planes = planes_of(multiplier, call);
            const auto* x = reinterpret_cast<const std::byte*>(call.memory.planes.data());
            x += at(first_row) * at(call.matrix.k / kBlock) * at(planes.x_bytes);
            return planes.multiply[at(static_cast<int>(range.type) - kPlainTypes)](
                {data, range.stride, count}, call.matrix.k, x, rows, tile);
        }
        case Way::bf16:
            for (int p = 0; p < count; p += 2)
                multiply_pair_bf16(multiplier, call, range, first + p, std::min(2, count - p), first_row,
                                   rows, {tile.data + at(p) * kPanelRows, tile.stride}, scratch);
            return;
        case Way::floats:
            return multiply(*multiplier.kernels, {range.type, data, range.stride, count},
                            {call.x.data + at(first_row) * call.x.stride, call.x.stride}, rows, call.matrix.k,
                            tile, scratch);
    }
}

// The products of panels [first, last) of the matrix.
void multiply_tile(const Multiplier& multiplier, const LinearCall& call, int first, int last, int first_row,
                   int rows, MutableRows tile, float* scratch) {
    for (const PanelRange& range : call.matrix.ranges) {
        const int from = std::max(first, range.first_panel),
                  to = std::min(last, range.first_panel + range.count);
        if (from < to)
            multiply_range(multiplier, call, range, from - range.first_panel, to - from, first_row, rows,
                           {tile.data + at(from - first) * kPanelRows, tile.stride}, scratch);
    }
}

}  // namespace

void multiply(const Kernels& kernels, const Panels& panels, ConstRows x, int rows, int k, MutableRows y,
              float* scratch) {
    if (rows <= kMatvecRows && !is_coded(panels.type))
        return kernels.matvec[at(static_cast<int>(panels.type))](panels.data, panels.stride, panels.count, x,
                                                                 rows, k, y);
    for (int p = 0; p < panels.count; p += 2)
        multiply_pair(kernels, panels, p, std::min(2, panels.count - p), x, rows, k,
                      {y.data + at(p) * kPanelRows, y.stride}, scratch);
}

void linear(const Multiplier& multiplier, const LinearCall& asked, ThreadPool::Run& run) {
    if (asked.rows == 0) return;
    LinearCall call = asked;
    if (call.rows > FileRowKernels::kMostRows) multiplier.long_prompt->store(true, std::memory_order_relaxed);
    call.from_file = multiplier.file_rows && !call.one_plane &&
                     !multiplier.long_prompt->load(std::memory_order_relaxed) && call.matrix.may_wait();
    if (!call.from_file) call.matrix.write(run);
    prepare_inputs(multiplier, call, run);
    const Grid grid = grid_for(call.matrix, call.rows, run.threads());
    run.for_each(grid.chunks(), [&](int chunk, Scratch& scratch) {
        const int first = grid.across_of(chunk) * grid.panels,
                  last = std::min(call.matrix.panels, first + grid.panels);
        if (first >= last) return;
        const int first_row = chunk % grid.down * grid.rows,
                  rows = std::min(grid.rows, call.rows - first_row);
        const size_t width = at(last - first) * kPanelRows;
        float* memory = scratch.floats(at(round_up(rows, kBf16Rows)) * width + 2 * kProductScratch);
        const MutableRows tile{memory + 2 * kProductScratch, width};
        multiply_tile(multiplier, call, first, last, first_row, rows, tile, memory);
        finish_tile(*multiplier.kernels, call, first, last, {tile.data, tile.stride}, first_row, rows);
    });
}

}  // namespace coda::runtime::cpu
