// AVX-512 VNNI: vpdpbusd multiplies four unsigned by four signed bytes and adds them to a 32-bit sum, in each
// of 16 lanes.
#include "runtime/cpu/kernels.h"

#include <immintrin.h>

namespace coda::runtime::cpu {
namespace {

constexpr int kTop = 127 * 256 + 127;
constexpr int kMostBits[2] = {8, 8};
constexpr int kRows[2][4] = {{12, 4, 2, 1}, {8, 4, 2, 1}};

struct Floats {
    __m512 v;
    static Floats zero() { return {_mm512_setzero_ps()}; }
    static Floats all(float x) { return {_mm512_set1_ps(x)}; }
    static Floats all(const std::byte* from) {
        float x;
        __builtin_memcpy(&x, from, sizeof x);
        return all(x);
    }
    static Floats load(const float* from) { return {_mm512_loadu_ps(from)}; }
    static Floats load_f16(const std::byte* from) {
        return {_mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)))};
    }
    static Floats load_bf16(const std::byte* from) {
        const __m256i halves = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
        return {_mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16))};
    }
    static __m128i bytes(const std::byte* from) {
        return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    }
    static Floats of_bytes(__m128i bytes) { return {_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes))}; }
    static Floats load_u8(const std::byte* from) { return of_bytes(bytes(from)); }
    static Floats load_i8(const std::byte* from) {
        return {_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes(from)))};
    }
    static Floats load_low_halves(const std::byte* from) {
        return of_bytes(_mm_and_si128(bytes(from), _mm_set1_epi8(15)));
    }
    static Floats load_high_halves(const std::byte* from) {
        return of_bytes(_mm_and_si128(_mm_srli_epi16(bytes(from), 4), _mm_set1_epi8(15)));
    }
    void store(float* to) const { _mm512_storeu_ps(to, v); }
};
Floats operator-(Floats a, Floats b) {
    return {_mm512_sub_ps(a.v, b.v)};
}
Floats operator*(Floats a, Floats b) {
    return {_mm512_mul_ps(a.v, b.v)};
}
Floats fma(Floats a, Floats b, Floats c) {
    return {_mm512_fmadd_ps(a.v, b.v, c.v)};
}
float largest_magnitude(Floats a, Floats b) {
    return _mm512_reduce_max_ps(_mm512_max_ps(_mm512_abs_ps(a.v), _mm512_abs_ps(b.v)));
}

struct Ints {
    __m512i v;
    static Ints all(const std::byte* from) {
        int x;
        __builtin_memcpy(&x, from, sizeof x);
        return {_mm512_set1_epi32(x)};
    }
    template <int by>
    Ints left() const {
        return {_mm512_slli_epi32(v, by)};
    }
    Floats floats() const { return {_mm512_cvtepi32_ps(v)}; }
};
Ints operator+(Ints a, Ints b) {
    return {_mm512_add_epi32(a.v, b.v)};
}
Ints rounded(Floats x) {
    return {_mm512_cvtps_epi32(x.v)};
}
int sum(Ints x) {
    return _mm512_reduce_add_epi32(x.v);
}
void store_bytes(Ints x, std::byte* to) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_cvtepi32_epi8(x.v));
}
void split(Ints x, std::byte* high, std::byte* low) {
    const __m512i upper = _mm512_srai_epi32(_mm512_add_epi32(x.v, _mm512_set1_epi32(128)), 8);
    store_bytes({upper}, high);
    store_bytes({_mm512_sub_epi32(x.v, _mm512_slli_epi32(upper, 8))}, low);
}

struct Codes {
    __m512i v;
    static Codes load(const std::byte* from) { return {_mm512_loadu_si512(from)}; }
    template <int by>
    Codes left() const {
        return {_mm512_slli_epi16(v, by)};
    }
    template <int by>
    Codes right() const {
        return {_mm512_srli_epi16(v, by)};
    }
    Codes in(const uint8_t* table) const {
        const __m128i one = _mm_load_si128(reinterpret_cast<const __m128i*>(table));
        return {_mm512_shuffle_epi8(_mm512_broadcast_i32x4(one), v)};
    }
};
Codes operator&(Codes codes, char mask) {
    return {_mm512_and_si512(codes.v, _mm512_set1_epi8(mask))};
}
Codes operator|(Codes a, Codes b) {
    return {_mm512_or_si512(a.v, b.v)};
}

struct Sum {
    __m512i v;
    void clear() { v = _mm512_setzero_si512(); }
    void start(Ints at) { v = at.v; }
    void add(Codes w, const std::byte* x) { v = _mm512_dpbusd_epi32(v, w.v, Ints::all(x).v); }
    Ints total() const { return {v}; }
};

template <int kBytes>
void prefetch(const std::byte* block) {
    for (int line = 0; line < kBytes; line += 64)
        _mm_prefetch(reinterpret_cast<const char*>(block) + 2048 + line, _MM_HINT_T0);
}

#include "runtime/cpu/byte_planes_body.h"
#include "runtime/cpu/planes_body.h"

constexpr PlaneKernels kTable = {kOf<1>, kOf<2>};

}  // namespace

const PlaneKernels& avx512vnni_planes() {
    return kTable;
}

}  // namespace coda::runtime::cpu
