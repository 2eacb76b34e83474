// AVX2 with FMA and F16C. Two registers make a Vector.
#include "runtime/cpu/kernels.h"

#include <immintrin.h>

namespace coda::runtime::cpu {
namespace {

constexpr const char* kIsa = "AVX2";
constexpr int kGemmRows = 6, kGemmPanels = 1;

struct Vector {
    __m256 a, b;
    static Vector zero() { return {_mm256_setzero_ps(), _mm256_setzero_ps()}; }
    static Vector all(float x) { return {_mm256_set1_ps(x), _mm256_set1_ps(x)}; }
    static Vector load(const float* from) { return {_mm256_loadu_ps(from), _mm256_loadu_ps(from + 8)}; }
    static __m128i eight_halves(const uint16_t* from) {
        return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    }
    static Vector load_f16(const uint16_t* from) {
        return {_mm256_cvtph_ps(eight_halves(from)), _mm256_cvtph_ps(eight_halves(from + 8))};
    }
    static __m256 from_bf16(__m128i halves) {
        return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16));
    }
    static Vector load_bf16(const uint16_t* from) {
        return {from_bf16(eight_halves(from)), from_bf16(eight_halves(from + 8))};
    }
    void store(float* to) const {
        _mm256_storeu_ps(to, a);
        _mm256_storeu_ps(to + 8, b);
    }
    void store_f16(uint16_t* to) const {
        _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm256_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 8), _mm256_cvtps_ph(b, _MM_FROUND_TO_NEAREST_INT));
    }
    float sum() const {
        const __m256 eight = _mm256_add_ps(a, b);
        const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
        const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
        return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
    }
    float largest() const {
        const __m256 eight = _mm256_max_ps(a, b);
        const __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
        const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
        return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
    }
};

Vector operator+(Vector x, Vector y) {
    return {_mm256_add_ps(x.a, y.a), _mm256_add_ps(x.b, y.b)};
}
Vector operator-(Vector x, Vector y) {
    return {_mm256_sub_ps(x.a, y.a), _mm256_sub_ps(x.b, y.b)};
}
Vector operator*(Vector x, Vector y) {
    return {_mm256_mul_ps(x.a, y.a), _mm256_mul_ps(x.b, y.b)};
}
Vector operator/(Vector x, Vector y) {
    return {_mm256_div_ps(x.a, y.a), _mm256_div_ps(x.b, y.b)};
}
Vector fma(Vector x, Vector y, Vector z) {
    return {_mm256_fmadd_ps(x.a, y.a, z.a), _mm256_fmadd_ps(x.b, y.b, z.b)};
}
Vector max(Vector x, Vector y) {
    return {_mm256_max_ps(x.a, y.a), _mm256_max_ps(x.b, y.b)};
}
Vector min(Vector x, Vector y) {
    return {_mm256_min_ps(x.a, y.a), _mm256_min_ps(x.b, y.b)};
}
Vector abs(Vector x) {
    const __m256 sign = _mm256_set1_ps(-0.0f);
    return {_mm256_andnot_ps(sign, x.a), _mm256_andnot_ps(sign, x.b)};
}
Vector copy_sign(Vector size, Vector sign) {
    const __m256 mask = _mm256_set1_ps(-0.0f);
    return {_mm256_or_ps(_mm256_andnot_ps(mask, size.a), _mm256_and_ps(mask, sign.a)),
            _mm256_or_ps(_mm256_andnot_ps(mask, size.b), _mm256_and_ps(mask, sign.b))};
}
Vector round(Vector x) {
    return {_mm256_round_ps(x.a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC),
            _mm256_round_ps(x.b, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)};
}
__m256 power_of_two(__m256 n) {
    return _mm256_castsi256_ps(
        _mm256_slli_epi32(_mm256_cvtps_epi32(_mm256_add_ps(n, _mm256_set1_ps(127))), 23));
}
Vector power_of_two(Vector n) {
    return {power_of_two(n.a), power_of_two(n.b)};
}

// What the hardware does not see coming: the start of the next page.
template <int kBytes>
void prefetch(const std::byte* block) {
    for (int line = 0; line < kBytes; line += 64)
        _mm_prefetch(reinterpret_cast<const char*>(block) + 2048 + line, _MM_HINT_T0);
}

#include "runtime/cpu/kernels_body.h"

}  // namespace

const Kernels& avx2_kernels() {
    return kTable;
}

}  // namespace coda::runtime::cpu
