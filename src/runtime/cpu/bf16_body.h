// What the BF16 kernel files share: rounding to BF16 and what the rounding leaves. Included inside their
// anonymous namespaces under the rules of kernels_body.h, after <immintrin.h>.

// Nearest even, in the upper half of each lane; the lower half is rest.
__m512i rounded_bits(__m512 x) {
    const __m512i bits = _mm512_castps_si512(x);
    const __m512i lowest = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    return _mm512_add_epi32(bits, _mm512_add_epi32(lowest, _mm512_set1_epi32(0x7fff)));
}

__m512 rest_of(__m512 x) {
    const __m512i high = _mm512_and_si512(rounded_bits(x), _mm512_set1_epi32(static_cast<int>(0xffff0000u)));
    return _mm512_sub_ps(x, _mm512_castsi512_ps(high));
}

void store_rounded(__m512 x, uint16_t* to) {
    const __m256i halves = _mm512_cvtepi32_epi16(_mm512_srli_epi32(rounded_bits(x), 16));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), halves);
}

void round_rows(ConstRows x, int rows, int k, int padded_k, uint16_t* high, uint16_t* low) {
    for (int t = 0; t < rows; ++t) {
        const float* row = x.data + static_cast<size_t>(t) * x.stride;
        const size_t at = static_cast<size_t>(t) * static_cast<size_t>(padded_k);
        for (int i = 0; i < padded_k; i += 16) {
            const int left = k - i < 0 ? 0 : k - i < 16 ? k - i : 16;
            const __m512 values = _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << left) - 1), row + i);
            store_rounded(values, high + at + i);
            if (low) store_rounded(rest_of(values), low + at + i);
        }
    }
}

__m512i pair(__m512 even, __m512 odd) {
    const __m512i upper =
        _mm512_and_si512(rounded_bits(odd), _mm512_set1_epi32(static_cast<int>(0xffff0000u)));
    return _mm512_or_si512(upper, _mm512_srli_epi32(rounded_bits(even), 16));
}

void pair_columns(const float* panel, int count, uint16_t* high, uint16_t* low) {
    for (int i = 0; i < count; i += 2, panel += 2 * kPanelRows) {
        const __m512 even = _mm512_loadu_ps(panel), odd = _mm512_loadu_ps(panel + kPanelRows);
        _mm512_storeu_si512(high + i * kPanelRows, pair(even, odd));
        if (low) _mm512_storeu_si512(low + i * kPanelRows, pair(rest_of(even), rest_of(odd)));
    }
}
