// What every x86-64-v2 machine has (SSE4.1, no FMA, no F16C), through the compilers' own vectors: right
// anywhere, and what runs under valgrind.
#include "runtime/cpu/kernels.h"

namespace coda::runtime::cpu {
namespace {

constexpr const char* kIsa = "x86-64-v2";
constexpr int kGemmRows = 2, kGemmPanels = 1;

using Floats = float __attribute__((vector_size(64)));
using Ints = int32_t __attribute__((vector_size(64)));

uint32_t bits_of(float x) {
    return __builtin_bit_cast(uint32_t, x);
}
float float_of(uint32_t bits) {
    return __builtin_bit_cast(float, bits);
}

float from_f16(uint16_t half) {
    const uint32_t sign = static_cast<uint32_t>(half & 0x8000) << 16, rest = half & 0x7fff;
    // Moves the exponent by multiplication, which also gets subnormals right; infinities and NaNs apart.
    const float value = rest >= 0x7c00 ? float_of(0x7f800000 | rest << 13) : float_of(rest << 13) * 0x1p112f;
    return float_of(sign | bits_of(value));
}

uint16_t to_f16_nearest(float value) {
    const uint32_t bits = bits_of(value), size = bits & 0x7fffffff;
    const uint32_t sign = bits >> 16 & 0x8000;
    if (size > 0x7f800000) return static_cast<uint16_t>(sign | 0x7e00);
    if (size >= 0x477ff000) return static_cast<uint16_t>(sign | 0x7c00);
    if (size < 0x38800000)  // adding 0.5 leaves the rounded multiple of 2^-24 in the low bits
        return static_cast<uint16_t>(sign | (bits_of(float_of(size) + 0.5f) - bits_of(0.5f)));
    return static_cast<uint16_t>(sign | (size + 0xfff + (size >> 13 & 1) - 0x38000000) >> 13);
}

struct Vector {
    Floats v;
    static Vector zero() { return {Floats{}}; }
    static Vector all(float x) { return {x - Floats{}}; }
    static Vector load(const float* from) {
        Vector out;
        __builtin_memcpy(&out.v, from, sizeof out.v);
        return out;
    }
    static Vector load_f16(const uint16_t* from) {
        Vector out;
        for (int i = 0; i < kPanelRows; ++i) out.v[i] = from_f16(from[i]);
        return out;
    }
    static Vector load_bf16(const uint16_t* from) {
        Ints wide;
        for (int i = 0; i < kPanelRows; ++i) wide[i] = from[i];
        return {reinterpret_cast<Floats>(wide << 16)};
    }
    void store(float* to) const { __builtin_memcpy(to, &v, sizeof v); }
    void store_f16(uint16_t* to) const {
        for (int i = 0; i < kPanelRows; ++i) to[i] = to_f16_nearest(v[i]);
    }
    float sum() const {
        float total = 0;
        for (int i = 0; i < kPanelRows; ++i) total += v[i];
        return total;
    }
    float largest() const {
        float best = v[0];
        for (int i = 1; i < kPanelRows; ++i) best = v[i] > best ? v[i] : best;
        return best;
    }
};

Vector operator+(Vector a, Vector b) {
    return {a.v + b.v};
}
Vector operator-(Vector a, Vector b) {
    return {a.v - b.v};
}
Vector operator*(Vector a, Vector b) {
    return {a.v * b.v};
}
Vector operator/(Vector a, Vector b) {
    return {a.v / b.v};
}
Vector fma(Vector a, Vector b, Vector c) {
    return {a.v * b.v + c.v};
}
Vector max(Vector a, Vector b) {
    return {a.v > b.v ? a.v : b.v};
}
Vector min(Vector a, Vector b) {
    return {a.v < b.v ? a.v : b.v};
}
Vector abs(Vector a) {
    return {reinterpret_cast<Floats>(reinterpret_cast<Ints>(a.v) & 0x7fffffff)};
}
Vector copy_sign(Vector size, Vector sign) {
    return {reinterpret_cast<Floats>((reinterpret_cast<Ints>(size.v) & 0x7fffffff) |
                                     (reinterpret_cast<Ints>(sign.v) & INT32_MIN))};
}
// Adding and taking away 1.5 x 2^23 rounds to the nearest whole number; exp keeps |a| far below 2^22.
Vector round(Vector a) {
    return {(a.v + 12582912.0f) - 12582912.0f};
}
Vector power_of_two(Vector n) {
    return {reinterpret_cast<Floats>((__builtin_convertvector(n.v, Ints) + 127) << 23)};
}

template <int kBytes>
void prefetch(const std::byte*) {}

#include "runtime/cpu/kernels_body.h"

}  // namespace

const Kernels& baseline_kernels() {
    return kTable;
}

}  // namespace coda::runtime::cpu
