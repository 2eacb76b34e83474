// vpdpbusd on 256 bits: what planes_avxvnni.cpp and its twin planes_avx512vl.cpp share. Before it is included
// they define CODA_DPBUSD, the intrinsic in the encoding they are compiled for.

constexpr int kLowBits = 8, kTop = 127 * 256 + 127;
constexpr int kRows[2][4] = {{6, 2, 1}, {3, 1}};

#include "runtime/cpu/planes_256_body.h"

template <int kBits>
struct Sum {
    __m256i a, b;
    void clear() { a = b = _mm256_setzero_si256(); }
    void start(Ints at) {
        a = at.a;
        b = at.b;
    }
    void add(Codes w, const std::byte* from) {
        const __m256i x = Ints::all(from).a;
        a = CODA_DPBUSD(a, w.a, x);
        b = CODA_DPBUSD(b, w.b, x);
    }
    Ints total() const { return {a, b}; }
};

#include "runtime/cpu/planes_body.h"

constexpr PlaneKernels kTable = {kOf<1>, kOf<2>};
