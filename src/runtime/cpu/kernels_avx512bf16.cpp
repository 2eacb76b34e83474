// AVX-512 BF16: vdpbf16ps multiplies pairs and adds them to float sums.
#include "runtime/cpu/kernels.h"

#include <immintrin.h>

namespace coda::runtime::cpu {
namespace {

#include "runtime/cpu/bf16_body.h"

__m512bh as_pairs(__m512i bits) {
    __m512bh pairs;
    __builtin_memcpy(&pairs, &bits, sizeof pairs);
    return pairs;
}

template <int kRows, int kPanels>
void tile(const uint16_t* x, size_t x_stride, int k, const uint16_t* const* w, bool accumulate,
          MutableRows y) {
    __m512 sum[kRows][kPanels];
    for (int t = 0; t < kRows; ++t)
        for (int p = 0; p < kPanels; ++p)
            sum[t][p] = accumulate
                            ? _mm512_loadu_ps(y.data + static_cast<size_t>(t) * y.stride + p * kPanelRows)
                            : _mm512_setzero_ps();
    for (int i = 0; i < k; i += 2) {
        __m512bh columns[kPanels];
        for (int p = 0; p < kPanels; ++p) columns[p] = as_pairs(_mm512_loadu_si512(w[p] + i * kPanelRows));
        for (int t = 0; t < kRows; ++t) {
            int value;
            __builtin_memcpy(&value, x + static_cast<size_t>(t) * x_stride + i, sizeof value);
            const __m512bh both = as_pairs(_mm512_set1_epi32(value));
            for (int p = 0; p < kPanels; ++p) sum[t][p] = _mm512_dpbf16_ps(sum[t][p], both, columns[p]);
        }
    }
    for (int t = 0; t < kRows; ++t)
        for (int p = 0; p < kPanels; ++p)
            _mm512_storeu_ps(y.data + static_cast<size_t>(t) * y.stride + p * kPanelRows, sum[t][p]);
}

template <int kPanels>
void gemm_panels(const uint16_t* x, size_t x_stride, int rows, int k, const uint16_t* const* w,
                 bool accumulate, MutableRows y) {
    for (; rows >= 12; rows -= 12, x += 12 * x_stride, y.data += 12 * y.stride)
        tile<12, kPanels>(x, x_stride, k, w, accumulate, y);
    for (; rows >= 4; rows -= 4, x += 4 * x_stride, y.data += 4 * y.stride)
        tile<4, kPanels>(x, x_stride, k, w, accumulate, y);
    for (; rows > 0; --rows, x += x_stride, y.data += y.stride)
        tile<1, kPanels>(x, x_stride, k, w, accumulate, y);
}

void gemm(const uint16_t* x, size_t x_stride, int rows, int k, const uint16_t* const* w, int panels,
          bool accumulate, MutableRows y) {
    if (panels == 2) return gemm_panels<2>(x, x_stride, rows, k, w, accumulate, y);
    gemm_panels<1>(x, x_stride, rows, k, w, accumulate, y);
}

// Three of these products would take longer than one in floats.
constexpr Bf16Kernels kTable = {/*split_pays=*/false, round_rows, pair_columns, gemm};

}  // namespace

const Bf16Kernels& avx512_bf16_kernels() {
    return kTable;
}

}  // namespace coda::runtime::cpu
