// Products of integer codes, written once over 16 lanes. Each planes_<isa>.cpp defines those lanes (structs
// Ints, Floats, Codes and Sum, and the constants below) in an anonymous namespace and includes this file
// inside it, under the rules of kernels_body.h.
//
// A weight is d q + m with a small unsigned code q (less an offset); an activation is rounded to a whole
// number times the scale of its 32 columns, and that number is one byte, or two: its planes. Products of
// whole numbers are exact, so all that is lost is that rounding: 16 bits with two planes (as good as floats),
// 8 with one. No weight is ever turned into a float.
//
// The ISA's: kTop, the largest whole number of two planes; kRows[planes - 1][], how many rows of x a pass
// over a panel takes, descending to 1; kMostBits[planes - 1], the widest codes that it multiplies;
// store_wide, how two planes of 32 columns lie; and Products<bits, planes>, the sums of one row of x:
// Weights, how of(codes) prepares columns 4 j to 4 j + 3 of the panel for any number of rows, add<j>(weights,
// planes), total().

// --- codes: 32 columns of 16 rows; get<j> gives columns 4 j to 4 j + 3, byte 4 row + column ---

template <int by>
Codes moved(Codes codes) {  // the bits of each byte, those of its neighbours to be masked
    if constexpr (by > 0)
        return codes.template left<by>();
    else if constexpr (by < 0)
        return codes.template right<-by>();
    else
        return codes;
}

struct Eight {
    static constexpr int kBytes = 512, kBits = 8;
    template <int j>
    static Codes get(const std::byte* at) {
        return Codes::load(at + 64 * j);
    }
};
struct Four {
    static constexpr int kBytes = 256, kBits = 4;
    template <int j>
    static Codes get(const std::byte* at) {
        return moved<-4 * (j % 2)>(Codes::load(at + 64 * (j / 2))) & 0x0f;
    }
};
struct Two {
    static constexpr int kBytes = 128, kBits = 2;
    template <int j>
    static Codes get(const std::byte* at) {
        return moved<-2 * (j % 4)>(Codes::load(at + 64 * (j / 4))) & 0x03;
    }
};
struct Five {
    static constexpr int kBytes = Four::kBytes + 64, kBits = 5;
    template <int j>
    static Codes get(const std::byte* at) {
        return Four::get<j>(at) | (moved<4 - j>(Codes::load(at + Four::kBytes)) & 0x10);
    }
};
struct Three {
    static constexpr int kBytes = Two::kBytes + 64, kBits = 3;
    template <int j>
    static Codes get(const std::byte* at) {
        return Two::get<j>(at) | (moved<2 - j>(Codes::load(at + Two::kBytes)) & 0x04);
    }
};
struct Six {
    static constexpr int kBytes = Four::kBytes + Two::kBytes, kBits = 6;
    template <int j>
    static Codes get(const std::byte* at) {
        const Codes pairs = Codes::load(at + Four::kBytes + 64 * (j / 4));
        return Four::get<j>(at) | (moved<4 - 2 * (j % 4)>(pairs) & 0x30);
    }
};
// Codes that stand for the numbers of a table (which has the offset added).
struct Iq4 {
    static constexpr int kBytes = Four::kBytes, kBits = 8;
    alignas(16) static constexpr uint8_t kTable[16] = {1,   24,  45,  63,  79,  93,  106, 118,
                                                       129, 141, 153, 166, 181, 197, 217, 241};
    template <int j>
    static Codes get(const std::byte* at) {
        return Four::get<j>(at).in(kTable);
    }
};
struct Mxfp4 {
    static constexpr int kBytes = Four::kBytes, kBits = 5;
    alignas(16) static constexpr uint8_t kTable[16] = {16, 17, 18, 19, 20, 22, 24, 28,
                                                       16, 15, 14, 13, 12, 10, 8,  4};
    template <int j>
    static Codes get(const std::byte* at) {
        return Four::get<j>(at).in(kTable);
    }
};

// --- scales: what comes before the codes of a block, and before the blocks of 256 columns ---

struct Nothing {
    explicit Nothing(const std::byte*) {}
};
struct OneHalf {
    Floats d;
    explicit OneHalf(const std::byte* at) : d(Floats::load_f16(at)) {}
};
struct TwoHalves {
    Floats d, m;
    explicit TwoHalves(const std::byte* at) : d(Floats::load_f16(at)), m(Floats::load_f16(at + 32)) {}
};

