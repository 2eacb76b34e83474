#include "tune/comparison.h"

#include "base/result.h"

#include <algorithm>
#include <cmath>

namespace coda::tune {
namespace {

// Between neighbours, as most programs define quantiles.
double quantile(const std::vector<double>& sorted, double share) {
    const double at = share * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<size_t>(at);
    const size_t above = std::min(below + 1, sorted.size() - 1);
    return sorted[below] + (sorted[above] - sorted[below]) * (at - static_cast<double>(below));
}

}  // namespace

Spread spread_of(std::vector<double> values) {
    CODA_ASSERT(!values.empty());
    std::sort(values.begin(), values.end());
    return {quantile(values, 0.5), quantile(values, 0.25), quantile(values, 0.75)};
}

const char* to_string(Verdict verdict) {
    return verdict == Verdict::faster ? "FASTER" : verdict == Verdict::slower ? "SLOWER" : "SAME";
}

Comparison compare_rounds(const std::vector<double>& reference, const std::vector<double>& candidate) {
    CODA_ASSERT(reference.size() == candidate.size() && !reference.empty());
    std::vector<double> ratios;
    for (size_t i = 0; i < reference.size(); ++i)
        ratios.push_back(reference[i] > 0 ? candidate[i] / reference[i] : 1);
    Comparison c;
    c.reference = spread_of(reference);
    c.candidate = spread_of(candidate);
    const Spread ratio = spread_of(ratios);
    c.ratio = ratio.median;
    c.spread = c.reference.median > 0 ? c.reference.width() / 2 / c.reference.median : 0;
    if (ratio.median < 1 - c.spread && ratio.upper < 1) c.verdict = Verdict::faster;
    if (ratio.median > 1 + c.spread && ratio.lower > 1) c.verdict = Verdict::slower;
    return c;
}

Verdict compare_runs(const Spread& before, const Spread& after, bool smaller_is_faster) {
    if (std::fabs(after.median - before.median) <= std::max(before.width(), after.width()))
        return Verdict::same;
    return (after.median < before.median) == smaller_is_faster ? Verdict::faster : Verdict::slower;
}

}  // namespace coda::tune
