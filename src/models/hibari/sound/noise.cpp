#include "models/hibari/sound/noise.h"

#include <numbers>

namespace coda::models::hibari {

namespace {

using WordLanes = uint32_t __attribute__((vector_size(16)));

// An invertible mix of 32 bits (multiply and xor-shift, constants found by search; public domain).
inline WordLanes mix(WordLanes x) {
    x ^= x >> 16;
    x *= 0x7FEB352Du;
    x ^= x >> 15;
    x *= 0x846CA68Bu;
    x ^= x >> 16;
    return x;
}

// Uniform in (0, 1), from the lower 16 bits.
inline Lanes uniform(WordLanes x) {
    return (__builtin_convertvector(std::bit_cast<IntLanes>(x & 0xFFFFu), Lanes) + 0.5f) * (1.0f / 65536.0f);
}

}  // namespace

// Box and Muller (1958): a radius from one uniform number, an angle from another.
void SeededNoise::fill(int frame, std::span<ComplexLanes, RealFft::kBins> bins) {
    const auto low = static_cast<uint32_t>(seed_), high = static_cast<uint32_t>(seed_ >> 32);
    const auto first = static_cast<uint32_t>(frame);
    const WordLanes frames = {first, first + 1, first + 2, first + 3};
    const WordLanes stream = mix(mix(frames + low) ^ high);
    for (uint32_t bin = 0; bin < bins.size(); ++bin) {
        const WordLanes draw = mix(stream + bin * 0x9E3779B9u);
        const Lanes radius = sqrt(log(uniform(draw >> 16)) * -2.0f);
        const auto [sine, cosine] = sincos(uniform(draw) * (2 * std::numbers::pi_v<float>));
        bins[bin] = {radius * cosine, radius * sine};
    }
}

}  // namespace coda::models::hibari
