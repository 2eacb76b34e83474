#include "runtime/rope.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace coda::runtime {

std::vector<float> rope_frequencies(float base, int dims) {
    std::vector<float> frequencies(static_cast<size_t>(dims / 2));
    for (size_t i = 0; i < frequencies.size(); ++i)
        frequencies[i] =
            static_cast<float>(std::pow(static_cast<double>(base), -2.0 * static_cast<double>(i) / dims));
    return frequencies;
}

std::vector<float> scale_linear(std::vector<float> frequencies, float factor) {
    for (float& frequency : frequencies) frequency /= factor;
    return frequencies;
}

std::vector<float> scale_by_factors(std::vector<float> frequencies, std::span<const float> factors) {
    CODA_ASSERT(factors.size() == frequencies.size());
    for (size_t i = 0; i < frequencies.size(); ++i) frequencies[i] /= factors[i];
    return frequencies;
}

std::vector<float> scale_yarn(std::vector<float> frequencies, const YarnScaling& scaling) {
    const float pairs = static_cast<float>(frequencies.size());
    // The pair that turns `turns` times over the original context.
    const auto pair_of = [&](float turns) {
        const float context = static_cast<float>(scaling.original_context);
        return pairs * std::log(context / (turns * 2 * std::numbers::pi_v<float>)) / std::log(scaling.base);
    };
    const float first = std::max(0.0f, std::floor(pair_of(scaling.beta_fast)));
    const float last = std::min(2 * pairs - 1, std::ceil(pair_of(scaling.beta_slow)));
    for (size_t i = 0; i < frequencies.size(); ++i) {
        const float ramp = (static_cast<float>(i) - first) / std::max(0.001f, last - first);
        const float kept = 1 - std::clamp(ramp, 0.0f, 1.0f);
        frequencies[i] *= kept + (1 - kept) / scaling.factor;
    }
    return frequencies;
}

float yarn_magnitude(float factor) {
    return factor <= 1 ? 1.0f : 0.1f * std::log(factor) + 1.0f;
}

}  // namespace coda::runtime
