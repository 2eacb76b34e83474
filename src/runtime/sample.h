// How a token is drawn from logits. Private to the room. Thread safety: pure function.
#pragma once

#include "runtime/backend.h"

#include <functional>
#include <span>

namespace coda::runtime {

// `position`: of the row that the logits belong to; with the seed it makes the draw. `log_sum_exp`: the
// logarithm of the sum of exp over all finite logits after the mask was applied, as the backend computes it.
// Repetition penalty (Keskar et al. 2019), then top-k, temperature, min-p, top-p (Holtzman et al. 2019), in
// this order.
using LogSumExp = std::function<float(std::span<const float> logits)>;
Sampled sample(std::span<const float> logits, const Sampling& sampling, int position,
               const LogSumExp& log_sum_exp);

// The same by plain loops.
float log_sum_exp(std::span<const float> logits);

}  // namespace coda::runtime
