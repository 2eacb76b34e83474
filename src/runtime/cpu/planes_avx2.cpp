// AVX2 without VNNI: vpmaddubsw adds two products of an unsigned and a signed byte in 16 bits. With 7 bits of
// activation in each plane (14 in all) these never overflow: of 8-bit codes two products, which are widened
// at once; of up to 5 bits all of a block, of 6 bits the half block that shares a scale. There is no room for
// eight bits in one plane, so that both tables have two.
#include "runtime/cpu/kernels.h"

#include <immintrin.h>

namespace coda::runtime::cpu {
namespace {

constexpr int kLowBits = 7, kTop = 63 * 128 + 63;
constexpr int kRows[2][4] = {{1}, {2, 1}};

#include "runtime/cpu/planes_256_body.h"

__m256i widened(__m256i pairs) {
    return _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
}

template <int kBits>
struct Sum {
    __m256i a, b;
    Ints begin;
    void clear() {
        a = b = _mm256_setzero_si256();
        begin = {a, b};
    }
    void start(Ints at) { begin = at; }
    void add(Codes w, const std::byte* from) {
        const __m256i x = Ints::all(from).a;
        const __m256i first = _mm256_maddubs_epi16(w.a, x), second = _mm256_maddubs_epi16(w.b, x);
        a = kBits == 8 ? _mm256_add_epi32(a, widened(first)) : _mm256_add_epi16(a, first);
        b = kBits == 8 ? _mm256_add_epi32(b, widened(second)) : _mm256_add_epi16(b, second);
    }
    Ints total() const { return (kBits == 8 ? Ints{a, b} : Ints{widened(a), widened(b)}) + begin; }
};

#include "runtime/cpu/planes_body.h"

constexpr PlaneKernels kTable = {kOf<2>, kOf<2>};

}  // namespace

const PlaneKernels& avx2_planes() {
    return kTable;
}

}  // namespace coda::runtime::cpu
