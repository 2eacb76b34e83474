// AVX-512 F, BW, DQ, VL. One register is one Vector.
#include "runtime/cpu/kernels.h"

#include <immintrin.h>

namespace coda::runtime::cpu {
namespace {

constexpr const char* kIsa = "AVX-512";
constexpr int kGemmRows = 12, kGemmPanels = 2;

struct Vector {
    __m512 v;
    static Vector zero() { return {_mm512_setzero_ps()}; }
    static Vector all(float x) { return {_mm512_set1_ps(x)}; }
    static Vector load(const float* from) { return {_mm512_loadu_ps(from)}; }
    static Vector load_f16(const uint16_t* from) {
        return {_mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)))};
    }
    static Vector load_bf16(const uint16_t* from) {
        const __m512i wide =
            _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
        return {_mm512_castsi512_ps(_mm512_slli_epi32(wide, 16))};
    }
    void store(float* to) const { _mm512_storeu_ps(to, v); }
    void store_f16(uint16_t* to) const {
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm512_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
    }
    float sum() const { return _mm512_reduce_add_ps(v); }
    float largest() const { return _mm512_reduce_max_ps(v); }
};

Vector operator+(Vector a, Vector b) {
    return {_mm512_add_ps(a.v, b.v)};
}
Vector operator-(Vector a, Vector b) {
    return {_mm512_sub_ps(a.v, b.v)};
}
Vector operator*(Vector a, Vector b) {
    return {_mm512_mul_ps(a.v, b.v)};
}
Vector operator/(Vector a, Vector b) {
    return {_mm512_div_ps(a.v, b.v)};
}
Vector fma(Vector a, Vector b, Vector c) {
    return {_mm512_fmadd_ps(a.v, b.v, c.v)};
}
Vector max(Vector a, Vector b) {
    return {_mm512_max_ps(a.v, b.v)};
}
Vector min(Vector a, Vector b) {
    return {_mm512_min_ps(a.v, b.v)};
}
Vector abs(Vector a) {
    return {_mm512_abs_ps(a.v)};
}
Vector copy_sign(Vector size, Vector sign) {
    const __m512 mask = _mm512_set1_ps(-0.0f);
    return {_mm512_or_ps(_mm512_andnot_ps(mask, size.v), _mm512_and_ps(mask, sign.v))};
}
Vector round(Vector a) {
    return {_mm512_roundscale_ps(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)};
}
Vector power_of_two(Vector n) {
    return {_mm512_castsi512_ps(
        _mm512_slli_epi32(_mm512_cvtps_epi32(_mm512_add_ps(n.v, _mm512_set1_ps(127))), 23))};
}

// What the hardware does not see coming: the start of the next page.
template <int kBytes>
void prefetch(const std::byte* block) {
    for (int line = 0; line < kBytes; line += 64)
        _mm_prefetch(reinterpret_cast<const char*>(block) + 2048 + line, _MM_HINT_T0);
}

#include "runtime/cpu/kernels_body.h"

}  // namespace

const Kernels& avx512_kernels() {
    return kTable;
}

}  // namespace coda::runtime::cpu
