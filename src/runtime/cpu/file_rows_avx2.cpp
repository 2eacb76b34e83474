// q8_0 as the file has it, by AVX2: a row of weights times up to four rows of x, both widened to 16 bits,
// sums in floats along the columns.
#include "runtime/cpu/kernels.h"

#include <immintrin.h>

namespace coda::runtime::cpu {
namespace {

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

__m256i words(__m256 low, __m256 high, __m256 inverse) {
    const __m256i a = _mm256_cvtps_epi32(_mm256_mul_ps(low, inverse)),
                  b = _mm256_cvtps_epi32(_mm256_mul_ps(high, inverse));
    return _mm256_permute4x64_epi64(_mm256_packs_epi32(a, b), 0xd8);
}

// kTop: the largest whole number, as the panels' kernels of the same instruction set have it.
template <int kTop>
void round_row(const float* x, int k, std::byte* out) {
    std::byte* scales = out + static_cast<size_t>(k) * 2;
    for (int i = 0; i < k; i += kBlock, x += kBlock, out += 2 * kBlock, scales += sizeof(float)) {
        const __m256 a = _mm256_loadu_ps(x), b = _mm256_loadu_ps(x + 8), c = _mm256_loadu_ps(x + 16),
                     d = _mm256_loadu_ps(x + 24);
        const float largest = largest_of(_mm256_max_ps(_mm256_max_ps(magnitude(a), magnitude(b)),
                                                       _mm256_max_ps(magnitude(c), magnitude(d))));
        constexpr float kLimit = static_cast<float>(kTop);
        const __m256 inverse = _mm256_set1_ps(largest > 1e-30f ? kLimit / largest : 0);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), words(a, b, inverse));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + 32), words(c, d, inverse));
        const float scale = largest / kLimit;
        __builtin_memcpy(scales, &scale, sizeof scale);
    }
}

template <int kTop>
void round_rows(ConstRows x, int rows, int k, std::byte* out) {
    for (int t = 0; t < rows; ++t)
        round_row<kTop>(x.data + static_cast<size_t>(t) * x.stride, k,
                        out + static_cast<size_t>(t) * row_bytes(k));
}

__m256i load_words(const std::byte* from) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}

__m256i widened(const std::byte* codes) {
    return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(codes)));
}

// Lane i is the sum of vector i's lanes.
__m256i sums_of(const __m256i (&v)[8]) {
    const __m256i a = _mm256_hadd_epi32(_mm256_hadd_epi32(v[0], v[1]), _mm256_hadd_epi32(v[2], v[3])),
                  b = _mm256_hadd_epi32(_mm256_hadd_epi32(v[4], v[5]), _mm256_hadd_epi32(v[6], v[7]));
    return _mm256_add_epi32(_mm256_permute2x128_si256(a, b, 0x20), _mm256_permute2x128_si256(a, b, 0x31));
}

__m128 load_float(const std::byte* from) {
    float x;
    __builtin_memcpy(&x, from, sizeof x);
    return _mm_set_ss(x);
}

// Lane i kTimes + t: the scale of row t of x, `stride` apart. Built in registers, as vectors that are stored
// in parts and loaded whole would wait for their stores.
template <int kTimes>
__m256 x_scales(const std::byte* at, size_t stride) {
    if constexpr (kTimes == 1) return _mm256_broadcastss_ps(load_float(at));
    const __m128 first = _mm_unpacklo_ps(load_float(at), load_float(at + stride));
    if constexpr (kTimes == 2) return _mm256_castpd_ps(_mm256_broadcastsd_pd(_mm_castps_pd(first)));
    const __m128 second = _mm_unpacklo_ps(load_float(at + 2 * stride), load_float(at + 3 * stride));
    const __m128 four = _mm_movelh_ps(first, second);
    return _mm256_set_m128(four, four);
}

