// The frequencies of rotary position embeddings and their published scalings, for Rope::frequencies.
#pragma once

#include "runtime/program.h"

#include <span>
#include <vector>

namespace coda::runtime {

// base^(-2i / dims) for i < dims / 2 (RoFormer).
std::vector<float> rope_frequencies(float base, int dims);

// Positions divided by `factor` (Chen et al. 2023).
std::vector<float> scale_linear(std::vector<float> frequencies, float factor);

// Each divided by its own factor: GGUF's rope_freqs.weight, with which Llama 3.1 and later come.
std::vector<float> scale_by_factors(std::vector<float> frequencies, std::span<const float> factors);

// YaRN (Peng et al. 2023): low frequencies interpolated, high ones kept, with a ramp between; `magnitude` of
// the Rope must then be yarn_magnitude(factor).
struct YarnScaling {
    float factor = 1, base = 10000, beta_fast = 32, beta_slow = 1;
    int original_context = 4096;
};
std::vector<float> scale_yarn(std::vector<float> frequencies, const YarnScaling& scaling);
float yarn_magnitude(float factor);

}  // namespace coda::runtime