struct HalfScale {  // d
    using Super = Nothing;
    static constexpr int kSuperBytes = 0, kBytes = 32, kBlocks = 1, kParts = 1;
    static constexpr bool kMins = false;
    static Floats scale(const Super&, const std::byte* at, int) { return Floats::load_f16(at); }
};
struct Bf16Scale : HalfScale {
    static Floats scale(const Super&, const std::byte* at, int) { return Floats::load_bf16(at); }
};
struct HalfScaleAndMin {  // d, m
    using Super = Nothing;
    static constexpr int kSuperBytes = 0, kBytes = 64, kBlocks = 1, kParts = 1;
    static constexpr bool kMins = true;
    static Floats scale(const Super&, const std::byte* at, int) { return Floats::load_f16(at); }
    static Floats min(const Super&, const std::byte* at, int) { return Floats::load_f16(at + 32); }
};
struct ByteScaleAndMin {  // 256 columns: d, m; 32: u8 times d, u8 times -m
    using Super = TwoHalves;
    static constexpr int kSuperBytes = 64, kBytes = 32, kBlocks = 8, kParts = 1;
    static constexpr bool kMins = true;
    static Floats scale(const Super& super, const std::byte* at, int) {
        return super.d * Floats::load_u8(at);
    }
    static Floats min(const Super& super, const std::byte* at, int) {
        return Floats::zero() - super.m * Floats::load_u8(at + 16);
    }
};
struct ByteScale {  // 256 columns: d; 32: i8 times d
    using Super = OneHalf;
    static constexpr int kSuperBytes = 32, kBytes = 16, kBlocks = 8, kParts = 1;
    static constexpr bool kMins = false;
    static Floats scale(const Super& super, const std::byte* at, int) {
        return super.d * Floats::load_i8(at);
    }
};
struct TwoByteScales {  // 256 columns: d; 16: i8 times d
    using Super = OneHalf;
    static constexpr int kSuperBytes = 32, kBytes = 32, kBlocks = 8, kParts = 2;
    static constexpr bool kMins = false;
    static Floats scale(const Super& super, const std::byte* at, int part) {
        return super.d * Floats::load_i8(at + 16 * part);
    }
};
struct TwoNibbleScalesAndMins {  // 256 columns: d, m; 16: low half of a byte times d, high times -m
    using Super = TwoHalves;
    static constexpr int kSuperBytes = 64, kBytes = 32, kBlocks = 8, kParts = 2;
    static constexpr bool kMins = true;
    static Floats scale(const Super& super, const std::byte* at, int part) {
        return super.d * Floats::load_low_halves(at + 16 * part);
    }
    static Floats min(const Super& super, const std::byte* at, int part) {
        return Floats::zero() - super.m * Floats::load_high_halves(at + 16 * part);
    }
};

// --- formats: code less 2^kOffsetBits (no offset below 0) ---

template <class CodesOf, class ScalesOf, int offset_bits>
struct FormatOf {
    using Code = CodesOf;
    using Scale = ScalesOf;
    static constexpr int kOffsetBits = offset_bits, kBlockBytes = Scale::kBytes + Code::kBytes;
};
template <PanelType type>
struct Coded;
template <>
struct Coded<PanelType::q8_0> : FormatOf<Eight, HalfScale, 7> {};
template <>
struct Coded<PanelType::q4_0> : FormatOf<Four, HalfScale, 3> {};
template <>
struct Coded<PanelType::q4_1> : FormatOf<Four, HalfScaleAndMin, -1> {};
template <>
struct Coded<PanelType::q5_0> : FormatOf<Five, HalfScale, 4> {};
template <>
struct Coded<PanelType::q5_1> : FormatOf<Five, HalfScaleAndMin, -1> {};
template <>
struct Coded<PanelType::q2_k> : FormatOf<Two, TwoNibbleScalesAndMins, -1> {};
template <>
struct Coded<PanelType::q3_k> : FormatOf<Three, TwoByteScales, 2> {};
template <>
struct Coded<PanelType::q4_k> : FormatOf<Four, ByteScaleAndMin, -1> {};
template <>
struct Coded<PanelType::q5_k> : FormatOf<Five, ByteScaleAndMin, -1> {};
template <>
struct Coded<PanelType::q6_k> : FormatOf<Six, TwoByteScales, 5> {};
template <>
struct Coded<PanelType::iq4_nl> : FormatOf<Iq4, HalfScale, 7> {};
template <>
struct Coded<PanelType::iq4_xs> : FormatOf<Iq4, ByteScale, 7> {};
template <>
struct Coded<PanelType::mxfp4> : FormatOf<Mxfp4, Bf16Scale, 4> {};

// --- activations ---

// Behind the planes of 32 columns: their scale, and of columns 0 to 15, 16 to 31 and all of them the sum
// (scaled, and the negative of the whole number).
struct Facts {
    float scale, sum[3];
    int32_t negative_sum[3], unused;
};
static_assert(sizeof(Facts) == kBlock);

