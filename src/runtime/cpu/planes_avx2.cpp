// AVX2 without VNNI. Two planes are words here: vpmaddwd multiplies codes, widened to 16 bits once for all
// rows, by activations of 16 bits, and no sum overflows. One plane goes through vpmaddubsw, which adds two
// products of an unsigned and a signed byte in 16 bits: twice as many at a time, with room for eight of 4
// bits, four of 5 and two of 6 before they must be widened. 8-bit codes would need widening at once, which is
// no faster than words, so that they have no single plane.
#include "runtime/cpu/kernels.h"

#include <immintrin.h>

namespace coda::runtime::cpu {
namespace {

constexpr int kTop = 32767;
constexpr int kRows[2][4] = {{4, 2, 1}, {4, 2, 1}};
constexpr int kMostBits[2] = {6, 8};

#include "runtime/cpu/planes_256_body.h"

// Of every four columns the words of the first and third, then of the second and fourth: as masking the even
// bytes of codes, and shifting the odd ones down, gives them.
__m256i in_turn(Ints x) {
    const __m256i order = _mm256_setr_epi8(0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15,  //
                                           0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15);
    const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(x.a, x.b), 0xd8);
    return _mm256_shuffle_epi8(words, order);
}
void store_wide(Ints first, Ints second, std::byte* out) {
    auto* to = reinterpret_cast<__m256i*>(out);
    _mm256_storeu_si256(to, in_turn(first));
    _mm256_storeu_si256(to + 1, in_turn(second));
}

template <int kBits, int kPlanes>
struct Products;

template <int kBits>
struct Products<kBits, 2> {
    struct Words {
        __m256i even_a, odd_a, even_b, odd_b;
    };
    __m256i a, b;

    static Words of(Codes codes) {
        const __m256i low = _mm256_set1_epi16(0xff);
        return {_mm256_and_si256(codes.a, low), _mm256_srli_epi16(codes.a, 8), _mm256_and_si256(codes.b, low),
                _mm256_srli_epi16(codes.b, 8)};
    }
    void clear() { a = b = _mm256_setzero_si256(); }
    void start(Ints at) {
        a = at.a;
        b = at.b;
    }
    template <int j>
    void add(const Words& w, const std::byte* x) {
        const __m256i even = Ints::all(x + 8 * j).a, odd = Ints::all(x + 8 * j + 4).a;
        a = _mm256_add_epi32(a, _mm256_madd_epi16(w.even_a, even));
        b = _mm256_add_epi32(b, _mm256_madd_epi16(w.even_b, even));
        a = _mm256_add_epi32(a, _mm256_madd_epi16(w.odd_a, odd));
        b = _mm256_add_epi32(b, _mm256_madd_epi16(w.odd_b, odd));
    }
    Ints total() const { return {a, b}; }
};

template <int kBits>
struct Products<kBits, 1> {
    static constexpr int kTogether = kBits <= 4 ? 8 : kBits == 5 ? 4 : 2;  // that 16 bits have room for
    __m256i a, b;
    Ints wide;

    static Codes of(Codes codes) { return codes; }
    static __m256i widened(__m256i pairs) { return _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)); }
    void clear() {
        a = b = _mm256_setzero_si256();
        wide = {a, b};
    }
    void start(Ints at) { wide = at; }
    template <int j>
    void add(Codes w, const std::byte* from) {
        const __m256i x = Ints::all(from + 4 * j).a;
        const __m256i first = _mm256_maddubs_epi16(w.a, x), second = _mm256_maddubs_epi16(w.b, x);
        if constexpr (kTogether == 8) {
            a = _mm256_add_epi16(a, first);
            b = _mm256_add_epi16(b, second);
        } else {
            a = j % kTogether == 0 ? first : _mm256_add_epi16(a, first);
            b = j % kTogether == 0 ? second : _mm256_add_epi16(b, second);
            if constexpr (j % kTogether == kTogether - 1) wide = Ints{widened(a), widened(b)} + wide;
        }
    }
    Ints total() const { return kTogether == 8 ? Ints{widened(a), widened(b)} + wide : wide; }
};

#include "runtime/cpu/planes_body.h"

constexpr PlaneKernels kTable = {kOf<1>, kOf<2>};

}  // namespace

const PlaneKernels& avx2_planes() {
    return kTable;
}

}  // namespace coda::runtime::cpu
