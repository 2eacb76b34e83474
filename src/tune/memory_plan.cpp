#include "tune/memory_plan.h"

#include <algorithm>

#include <fmt/format.h>

namespace coda::tune {
namespace {

// As if numbers had no end: what does not fit a uint64_t does not fit a card.
uint64_t times(uint64_t a, uint64_t b) {
    uint64_t product = 0;
    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}
uint64_t plus(uint64_t a, uint64_t b) {
    uint64_t sum = 0;
    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

uint64_t count(int value) {
    return static_cast<uint64_t>(std::max(value, 0));
}

uint64_t caches(const MemoryDemand& d, int context, int layers) {
    if (d.layers <= 0) return times(d.kv_position, count(context));
    return times(times(d.kv_position, count(context)), count(layers)) / count(d.layers);
}

uint64_t needed(const MemoryDemand& d, int context, int batch, int layers) {
    uint64_t sum = plus(d.fixed, d.weights);
    sum = plus(sum, times(d.layer, count(layers)));
    sum = plus(sum, caches(d, context, layers));
    return plus(sum, times(d.workspace_row, count(batch)));
}

// The most of [least, most] that fits; `least` where nothing does.
template <class Fits>
int largest(int least, int most, const Fits& fits) {
    least = std::min(least, most);
    int low = least, high = most;
    while (low < high) {
        const int middle = low + (high - low + 1) / 2;
        if (fits(middle))
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

std::string gigabytes(uint64_t bytes) {
    return fmt::format("{:.2f} GB", static_cast<double>(bytes) * 1e-9);
}

}  // namespace

uint64_t memory_budget(const CardMemory& card) {
    const uint64_t left = card.total - std::min(card.total, card.others);
    const double share = std::clamp(card.fraction, 0.0, 1.0) * static_cast<double>(card.total);
    return std::min(left, static_cast<uint64_t>(share));
}

Result<MemoryPlan> plan_memory(const CardMemory& card, const MemoryDemand& d) {
    MemoryPlan plan;
    plan.budget = memory_budget(card);
    plan.context = d.context;
    plan.batch = d.batch;
    plan.layers_on_gpu = d.layers;
    const auto fits = [&](int context, int batch, int layers) {
        return needed(d, context, batch, layers) <= plan.budget;
    };
    const auto note = [&](const std::string& what) {
        plan.shrunk += (plan.shrunk.empty() ? "" : ", ") + what;
    };
    if (!fits(plan.context, plan.batch, plan.layers_on_gpu)) {
        plan.context = largest(d.least_context, d.context,
                               [&](int context) { return fits(context, d.batch, d.layers); });
        if (plan.context != d.context) note(fmt::format("context {} of {}", plan.context, d.context));
    }
    if (!fits(plan.context, plan.batch, plan.layers_on_gpu)) {
        plan.batch =
            largest(d.least_batch, d.batch, [&](int batch) { return fits(plan.context, batch, d.layers); });
        if (plan.batch != d.batch) note(fmt::format("prompts by {} rows instead of {}", plan.batch, d.batch));
    }
    if (!fits(plan.context, plan.batch, plan.layers_on_gpu)) {
        plan.layers_on_gpu =
            largest(0, d.layers, [&](int layers) { return fits(plan.context, plan.batch, layers); });
        note(fmt::format("{} of {} layers", plan.layers_on_gpu, d.layers));
    }
    plan.needed = needed(d, plan.context, plan.batch, plan.layers_on_gpu);
    const bool nothing_left = d.layers > 0 && plan.layers_on_gpu == 0;
    if (plan.needed > plan.budget || nothing_left)
        return fail(ErrorCode::exhausted,
                    fmt::format("{} are needed and {} may be used: {:.0f} % of {} less what others hold ({})",
                                gigabytes(needed(d, d.context, d.batch, d.layers)), gigabytes(plan.budget),
                                card.fraction * 100, gigabytes(card.total), gigabytes(card.others)),
                    "gpu.memory_fraction", "raise it, close other programs, or take a smaller model");
    return plan;
}

}  // namespace coda::tune
