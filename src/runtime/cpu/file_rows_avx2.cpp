// q8_0 as the file has it, by AVX2: a row of weights times up to four rows of x, both widened to 16 bits,
// sums in floats along the columns.
#include "runtime/cpu/kernels.h"

#include <immintrin.h>

namespace coda::runtime::cpu {
namespace {

constexpr int kTop = 32767;
constexpr size_t kFileBlock = 34;  // f16 d, 32 codes

// A row of x is k words, then a float for each 32 of them.
size_t row_bytes(int k) {
    return static_cast<size_t>(k / kBlock) * (2 * kBlock + sizeof(float));
}

__m256 magnitude(__m256 x) {
    return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x);
}

float largest_of(__m256 x) {
    const __m128 four = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

float sum_of(__m256 x) {
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

__m256i words(__m256 low, __m256 high, __m256 inverse) {
    const __m256i a = _mm256_cvtps_epi32(_mm256_mul_ps(low, inverse)),
                  b = _mm256_cvtps_epi32(_mm256_mul_ps(high, inverse));
    return _mm256_permute4x64_epi64(_mm256_packs_epi32(a, b), 0xd8);
}

void round_row(const float* x, int k, std::byte* out) {
    std::byte* scales = out + static_cast<size_t>(k) * 2;
    for (int i = 0; i < k; i += kBlock, x += kBlock, out += 2 * kBlock, scales += sizeof(float)) {
        const __m256 a = _mm256_loadu_ps(x), b = _mm256_loadu_ps(x + 8), c = _mm256_loadu_ps(x + 16),
                     d = _mm256_loadu_ps(x + 24);
        const float largest = largest_of(_mm256_max_ps(_mm256_max_ps(magnitude(a), magnitude(b)),
                                                       _mm256_max_ps(magnitude(c), magnitude(d))));
        const __m256 inverse = _mm256_set1_ps(largest > 1e-30f ? kTop / largest : 0);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), words(a, b, inverse));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + 32), words(c, d, inverse));
        const float scale = largest / kTop;
        __builtin_memcpy(scales, &scale, sizeof scale);
    }
}

void round_rows(ConstRows x, int rows, int k, std::byte* out) {
    for (int t = 0; t < rows; ++t)
        round_row(x.data + static_cast<size_t>(t) * x.stride, k, out + static_cast<size_t>(t) * row_bytes(k));
}

__m256i load_words(const std::byte* from) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}

__m256i widened(const std::byte* codes) {
    return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(codes)));
}

// kWeights rows of weights by kTimes rows of x.
template <int kWeights, int kTimes>
void multiply_rows(const std::byte* rows, size_t stride, int k, const std::byte* x, MutableRows y) {
    __m256 sums[kWeights][kTimes];
    for (int i = 0; i < kWeights; ++i)
        for (int t = 0; t < kTimes; ++t) sums[i][t] = _mm256_setzero_ps();
    const size_t x_row = row_bytes(k);
    const std::byte *words = x, *scales = x + static_cast<size_t>(k) * 2;
    for (int c = 0; c < k; c += kBlock, rows += kFileBlock, words += 2 * kBlock, scales += sizeof(float)) {
        for (int i = 0; i < kWeights; ++i) {
            const std::byte* block = rows + static_cast<size_t>(i) * stride;
            // The next rows: the hardware does not look beyond the small pages of a mapped file.
            _mm_prefetch(reinterpret_cast<const char*>(block) + kWeights * stride, _MM_HINT_T0);
            uint16_t half;
            __builtin_memcpy(&half, block, sizeof half);
            const __m256 d = _mm256_broadcastss_ps(_mm_cvtph_ps(_mm_cvtsi32_si128(half)));
            const __m256i first = widened(block + 2), second = widened(block + 18);
            for (int t = 0; t < kTimes; ++t) {
                const std::byte* own = words + static_cast<size_t>(t) * x_row;
                const __m256i products = _mm256_add_epi32(_mm256_madd_epi16(first, load_words(own)),
                                                          _mm256_madd_epi16(second, load_words(own + 32)));
                float scale;
                __builtin_memcpy(&scale, scales + static_cast<size_t>(t) * x_row, sizeof scale);
                sums[i][t] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(products),
                                             _mm256_mul_ps(d, _mm256_set1_ps(scale)), sums[i][t]);
            }
        }
    }
    for (int i = 0; i < kWeights; ++i)
        for (int t = 0; t < kTimes; ++t) y.data[static_cast<size_t>(t) * y.stride + i] = sum_of(sums[i][t]);
}

// The rows stay in the first cache while all of x passes them.
template <int kWeights, int kTimes>
void multiply_times(const std::byte* rows, size_t stride, int k, const std::byte* x, int x_rows,
                    MutableRows y) {
    for (; x_rows >= kTimes; x_rows -= kTimes) {
        multiply_rows<kWeights, kTimes>(rows, stride, k, x, y);
        x += kTimes * row_bytes(k);
        y.data += kTimes * y.stride;
    }
    if constexpr (kTimes > 1) multiply_times<kWeights, kTimes / 2>(rows, stride, k, x, x_rows, y);
}

void multiply(const std::byte* rows, size_t stride, int count, int k, const std::byte* x, int x_rows,
              MutableRows y) {
    int i = 0;
    for (; i + 2 <= count; i += 2)
        multiply_times<2, 4>(rows + static_cast<size_t>(i) * stride, stride, k, x, x_rows,
                             {y.data + i, y.stride});
    if (i < count)
        multiply_times<1, 4>(rows + static_cast<size_t>(i) * stride, stride, k, x, x_rows,
                             {y.data + i, y.stride});
}

constexpr FileRowKernels kTable = {2 * kBlock + static_cast<int>(sizeof(float)), round_rows, multiply};

}  // namespace

const FileRowKernels& avx2_file_rows() {
    return kTable;
}

}  // namespace coda::runtime::cpu
