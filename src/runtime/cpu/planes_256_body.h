// The lanes of planes_body.h as pairs of 256-bit registers, for the files that have no wider ones. Included
// inside their anonymous namespaces under the rules of kernels_body.h, after <immintrin.h>.

struct Floats {
    __m256 a, b;
    static Floats zero() { return {_mm256_setzero_ps(), _mm256_setzero_ps()}; }
    static Floats all(float x) { return {_mm256_set1_ps(x), _mm256_set1_ps(x)}; }
    static Floats all(const std::byte* from) {
        float x;
        __builtin_memcpy(&x, from, sizeof x);
        return all(x);
    }
    static Floats load(const float* from) { return {_mm256_loadu_ps(from), _mm256_loadu_ps(from + 8)}; }
    static __m128i bytes(const std::byte* from) {
        return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    }
    static Floats load_f16(const std::byte* from) {
        return {_mm256_cvtph_ps(bytes(from)), _mm256_cvtph_ps(bytes(from + 16))};
    }
    static __m256 from_bf16(__m128i halves) {
        return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16));
    }
    static Floats load_bf16(const std::byte* from) {
        return {from_bf16(bytes(from)), from_bf16(bytes(from + 16))};
    }
    static Floats of_bytes(__m128i bytes) {
        return {_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes)),
                _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_srli_si128(bytes, 8)))};
    }
    static Floats load_u8(const std::byte* from) { return of_bytes(bytes(from)); }
    static Floats load_i8(const std::byte* from) {
        return {_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes(from))),
                _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_srli_si128(bytes(from), 8)))};
    }
    static Floats load_low_halves(const std::byte* from) {
        return of_bytes(_mm_and_si128(bytes(from), _mm_set1_epi8(15)));
    }
    static Floats load_high_halves(const std::byte* from) {
        return of_bytes(_mm_and_si128(_mm_srli_epi16(bytes(from), 4), _mm_set1_epi8(15)));
    }
    void store(float* to) const {
        _mm256_storeu_ps(to, a);
        _mm256_storeu_ps(to + 8, b);
    }
};
Floats operator-(Floats x, Floats y) {
    return {_mm256_sub_ps(x.a, y.a), _mm256_sub_ps(x.b, y.b)};
}
Floats operator*(Floats x, Floats y) {
    return {_mm256_mul_ps(x.a, y.a), _mm256_mul_ps(x.b, y.b)};
}
Floats fma(Floats x, Floats y, Floats z) {
    return {_mm256_fmadd_ps(x.a, y.a, z.a), _mm256_fmadd_ps(x.b, y.b, z.b)};
}
__m256 magnitude(__m256 x) {
    return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x);
}
float largest_magnitude(Floats x, Floats y) {
    const __m256 eight = _mm256_max_ps(_mm256_max_ps(magnitude(x.a), magnitude(x.b)),
                                       _mm256_max_ps(magnitude(y.a), magnitude(y.b)));
    const __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

struct Ints {
    __m256i a, b;
    static Ints all(const std::byte* from) {
        int x;
        __builtin_memcpy(&x, from, sizeof x);
        return {_mm256_set1_epi32(x), _mm256_set1_epi32(x)};
    }
    template <int by>
    Ints left() const {
        return {_mm256_slli_epi32(a, by), _mm256_slli_epi32(b, by)};
    }
    Floats floats() const { return {_mm256_cvtepi32_ps(a), _mm256_cvtepi32_ps(b)}; }
};
Ints operator+(Ints x, Ints y) {
    return {_mm256_add_epi32(x.a, y.a), _mm256_add_epi32(x.b, y.b)};
}
Ints rounded(Floats x) {
    return {_mm256_cvtps_epi32(x.a), _mm256_cvtps_epi32(x.b)};
}
int sum(Ints x) {
    const __m256i eight = _mm256_add_epi32(x.a, x.b);
    const __m128i four = _mm_add_epi32(_mm256_castsi256_si128(eight), _mm256_extracti128_si256(eight, 1));
    const __m128i two = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4e));
    return _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32(two, 0xb1)));
}
void store_bytes(Ints x, std::byte* to) {  // of lanes that fit one
    const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(x.a, x.b), 0xd8);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to),
                     _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1)));
}
struct Codes {
    __m256i a, b;
    static Codes load(const std::byte* from) {
        const auto* halves = reinterpret_cast<const __m256i*>(from);
        return {_mm256_loadu_si256(halves), _mm256_loadu_si256(halves + 1)};
    }
    template <int by>
    Codes left() const {
        return {_mm256_slli_epi16(a, by), _mm256_slli_epi16(b, by)};
    }
    template <int by>
    Codes right() const {
        return {_mm256_srli_epi16(a, by), _mm256_srli_epi16(b, by)};
    }
    Codes in(const uint8_t* table) const {
        const __m256i both =
            _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(table)));
        return {_mm256_shuffle_epi8(both, a), _mm256_shuffle_epi8(both, b)};
    }
};
Codes operator&(Codes codes, char mask) {
    const __m256i all = _mm256_set1_epi8(mask);
    return {_mm256_and_si256(codes.a, all), _mm256_and_si256(codes.b, all)};
}
Codes operator|(Codes x, Codes y) {
    return {_mm256_or_si256(x.a, y.a), _mm256_or_si256(x.b, y.b)};
}

template <int kBytes>
void prefetch(const std::byte* block) {
    for (int line = 0; line < kBytes; line += 64)
        _mm_prefetch(reinterpret_cast<const char*>(block) + 2048 + line, _MM_HINT_T0);
}