template <int kPlanes>
constexpr int kXBytes = kPlanes* kBlock + static_cast<int>(sizeof(Facts));

template <int kPlanes>
void round_block(const float* x, std::byte* out) {
    constexpr float kLimit = kPlanes == 2 ? static_cast<float>(kTop) : 127.0f;
    const Floats a = Floats::load(x), b = Floats::load(x + 16);
    const float largest = largest_magnitude(a, b);
    const float inverse = largest > 1e-30f ? kLimit / largest : 0;
    const Ints first = rounded(a * Floats::all(inverse)), second = rounded(b * Floats::all(inverse));
    if constexpr (kPlanes == 2) {
        store_wide(first, second, out);
    } else {
        store_bytes(first, out);
        store_bytes(second, out + 16);
    }
    Facts facts;
    facts.scale = largest / kLimit;
    const int sums[3] = {sum(first), sum(second), sums[0] + sums[1]};
    for (int i = 0; i < 3; ++i) {
        facts.sum[i] = facts.scale * static_cast<float>(sums[i]);
        facts.negative_sum[i] = -sums[i];
    }
    facts.unused = 0;
    __builtin_memcpy(out + kPlanes * kBlock, &facts, sizeof facts);
}

template <int kPlanes>
void round_rows(ConstRows x, int rows, int k, std::byte* out) {
    for (int t = 0; t < rows; ++t) {
        const float* row = x.data + static_cast<size_t>(t) * x.stride;
        std::byte* to = out + t * kXBytes<kPlanes>;
        for (int i = 0; i < k; i += kBlock, to += rows * kXBytes<kPlanes>) round_block<kPlanes>(row + i, to);
    }
}

// --- products ---

// Columns 4 j to 4 j + 3 of every row.
template <class Code, int kTimes, int kPlanes, int j, class Sums>
[[gnu::always_inline]] inline void add_products(const std::byte* codes, const std::byte* x, Sums& sums) {
    const auto w = Products<Code::kBits, kPlanes>::of(Code::template get<j>(codes));
    for (int t = 0; t < kTimes; ++t, x += kXBytes<kPlanes>) sums[t].template add<j>(w, x);
}

template <class Code, int kTimes, int kPlanes, int first, int count, class Sums>
[[gnu::always_inline]] inline void add_part(const std::byte* codes, const std::byte* x, Sums& sums) {
    add_products<Code, kTimes, kPlanes, first>(codes, x, sums);
    add_products<Code, kTimes, kPlanes, first + 1>(codes, x, sums);
    add_products<Code, kTimes, kPlanes, first + 2>(codes, x, sums);
    add_products<Code, kTimes, kPlanes, first + 3>(codes, x, sums);
    if constexpr (count == 8) add_part<Code, kTimes, kPlanes, first + 4, 4>(codes, x, sums);
}

// All columns of a block, or one half of them, which has scales of its own.
template <class Format, int kTimes, int kPlanes, int part>
[[gnu::always_inline]] inline void add_block(const typename Format::Scale::Super& super,
                                             const std::byte* block, const std::byte* x,
                                             Floats (&total)[kTimes]) {
    using Scale = typename Format::Scale;
    using Code = typename Format::Code;
    constexpr int kSteps = 8 / Scale::kParts, kFact = Scale::kParts == 1 ? 2 : part;
    const std::byte* facts = x + kPlanes * kBlock;
    Products<Code::kBits, kPlanes> sums[kTimes];
    for (int t = 0; t < kTimes; ++t) {
        sums[t].clear();
        if constexpr (Format::kOffsetBits > 0)
            sums[t].start(Ints::all(facts + t * kXBytes<kPlanes> + 16 + 4 * kFact)
                              .template left<Format::kOffsetBits>());
    }
    add_part<Code, kTimes, kPlanes, part * kSteps, kSteps>(block + Scale::kBytes, x, sums);
    const Floats scale = Scale::scale(super, block, part);
    for (int t = 0; t < kTimes; ++t, facts += kXBytes<kPlanes>) {
        total[t] = fma(sums[t].total().floats(), scale * Floats::all(facts), total[t]);
        if constexpr (Scale::kMins)
            total[t] = fma(Scale::min(super, block, part), Floats::all(facts + 4 + 4 * kFact), total[t]);
    }
}

