#include "runtime/routing.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace coda::runtime {

std::vector<Route> choose_experts(std::span<const float> logits, int used, bool normalized) {
    CODA_ASSERT(used > 0 && static_cast<size_t>(used) <= logits.size());
    std::vector<int> order(logits.size());
    std::iota(order.begin(), order.end(), 0);
    const auto logit = [&](int expert) { return logits[static_cast<size_t>(expert)]; };
    const auto chosen_end = order.begin() + used;
    std::partial_sort(order.begin(), chosen_end, order.end(),
                      [&](int a, int b) { return logit(a) != logit(b) ? logit(a) > logit(b) : a < b; });
    const double largest = logit(order.front());
    double total = 0;
    for (auto at = order.begin(); at != (normalized ? chosen_end : order.end()); ++at)
        total += std::exp(logit(*at) - largest);
    std::sort(order.begin(), chosen_end);
    std::vector<Route> routes;
    for (auto at = order.begin(); at != chosen_end; ++at)
        routes.push_back({*at, static_cast<float>(std::exp(logit(*at) - largest) / total)});
    return routes;
}

TensorView expert_of(const TensorView& stack, int expert) {
    CODA_ASSERT(stack.shape.rank() == 3);
    const int64_t rows = stack.shape[1];
    return slice_rows(stack, expert * rows, rows);
}

}  // namespace coda::runtime
