// vpdpbusd on 256 bits: what planes_avxvnni.cpp and its twin planes_avx512vl.cpp share. Before it is included
// they define CODA_DPBUSD, the intrinsic in the encoding they are compiled for.

constexpr int kTop = 127 * 256 + 127;
constexpr int kMostBits[2] = {8, 8};
constexpr int kRows[2][4] = {{6, 2, 1}, {3, 1}};

#include "runtime/cpu/planes_256_body.h"

__m256i upper_part(__m256i x) {
    return _mm256_srai_epi32(_mm256_add_epi32(x, _mm256_set1_epi32(128)), 8);
}
__m256i lower_part(__m256i x) {
    return _mm256_sub_epi32(x, _mm256_slli_epi32(upper_part(x), 8));
}
void split(Ints x, std::byte* high, std::byte* low) {
    store_bytes({upper_part(x.a), upper_part(x.b)}, high);
    store_bytes({lower_part(x.a), lower_part(x.b)}, low);
}

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

#include "runtime/cpu/byte_planes_body.h"
#include "runtime/cpu/planes_body.h"

constexpr PlaneKernels kTable = {kOf<1>, kOf<2>};