// `panel` and `x` begin at the first of k columns; `more`: y holds what the columns before gave.
template <PanelType type, int kTimes, int kPlanes>
void multiply_panel(const std::byte* panel, int k, const std::byte* x, bool more, MutableRows y) {
    using Format = Coded<type>;
    using Scale = typename Format::Scale;
    Floats total[kTimes];
    for (int t = 0; t < kTimes; ++t)
        total[t] = more ? Floats::load(y.data + static_cast<size_t>(t) * y.stride) : Floats::zero();
    for (int i = 0; i < k; i += Scale::kBlocks * kBlock) {
        const typename Scale::Super super(panel);
        panel += Scale::kSuperBytes;
        for (int b = 0; b < Scale::kBlocks;
             ++b, panel += Format::kBlockBytes, x += kTimes * kXBytes<kPlanes>) {
            prefetch<Format::kBlockBytes>(panel);
            add_block<Format, kTimes, kPlanes, 0>(super, panel, x, total);
            if constexpr (Scale::kParts == 2) add_block<Format, kTimes, kPlanes, 1>(super, panel, x, total);
        }
    }
    for (int t = 0; t < kTimes; ++t) total[t].store(y.data + static_cast<size_t>(t) * y.stride);
}

// A group of rows over every panel, then the next: the group's planes stay in the first cache, of long rows a
// stretch of columns at a time.
template <PanelType type, int kPlanes, int choice>
void multiply_groups(const CodedPanels& panels, int k, const std::byte* x, int rows, MutableRows y) {
    constexpr int kTimes = kRows[kPlanes - 1][choice];
    constexpr int kStretch = kTimes == 1 ? 1 << 30 : 2048;
    using Format = Coded<type>;
    constexpr int kSuper = Format::Scale::kBlocks * kBlock;
    constexpr int kBytes = Format::Scale::kSuperBytes + Format::Scale::kBlocks * Format::kBlockBytes;
    for (; rows >= kTimes; rows -= kTimes) {
        for (int from = 0; from < k; from += kStretch) {
            const int count = k - from < kStretch ? k - from : kStretch;
            const std::byte* data = panels.data + static_cast<size_t>(from / kSuper) * kBytes;
            for (int p = 0; p < panels.count; ++p)
                multiply_panel<type, kTimes, kPlanes>(data + static_cast<size_t>(p) * panels.stride, count, x,
                                                      from > 0, {y.data + p * kPanelRows, y.stride});
            x += static_cast<size_t>(count / kBlock) * (kTimes * kXBytes<kPlanes>);
        }
        y.data += kTimes * y.stride;
    }
    if constexpr (kTimes > 1) multiply_groups<type, kPlanes, choice + 1>(panels, k, x, rows, y);
}

template <PanelType type, int kPlanes>
void multiply_coded(const CodedPanels& panels, int k, const std::byte* x, int rows, MutableRows y) {
    multiply_groups<type, kPlanes, 0>(panels, k, x, rows, y);
}

using MultiplyCoded = void (*)(const CodedPanels&, int, const std::byte*, int, MutableRows);
template <PanelType type, int kPlanes>
constexpr MultiplyCoded multiply_if_narrow() {
    if constexpr (Coded<type>::Code::kBits <= kMostBits[kPlanes - 1])
        return multiply_coded<type, kPlanes>;
    else
        return nullptr;
}

template <int kPlanes, int choice = 0>
void round_groups(ConstRows x, int rows, int k, std::byte* out) {
    constexpr int kTimes = kRows[kPlanes - 1][choice];
    for (; rows >= kTimes; rows -= kTimes) {
        round_rows<kPlanes>(x, kTimes, k, out);
        x.data += kTimes * x.stride;
        out += static_cast<size_t>(k / kBlock) * (kTimes * kXBytes<kPlanes>);
    }
    if constexpr (kTimes > 1) round_groups<kPlanes, choice + 1>(x, rows, k, out);
}

template <int kPlanes>
constexpr PlaneKernels::Planes kOf = {
    kRows[kPlanes - 1][0],
    kXBytes<kPlanes>,
    round_groups<kPlanes>,
    {multiply_if_narrow<PanelType::q8_0, kPlanes>(), multiply_if_narrow<PanelType::q4_0, kPlanes>(),
     multiply_if_narrow<PanelType::q4_1, kPlanes>(), multiply_if_narrow<PanelType::q5_0, kPlanes>(),
     multiply_if_narrow<PanelType::q5_1, kPlanes>(), multiply_if_narrow<PanelType::q2_k, kPlanes>(),
     multiply_if_narrow<PanelType::q3_k, kPlanes>(), multiply_if_narrow<PanelType::q4_k, kPlanes>(),
     multiply_if_narrow<PanelType::q5_k, kPlanes>(), multiply_if_narrow<PanelType::q6_k, kPlanes>(),
     multiply_if_narrow<PanelType::iq4_nl, kPlanes>(), multiply_if_narrow<PanelType::iq4_xs, kPlanes>(),
     multiply_if_narrow<PanelType::mxfp4, kPlanes>()},
};
