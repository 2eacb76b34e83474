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

// Uniform in (0, 1), from the upper 23 bits.
inline Lanes uniform(WordLanes x) {
    const Lanes one_to_two = std::bit_cast<Lanes>((x >> 9) | 0x3F800000u);
    return one_to_two - (1.0f - 0.5f / 8388608.0f);
}

}  // namespace

// Box and Muller (1958): a radius from one uniform number, an angle from another.
void SeededNoise::fill(int frame, std::span<ComplexLanes, RealFft::kBins> bins) {
    const auto low = static_cast<uint32_t>(seed_), high = static_cast<uint32_t>(seed_ >> 32);
    const auto first = static_cast<uint32_t>(frame);
    const WordLanes frames = {first, first + 1, first + 2, first + 3};
    const WordLanes stream = mix(mix(frames + low) ^ high);
    for (uint32_t bin = 0; bin < bins.size(); ++bin) {
        const WordLanes draw = stream + (2 * bin + 1) * 0x9E3779B9u;
        const Lanes radius = sqrt(log(uniform(mix(draw))) * -2.0f);
        const auto [sine, cosine] =
            sincos(uniform(mix(draw ^ 0x5BD1E995u)) * (2 * std::numbers::pi_v<float>));
        bins[bin] = {radius * cosine, radius * sine};
    }
}

}  // namespace coda::models::hibari
