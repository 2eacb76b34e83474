#include "runtime/cpu/packed.h"

#include "runtime/cpu/panel_codes.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <sys/mman.h>

namespace coda::runtime::cpu {

Result<AlignedBytes> AlignedBytes::make(size_t size) {
    AlignedBytes bytes;
    if (size == 0) return bytes;
    // Pages come zeroed and are only taken when touched: a cache for 8,192 positions costs what is used of
    // it.
    void* memory =
        mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return fail(ErrorCode::exhausted, fmt::format("no memory for {} MB", size >> 20), "cpu",
                    "close other programs, or use a smaller model or context");
    bytes.data_ = {static_cast<std::byte*>(memory), Unmap{size}};
    bytes.size_ = size;
    return bytes;
}

void AlignedBytes::Unmap::operator()(std::byte* memory) const {
    munmap(memory, size);
}

Result<std::byte*> WeightMemory::take(size_t size) {
    constexpr size_t kChunk = size_t{64} << 20, kHugePage = size_t{2} << 20;
    size = (size + 63) / 64 * 64;
    if (size > left_) {
        CODA_TRY(AlignedBytes chunk, AlignedBytes::make(std::max(kChunk, size) + kHugePage));
        const size_t skip = (kHugePage - reinterpret_cast<uintptr_t>(chunk.data()) % kHugePage) % kHugePage;
        next_ = chunk.data() + skip;
        left_ = chunk.size() - skip;
        madvise(next_, left_, MADV_HUGEPAGE);
        chunks_.push_back(std::move(chunk));
    }
    left_ -= size;
    taken_ += size;
    return std::exchange(next_, next_ + size);
}

PanelType panel_type(DType dtype) {
    switch (dtype) {
        case DType::f16:
            return PanelType::f16;
        case DType::bf16:
            return PanelType::bf16;
        case DType::q8_0:
            return PanelType::q8_0;
        case DType::q4_0:
            return PanelType::q4_0;
        case DType::q4_1:
            return PanelType::q4_1;
        case DType::q5_0:
            return PanelType::q5_0;
        case DType::q5_1:
            return PanelType::q5_1;
        case DType::q2_k:
            return PanelType::q2_k;
        case DType::q3_k:
            return PanelType::q3_k;
        case DType::q4_k:
            return PanelType::q4_k;
        case DType::q5_k:
            return PanelType::q5_k;
        case DType::q6_k:
            return PanelType::q6_k;
        case DType::iq4_nl:
            return PanelType::iq4_nl;
        case DType::iq4_xs:
            return PanelType::iq4_xs;
        case DType::mxfp4:
            return PanelType::mxfp4;
        default:
            CODA_ASSERT(dtype == DType::f32);
            return PanelType::f32;
    }
}

size_t panel_bytes(PanelType type, int k) {
    if (is_coded(type)) return coded_panel_bytes(type, k);
    return static_cast<size_t>(k) * (type == PanelType::f32 ? 64 : 32);
}

namespace {

constexpr size_t kRowsPerPanel = kPanelRows;

// Element of `bytes` bytes at column k of each row goes to place k x 16 + row.
void interleave(const std::byte* row, size_t k, size_t bytes, size_t lane, std::byte* panel) {
    for (size_t i = 0; i < k; ++i)
        std::memcpy(panel + (i * kRowsPerPanel + lane) * bytes, row + i * bytes, bytes);
}

void place_row(PanelType type, std::span<const std::byte> row, size_t k, size_t lane, std::byte* panel) {
    if (is_coded(type))
        return place_codes(type, row.data(), static_cast<int>(k), static_cast<int>(lane), panel);
    interleave(row.data(), k, type == PanelType::f32 ? 4 : 2, lane, panel);
}

int panels_of(int64_t rows) {
    return static_cast<int>((rows + kPanelRows - 1) / kPanelRows);
}

// Maps all pages of `bytes` in one call where the kernel can (Linux 5.14) and they are a file's; without it
// every few pages cost a fault.
void populate(std::span<const std::byte> bytes) {
#ifdef MADV_POPULATE_READ
    constexpr uintptr_t kPage = 4096;
    const auto begin = reinterpret_cast<uintptr_t>(bytes.data()) / kPage * kPage;
    const auto end = reinterpret_cast<uintptr_t>(bytes.data() + bytes.size());
    madvise(reinterpret_cast<void*>(begin), end - begin, MADV_POPULATE_READ);
#else
    (void)bytes;
#endif
}

}  // namespace

int PanelFill::panels() const {
    return panels_of(weight.shape.rows());
}

void PanelFill::run(int first, int last) const {
    const PanelType type = panel_type(weight.dtype);
    const auto k = static_cast<size_t>(weight.shape.columns());
    const int64_t begin = int64_t{first} * kPanelRows,
                  end = std::min(int64_t{last} * kPanelRows, weight.shape.rows());
    populate(slice_rows(weight, begin, end - begin).bytes);
    for (int64_t r = begin; r < end; ++r)
        place_row(type, weight.row(r), k, static_cast<size_t>(r % kPanelRows),
                  data + static_cast<size_t>(r / kPanelRows) * stride);
}

void write_panels(std::span<const PanelFill> fills, ThreadPool::Run& run) {
    constexpr size_t kChunk = size_t{1} << 20;
    struct Chunk {
        const PanelFill* fill;
        int first, last;
    };
    std::vector<Chunk> chunks;
    for (const PanelFill& fill : fills) {
        const int each = std::max(1, static_cast<int>(kChunk / std::max<size_t>(fill.stride, 1)));
        for (int first = 0; first < fill.panels(); first += each)
            chunks.push_back({&fill, first, std::min(fill.panels(), first + each)});
    }
    run.for_each(static_cast<int>(chunks.size()), [&](int i, Scratch&) {
        const Chunk& chunk = chunks[static_cast<size_t>(i)];
        chunk.fill->run(chunk.first, chunk.last);
    });
}

void PackedMatrix::write(ThreadPool::Run& run) const {
    if (written.load(std::memory_order_acquire)) return;
    const std::lock_guard lock(writing);
    if (written.load(std::memory_order_relaxed)) return;
    write_panels(fills, run);
    written.store(true, std::memory_order_release);
}

namespace {

PanelRange::Source source_of(const TensorView& weight, int first_panel = 0) {
    const int rows = static_cast<int>(weight.shape.rows()), first = first_panel * kPanelRows;
    const size_t stride = weight.bytes.size() / static_cast<size_t>(rows);
    return {weight.bytes.data() + static_cast<size_t>(first) * stride, stride, rows - first};
}

// Where the fills go: to whoever writes them now, or to the matrix.
void keep_fills(PackedMatrix& matrix, std::vector<PanelFill> own, std::vector<PanelFill>* fills,
                int patience) {
    if (fills) {
        fills->insert(fills->end(), own.begin(), own.end());
        return;
    }
    matrix.fills = std::move(own);
    matrix.written = false;
    matrix.patience = patience;
}

}  // namespace

Result<std::shared_ptr<const PackedMatrix>> pack(std::span<const TensorView> weights, WeightMemory& memory,
                                                 std::vector<PanelFill>* fills, int patience) {
    std::vector<PanelFill> own;
    auto matrix = std::make_shared<PackedMatrix>();
    matrix->k = static_cast<int>(weights[0].shape.columns());
    for (const TensorView& weight : weights) {
        const int rows = static_cast<int>(weight.shape.rows()), panels = panels_of(rows);
        const size_t stride = panel_bytes(panel_type(weight.dtype), matrix->k);
        CODA_TRY(std::byte* const data, memory.take(stride * static_cast<size_t>(panels)));
        matrix->segments.push_back({matrix->rows, rows, matrix->panels});
        matrix->ranges.push_back(
            {panel_type(weight.dtype), data, stride, panels, matrix->panels, {source_of(weight)}});
        own.push_back({weight, data, stride});
        matrix->rows += rows;
        matrix->panels += panels;
    }
    keep_fills(*matrix, std::move(own), fills, patience);
    return matrix;
}

Result<std::shared_ptr<const PackedMatrix>> pack_gated(const TensorView& gate, const TensorView& up,
                                                       WeightMemory& memory, std::vector<PanelFill>* fills,
                                                       int patience) {
    auto matrix = std::make_shared<PackedMatrix>();
    matrix->k = static_cast<int>(gate.shape.columns());
    matrix->rows = static_cast<int>(gate.shape.rows());
    const int panels = panels_of(matrix->rows);
    matrix->panels = 2 * panels;
    matrix->gated = true;
    matrix->segments.push_back({0, matrix->rows, 0});
    const PanelType gate_type = panel_type(gate.dtype), up_type = panel_type(up.dtype);
    const size_t gate_bytes = panel_bytes(gate_type, matrix->k), up_bytes = panel_bytes(up_type, matrix->k),
                 stride = gate_bytes + up_bytes;
    CODA_TRY(std::byte* const data, memory.take(stride * static_cast<size_t>(panels)));
    keep_fills(*matrix, {{gate, data, stride}, {up, data + gate_bytes, stride}}, fills, patience);
    if (gate.dtype == up.dtype) {
        matrix->ranges.push_back(
            {gate_type, data, gate_bytes, matrix->panels, 0, {source_of(gate), source_of(up)}, true});
        return matrix;
    }
    for (int p = 0; p < panels; ++p) {  // they alternate, so that every panel is a range
        std::byte* const pair = data + static_cast<size_t>(p) * stride;
        matrix->ranges.push_back({gate_type, pair, gate_bytes, 1, 2 * p, {source_of(gate, p)}});
        matrix->ranges.push_back({up_type, pair + gate_bytes, up_bytes, 1, 2 * p + 1, {source_of(up, p)}});
    }
    return matrix;
}

Result<std::shared_ptr<const PackedMatrix>> pack_conv1d(const TensorView& weight, WeightMemory& memory) {
    const auto out = static_cast<size_t>(weight.shape[0]), in = static_cast<size_t>(weight.shape[1]),
               kernel = static_cast<size_t>(weight.shape[2]);
    const std::vector<float> values = to_floats(weight);
    std::vector<float> turned(values.size());
    for (size_t o = 0; o < out; ++o)
        for (size_t c = 0; c < in; ++c)
            for (size_t k = 0; k < kernel; ++k)
                turned[(o * kernel + k) * in + c] = values[(o * in + c) * kernel + k];
    const TensorView matrix{weight.name,
                            DType::f32,
                            {weight.shape[0], weight.shape[1] * weight.shape[2]},
                            std::as_bytes(std::span(turned))};
    std::vector<PanelFill> fills;
    CODA_TRY(auto packed, pack(std::span(&matrix, 1), memory, &fills));
    for (const PanelFill& fill : fills) fill.run(0, fill.panels());
    return packed;
}

}  // namespace coda::runtime::cpu
