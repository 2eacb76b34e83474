// Two planes as bytes, high 256 + low, for the instruction sets that multiply bytes into 32 bits (VNNI): a
// sum (struct Sum) for each plane. Included before planes_body.h, under the rules of kernels_body.h.

void store_wide(Ints first, Ints second, std::byte* out) {
    split(first, out, out + kBlock);
    split(second, out + 16, out + kBlock + 16);
}

template <int kBits, int kPlanes>
struct Products {
    Sum sums[kPlanes];
    static Codes of(Codes codes) { return codes; }
    void clear() {
        for (int plane = 0; plane < kPlanes; ++plane) sums[plane].clear();
    }
    void start(Ints at) { sums[kPlanes - 1].start(at); }
    template <int j>
    void add(Codes w, const std::byte* x) {
        for (int plane = 0; plane < kPlanes; ++plane) sums[plane].add(w, x + plane * kBlock + 4 * j);
    }
    Ints total() const {
        if constexpr (kPlanes == 2)
            return sums[1].total() + sums[0].total().template left<8>();
        else
            return sums[0].total();
    }
};
