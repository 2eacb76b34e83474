// Which experts of a mixture a row goes to, and with what weight: the one rule that all host backends follow.
// Private to the room. Thread safety: pure functions.
#pragma once

#include "runtime/tensor.h"

#include <span>
#include <vector>

namespace coda::runtime {

struct Route {
    int expert = 0;
    float weight = 0;
};

// The `used` experts of the largest probability under the softmax of `logits` (the lowest number on ties),
// in the order of their numbers; `normalized`: their weights sum to 1. Requires 0 < used <= logits.size().
std::vector<Route> choose_experts(std::span<const float> logits, int used, bool normalized);

// Matrix `expert` of a stack [experts, rows, columns].
TensorView expert_of(const TensorView& stack, int expert);

}  // namespace coda::runtime
