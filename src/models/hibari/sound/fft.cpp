#include "models/hibari/sound/fft.h"

#include <cmath>
#include <numbers>
#include <utility>

namespace coda::models::hibari {

namespace {

constexpr int kComplex = RealFft::kSize / 2;
constexpr std::array<int, 5> kRadices = {5, 5, 4, 3, 2};

inline ComplexLanes operator+(ComplexLanes a, ComplexLanes b) {
    return {a.re + b.re, a.im + b.im};
}
inline ComplexLanes operator-(ComplexLanes a, ComplexLanes b) {
    return {a.re - b.re, a.im - b.im};
}
inline ComplexLanes operator*(ComplexLanes a, float s) {
    return {a.re * s, a.im * s};
}
inline ComplexLanes times(ComplexLanes a, float re, float im) {
    return {a.re * re - a.im * im, a.re * im + a.im * re};
}
inline ComplexLanes times_i(ComplexLanes a) {
    return {-a.im, a.re};
}
inline ComplexLanes conjugate(ComplexLanes a) {
    return {a.re, -a.im};
}

template <int Radix>
inline void butterfly(ComplexLanes* x);

template <>
inline void butterfly<2>(ComplexLanes* x) {
    const ComplexLanes a = x[0];
    x[0] = a + x[1];
    x[1] = a - x[1];
}

template <>
inline void butterfly<3>(ComplexLanes* x) {
    constexpr float kSin60 = 0.866025404f;
    const ComplexLanes sum = x[1] + x[2], difference = times_i(x[1] - x[2]) * kSin60;
    const ComplexLanes middle = x[0] - sum * 0.5f;
    x[0] = x[0] + sum;
    x[1] = middle - difference;
    x[2] = middle + difference;
}

template <>
inline void butterfly<4>(ComplexLanes* x) {
    const ComplexLanes even_sum = x[0] + x[2], even_difference = x[0] - x[2];
    const ComplexLanes odd_sum = x[1] + x[3], odd_difference = times_i(x[1] - x[3]);
    x[0] = even_sum + odd_sum;
    x[1] = even_difference - odd_difference;
    x[2] = even_sum - odd_sum;
    x[3] = even_difference + odd_difference;
}

template <>
inline void butterfly<5>(ComplexLanes* x) {
    constexpr float kCos72 = 0.309016994f, kCos144 = -0.809016994f, kSin72 = 0.951056516f,
                    kSin144 = 0.587785252f;
    const ComplexLanes outer = x[1] + x[4], inner = x[2] + x[3];
    const ComplexLanes outer_difference = x[1] - x[4], inner_difference = x[2] - x[3];
    const ComplexLanes a = x[0] + outer * kCos72 + inner * kCos144;
    const ComplexLanes b = x[0] + outer * kCos144 + inner * kCos72;
    const ComplexLanes c = times_i(outer_difference * kSin72 + inner_difference * kSin144);
    const ComplexLanes d = times_i(outer_difference * kSin144 - inner_difference * kSin72);
    x[0] = x[0] + outer + inner;
    x[1] = a - c;
    x[2] = b - d;
    x[3] = b + d;
    x[4] = a + c;
}

// One pass of Stockham's self-sorting transform: `groups` sub-transforms of length `radix`, `stride`
// interleaved.
template <int Radix, class Twiddle>
void pass(const ComplexLanes* in, ComplexLanes* out, int groups, int stride, const Twiddle* twiddles) {
    for (int group = 0; group < groups; ++group, twiddles += Radix - 1) {
        for (int q = 0; q < stride; ++q) {
            ComplexLanes x[Radix];
            for (int k = 0; k < Radix; ++k) x[k] = in[q + stride * (group + k * groups)];
            butterfly<Radix>(x);
            ComplexLanes* target = out + q + stride * Radix * group;
            target[0] = x[0];
            for (int k = 1; k < Radix; ++k)
                target[stride * k] = times(x[k], twiddles[k - 1].re, twiddles[k - 1].im);
        }
    }
}

}  // namespace

RealFft::RealFft() {
    const auto turn = [](double part) {
        const double angle = -2.0 * std::numbers::pi * part;
        return Twiddle{static_cast<float>(std::cos(angle)), static_cast<float>(std::sin(angle))};
    };
    int length = kComplex;
    for (const int radix : kRadices) {
        const int groups = length / radix;
        for (int group = 0; group < groups; ++group) {
            for (int k = 1; k < radix; ++k) passes_.push_back(turn(static_cast<double>(group) * k / length));
        }
        length = groups;
    }
    for (int k = 0; k <= kComplex; ++k) halves_.push_back(turn(static_cast<double>(k) / kSize));
}

ComplexLanes* RealFft::transform(Workspace& work) const {
    ComplexLanes *in = work.a.data(), *out = work.b.data();
    const Twiddle* twiddles = passes_.data();
    int length = kComplex, stride = 1;
    for (const int radix : kRadices) {
        const int groups = length / radix;
        switch (radix) {
            case 2:
                pass<2>(in, out, groups, stride, twiddles);
                break;
            case 3:
                pass<3>(in, out, groups, stride, twiddles);
                break;
            case 4:
                pass<4>(in, out, groups, stride, twiddles);
                break;
            default:
                pass<5>(in, out, groups, stride, twiddles);
                break;
        }
        twiddles += groups * (radix - 1);
        length = groups;
        stride *= radix;
        std::swap(in, out);
    }
    return in;
}

// The even samples are the real, the odd ones the imaginary parts of a complex signal of half the length.
void RealFft::forward(std::span<const Lanes> samples, std::span<ComplexLanes> bins, Workspace& work) const {
    for (size_t n = 0; n < kComplex; ++n) work.a[n] = {samples[2 * n], samples[2 * n + 1]};
    const ComplexLanes* z = transform(work);
    for (size_t k = 0; k <= kComplex; ++k) {
        const ComplexLanes a = z[k % kComplex], b = conjugate(z[(kComplex - k) % kComplex]);
        const ComplexLanes odd = times(a - b, halves_[k].re, halves_[k].im);
        bins[k] = (a + b - times_i(odd)) * 0.5f;
    }
}

// The inverse is the forward transform with real and imaginary parts exchanged on both sides.
void RealFft::inverse(std::span<const ComplexLanes> bins, std::span<Lanes> samples, Workspace& work) const {
    constexpr float kScale = 1.0f / kSize;
    for (size_t k = 0; k < kComplex; ++k) {
        ComplexLanes a = bins[k], b = conjugate(bins[kComplex - k]);
        if (k == 0) a.im = b.im = Lanes{};
        const ComplexLanes odd = times(a - b, halves_[k].re, -halves_[k].im);
        const ComplexLanes z = (a + b + times_i(odd)) * kScale;
        work.a[k] = {z.im, z.re};
    }
    const ComplexLanes* z = transform(work);
    for (size_t n = 0; n < kComplex; ++n) {
        samples[2 * n] = z[n].im;
        samples[2 * n + 1] = z[n].re;
    }
}

}  // namespace coda::models::hibari