// Lane i kTimes + t: the scale of the block at `at` of weights' row i.
template <int kTimes>
__m256 weight_scales(const std::byte* const (&row)[8 / kTimes], size_t at) {
    uint64_t halves[2] = {0, 0};
    for (int i = 0; i < 8 / kTimes; ++i) {
        uint16_t half;
        __builtin_memcpy(&half, row[i] + at, sizeof half);
        halves[i / 4] |= uint64_t{half} << (i % 4 * 16);
    }
    const __m256 d =
        _mm256_cvtph_ps(_mm_set_epi64x(static_cast<long long>(halves[1]), static_cast<long long>(halves[0])));
    if constexpr (kTimes == 1) return d;
    const __m256i order =
        kTimes == 2 ? _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3) : _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1);
    return _mm256_permutevar8x32_ps(d, order);
}

// kTimes rows of x by 8 / kTimes rows of weights, of which `count` are there; lane i kTimes + t is row i by
// row t.
template <int kTimes>
void multiply_eight(const std::byte* rows, size_t stride, int count, int k, const std::byte* x,
                    MutableRows y) {
    constexpr int kWeights = 8 / kTimes;
    const std::byte* row[kWeights];
    for (int i = 0; i < kWeights; ++i) row[i] = rows + static_cast<size_t>(i < count ? i : 0) * stride;
    const size_t x_row = row_bytes(k);
    const std::byte *words = x, *scales = x + static_cast<size_t>(k) * 2;
    __m256 total = _mm256_setzero_ps();
    for (size_t at = 0; at < static_cast<size_t>(k / kBlock) * kFileBlock;
         at += kFileBlock, words += 2 * kBlock, scales += sizeof(float)) {
        __m256i products[8];
        for (int i = 0; i < kWeights; ++i) {
            const std::byte* block = row[i] + at;
            // The next rows: the hardware does not look beyond the small pages of a mapped file.
            _mm_prefetch(reinterpret_cast<const char*>(block) + kWeights * stride, _MM_HINT_T0);
            const __m256i first = widened(block + 2), second = widened(block + 18);
            for (int t = 0; t < kTimes; ++t) {
                const std::byte* own = words + static_cast<size_t>(t) * x_row;
                products[i * kTimes + t] = _mm256_add_epi32(_mm256_madd_epi16(first, load_words(own)),
                                                            _mm256_madd_epi16(second, load_words(own + 32)));
            }
        }
        const __m256 scale = _mm256_mul_ps(weight_scales<kTimes>(row, at), x_scales<kTimes>(scales, x_row));
        total = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sums_of(products)), scale, total);
    }
    alignas(32) float lanes[8];
    _mm256_store_ps(lanes, total);
    for (int i = 0; i < kWeights && i < count; ++i)
        for (int t = 0; t < kTimes; ++t)
            y.data[static_cast<size_t>(t) * y.stride + i] = lanes[i * kTimes + t];
}

template <int kTimes>
void multiply_times(const std::byte* rows, size_t stride, int count, int k, const std::byte* x, int x_rows,
                    MutableRows y) {
    constexpr int kWeights = 8 / kTimes;
    for (; x_rows >= kTimes; x_rows -= kTimes) {
        for (int i = 0; i < count; i += kWeights)
            multiply_eight<kTimes>(rows + static_cast<size_t>(i) * stride, stride, count - i, k, x,
                                   {y.data + i, y.stride});
        x += kTimes * row_bytes(k);
        y.data += kTimes * y.stride;
    }
    if constexpr (kTimes > 1) multiply_times<kTimes / 2>(rows, stride, count, k, x, x_rows, y);
}

void multiply(const std::byte* rows, size_t stride, int count, int k, const std::byte* x, int x_rows,
              MutableRows y) {
    multiply_times<4>(rows, stride, count, k, x, x_rows, y);
}

template <int kTop>
constexpr FileRowKernels kTable = {2 * kBlock + static_cast<int>(sizeof(float)), round_rows<kTop>, multiply};

}  // namespace

const FileRowKernels& avx2_file_rows() {
    return kTable<32767>;
}
const FileRowKernels& vnni_file_rows() {
    return kTable<127 * 256 + 127>;
}

}  // namespace coda::runtime::cpu
