// Four floats side by side, one per frame, and the elementary functions of the vocoder on them. The compiler
// turns these into SSE; no function is exact to the last bit, all are within 3e-7 of the true value (relative
// for exp and log, absolute for sine and cosine) over the ranges given. Thread safety: free functions without
// state.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

#if defined(__SSE4_1__)
#include <smmintrin.h>
#endif

namespace coda::models::hibari {

constexpr int kLanes = 4;
using Lanes = float __attribute__((vector_size(16)));
using IntLanes = int32_t __attribute__((vector_size(16)));

inline Lanes splat(float x) {
    return Lanes{x, x, x, x};
}
inline IntLanes splat(int32_t x) {
    return IntLanes{x, x, x, x};
}

inline Lanes load(const float* p) {
    Lanes x;
    std::memcpy(&x, p, sizeof x);
    return x;
}
inline void store(float* p, Lanes x) {
    std::memcpy(p, &x, sizeof x);
}

#if defined(__SSE4_1__)
inline Lanes select(IntLanes mask, Lanes yes, Lanes no) {
    return _mm_blendv_ps(no, yes, std::bit_cast<__m128>(mask));
}
inline Lanes min(Lanes a, Lanes b) {
    return _mm_min_ps(a, b);
}
inline Lanes max(Lanes a, Lanes b) {
    return _mm_max_ps(a, b);
}
inline Lanes sqrt(Lanes x) {
    return _mm_sqrt_ps(x);
}
#else
inline Lanes select(IntLanes mask, Lanes yes, Lanes no) {
    return std::bit_cast<Lanes>((mask & std::bit_cast<IntLanes>(yes)) |
                                (~mask & std::bit_cast<IntLanes>(no)));
}
inline Lanes min(Lanes a, Lanes b) {
    return select(a < b, a, b);
}
inline Lanes max(Lanes a, Lanes b) {
    return select(a > b, a, b);
}
inline Lanes sqrt(Lanes x) {
    for (int i = 0; i < kLanes; ++i) x[i] = std::sqrt(x[i]);
    return x;
}
#endif

// Rows become columns.
inline void transpose(Lanes& a, Lanes& b, Lanes& c, Lanes& d) {
    const Lanes ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5),
                ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
    const Lanes cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5),
                cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    a = __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5);
    b = __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7);
    c = __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5);
    d = __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7);
}

// The nearest integer, as float and as int; |x| < 2^22. Adding 1.5 * 2^23 leaves the integer in the low bits.
struct Rounded {
    Lanes value;
    IntLanes integer;
};
inline Rounded round(Lanes x) {
    const Lanes shifted = x + 12582912.0f;
    return {shifted - 12582912.0f, std::bit_cast<IntLanes>(shifted) - 0x4B400000};
}

// e^x, x clamped to [-87, 88].
inline Lanes exp(Lanes x) {
    x = min(max(x, splat(-87.0f)), splat(88.0f));
    const Rounded n = round(x * 1.44269504f);
    const Lanes r = (x - n.value * 0.693359375f) + n.value * 2.12194440e-4f;
    Lanes p = r * 1.9875691500e-4f + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    return std::bit_cast<Lanes>(std::bit_cast<IntLanes>(p) + (n.integer << 23));
}

inline Lanes tanh(Lanes x) {
    const Lanes e = exp(min(max(x, splat(-10.0f)), splat(10.0f)) * 2.0f);
    return (e - 1.0f) / (e + 1.0f);
}

struct SinCos {
    Lanes sin, cos;
};

// |x| < 10,000. The quarter turns come off in three steps (Cody and Waite), the rest is a polynomial.
inline SinCos sincos(Lanes x) {
    const Rounded n = round(x * 0.636619772f);
    const Lanes r = ((x - n.value * 1.5703125f) - n.value * 4.83751297e-4f) - n.value * 7.5497894e-8f;
    const Lanes r2 = r * r;
    Lanes s = r2 * -1.9515295891e-4f + 8.3321608736e-3f;
    s = s * r2 - 1.6666654611e-1f;
    s = s * r2 * r + r;
    Lanes c = r2 * 2.443315711809948e-5f - 1.388731625493765e-3f;
    c = c * r2 + 4.166664568298827e-2f;
    c = c * r2 * r2 - r2 * 0.5f + 1.0f;
    const IntLanes swap = (n.integer & 1) != 0;
    const IntLanes sin_sign = (n.integer & 2) << 30, cos_sign = ((n.integer + 1) & 2) << 30;
    const Lanes sine = select(swap, c, s), cosine = select(swap, s, c);
    return {std::bit_cast<Lanes>(std::bit_cast<IntLanes>(sine) ^ sin_sign),
            std::bit_cast<Lanes>(std::bit_cast<IntLanes>(cosine) ^ cos_sign)};
}

inline Lanes sin(Lanes x) {
    return sincos(x).sin;
}

// The natural logarithm of a normal number > 0.
inline Lanes log(Lanes x) {
    IntLanes bits = std::bit_cast<IntLanes>(x);
    IntLanes exponent = (bits >> 23) - 126;
    Lanes m = std::bit_cast<Lanes>((bits & 0x007FFFFF) | 0x3F000000);  // 0.5 .. 1
    const IntLanes small = m < 0.707106781f;
    exponent += small;
    m = select(small, m + m, m) - 1.0f;
    const Lanes e = __builtin_convertvector(exponent, Lanes);
    const Lanes m2 = m * m;
    Lanes p = m * 7.0376836292e-2f - 1.1514610310e-1f;
    p = p * m + 1.1676998740e-1f;
    p = p * m - 1.2420140846e-1f;
    p = p * m + 1.4249322787e-1f;
    p = p * m - 1.6668057665e-1f;
    p = p * m + 2.0000714765e-1f;
    p = p * m - 2.4999993993e-1f;
    p = p * m + 3.3333331174e-1f;
    p = p * m * m2 - e * 2.12194440e-4f - m2 * 0.5f;
    return m + p + e * 0.693359375f;
}

}  // namespace coda::models::hibari
