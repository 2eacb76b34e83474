// AMX BF16: tiles of 16 rows by 32 columns times 32 columns by 16 rows of weights.
#include "runtime/cpu/kernels.h"

#include <immintrin.h>

namespace coda::runtime::cpu {
namespace {

#include "runtime/cpu/bf16_body.h"

constexpr int kTileRows = 16, kTileColumns = 32;

struct alignas(64) TileConfig {
    uint8_t palette = 1, start_row = 0, reserved[14] = {};
    uint16_t bytes_per_row[16] = {64, 64, 64, 64, 64, 64, 64, 64};
    uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

// 32 rows of x and one or two panels: tiles 0 to 3 hold sums, 4 and 5 rows of x, 6 and 7 weights.
template <int kPanels>
void tile(const uint16_t* x, size_t x_stride, int k, const uint16_t* const* w, bool accumulate,
          MutableRows y) {
    const size_t x_bytes = x_stride * sizeof(uint16_t), y_bytes = y.stride * sizeof(float);
    const uint16_t* below = x + kTileRows * x_stride;
    float* out_below = y.data + kTileRows * y.stride;
    if (accumulate) {
        _tile_loadd(0, y.data, y_bytes);
        _tile_loadd(1, out_below, y_bytes);
        if (kPanels == 2) _tile_loadd(2, y.data + kPanelRows, y_bytes);
        if (kPanels == 2) _tile_loadd(3, out_below + kPanelRows, y_bytes);
    } else {
        _tile_zero(0);
        _tile_zero(1);
        _tile_zero(2);
        _tile_zero(3);
    }
    for (int i = 0; i < k; i += kTileColumns) {
        _tile_loadd(4, x + i, x_bytes);
        _tile_loadd(5, below + i, x_bytes);
        _tile_loadd(6, w[0] + i * kPanelRows, 64);
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(1, 5, 6);
        if (kPanels == 2) {
            _tile_loadd(7, w[1] + i * kPanelRows, 64);
            _tile_dpbf16ps(2, 4, 7);
            _tile_dpbf16ps(3, 5, 7);
        }
    }
    _tile_stored(0, y.data, y_bytes);
    _tile_stored(1, out_below, y_bytes);
    if (kPanels == 2) _tile_stored(2, y.data + kPanelRows, y_bytes);
    if (kPanels == 2) _tile_stored(3, out_below + kPanelRows, y_bytes);
}

void gemm(const uint16_t* x, size_t x_stride, int rows, int k, const uint16_t* const* w, int panels,
          bool accumulate, MutableRows y) {
    const TileConfig config;
    _tile_loadconfig(&config);
    for (; rows > 0; rows -= kBf16Rows, x += kBf16Rows * x_stride, y.data += kBf16Rows * y.stride)
        panels == 2 ? tile<2>(x, x_stride, k, w, accumulate, y) : tile<1>(x, x_stride, k, w, accumulate, y);
    _tile_release();
}

constexpr Bf16Kernels kTable = {/*split_pays=*/true, round_rows, pair_columns, gemm};

}  // namespace

const Bf16Kernels& amx_kernels() {
    return kTable;
}

}  // namespace coda::runtime::cpu
