#include "runtime/sample.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

namespace coda::runtime {
namespace {

constexpr float kForbidden = -std::numeric_limits<float>::infinity();

struct Candidate {
    int32_t token;
    float value;  // a logit, then a probability
};

bool is_allowed(std::span<const uint32_t> allowed, size_t token) {
    return allowed[token / 32] >> (token % 32) & 1;
}

std::vector<float> masked(std::span<const float> logits, std::span<const uint32_t> allowed) {
    std::vector<float> kept(logits.begin(), logits.end());
    for (size_t token = 0; token < kept.size(); ++token)
        if (!is_allowed(allowed, token)) kept[token] = kForbidden;
    return kept;
}

// splitmix64 (Steele et al. 2014), as a hash of both: a uniform number in [0, 1).
double uniform(uint64_t seed, int position) {
    uint64_t z = seed + 0x9e3779b97f4a7c15u * (static_cast<uint64_t>(position) + 1);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

// Lane by lane, which compilers turn into vectors; NaN never wins.
float largest_of(std::span<const float> logits) {
    constexpr size_t kLanes = 16;
    std::array<float, kLanes> best;
    best.fill(kForbidden);
    size_t token = 0;
    for (; token + kLanes <= logits.size(); token += kLanes)
        for (size_t lane = 0; lane < kLanes; ++lane) {
            const float logit = logits[token + lane];
            best[lane] = logit > best[lane] ? logit : best[lane];
        }
    for (; token < logits.size(); ++token)
        if (logits[token] > best[0]) best[0] = logits[token];
    return *std::max_element(best.begin(), best.end());
}

// The first of the largest.
int32_t argmax(std::span<const float> logits) {
    const auto found = std::find(logits.begin(), logits.end(), largest_of(logits));
    return found == logits.end() ? 0 : static_cast<int32_t>(found - logits.begin());
}

std::vector<Candidate> penalized(std::span<const float> logits, const Sampling& sampling) {
    std::vector<Candidate> candidates;
    candidates.reserve(logits.size());
    for (size_t token = 0; token < logits.size(); ++token)
        candidates.push_back({static_cast<int32_t>(token), logits[token]});
    if (sampling.repetition_penalty != 1) {
        std::vector<int32_t> seen(sampling.recent.begin(), sampling.recent.end());
        std::sort(seen.begin(), seen.end());
        seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
        for (const int32_t token : seen) {
            if (token < 0 || static_cast<size_t>(token) >= candidates.size()) continue;
            float& value = candidates[static_cast<size_t>(token)].value;
            value = value > 0 ? value / sampling.repetition_penalty : value * sampling.repetition_penalty;
        }
    }
    std::erase_if(candidates, [](const Candidate& c) { return !(c.value > kForbidden); });
    return candidates;
}

bool likelier(const Candidate& a, const Candidate& b) {
    return a.value != b.value ? a.value > b.value : a.token < b.token;
}

// Leaves them likeliest first, so that the draw has one order on every device.
void keep_largest(std::vector<Candidate>& candidates, size_t count) {
    if (count == 0 || count >= candidates.size()) return;
    const auto end = candidates.begin() + static_cast<std::ptrdiff_t>(count);
    std::partial_sort(candidates.begin(), end, candidates.end(), likelier);
    candidates.erase(end, candidates.end());
}

// The likeliest gets 1, the others their share of it.
void to_relative_probabilities(std::vector<Candidate>& candidates, float temperature) {
    const float largest = std::min_element(candidates.begin(), candidates.end(), likelier)->value;
    for (Candidate& c : candidates) c.value = std::exp((c.value - largest) / temperature);
}

double total_of(const std::vector<Candidate>& candidates) {
    double sum = 0;
    for (const Candidate& c : candidates) sum += c.value;
    return sum;
}

// Keeps the fewest that together reach `top_p` of the whole. Sorts no more than it must.
void keep_nucleus(std::vector<Candidate>& candidates, float top_p) {
    if (top_p >= 1) return;
    const double enough = top_p * total_of(candidates);
    double sum = 0;
    size_t kept = 0, sorted = 0;
    while (kept < candidates.size() && (kept == 0 || sum < enough)) {
        if (kept == sorted) {
            sorted = std::min(candidates.size(), sorted * 4 + 64);
            std::partial_sort(candidates.begin() + static_cast<std::ptrdiff_t>(kept),
                              candidates.begin() + static_cast<std::ptrdiff_t>(sorted), candidates.end(),
                              likelier);
        }
        sum += candidates[kept++].value;
    }
    candidates.resize(kept);
}

// `at` in [0, 1) of the whole.
int32_t draw(const std::vector<Candidate>& candidates, double at) {
    const double goal = at * total_of(candidates);
    double passed = 0;
    for (const Candidate& c : candidates) {
        passed += c.value;
        if (goal < passed) return c.token;
    }
    return candidates.back().token;
}

int32_t sample_token(std::span<const float> logits, const Sampling& sampling, int position) {
    if (sampling.temperature <= 0 && sampling.repetition_penalty == 1) return argmax(logits);
    std::vector<Candidate> candidates = penalized(logits, sampling);
    if (candidates.empty()) return argmax(logits);
    keep_largest(candidates,
                 sampling.temperature <= 0 ? 1 : static_cast<size_t>(std::max(0, sampling.top_k)));
    if (candidates.size() == 1) return candidates.front().token;
    to_relative_probabilities(candidates, sampling.temperature);
    std::erase_if(candidates, [&](const Candidate& c) { return c.value < sampling.min_p; });
    keep_nucleus(candidates, sampling.top_p);
    return draw(candidates, uniform(sampling.seed, position));
}

}  // namespace

float log_sum_exp(std::span<const float> logits) {
    const float largest = logits[static_cast<size_t>(argmax(logits))];
    double sum = 0;
    for (const float value : logits) sum += std::exp(static_cast<double>(value) - largest);
    return static_cast<float>(largest + std::log(sum));
}

Sampled sample(std::span<const float> logits, const Sampling& sampling, int position,
               const LogSumExp& total) {
    CODA_ASSERT(!logits.empty());
    std::vector<float> kept;
    if (!sampling.allowed.empty()) {
        kept = masked(logits, sampling.allowed);
        logits = kept;
    }
    const int32_t token = sample_token(logits, sampling, position);
    return {token, logits[static_cast<size_t>(token)] - total(logits)};
}

}  // namespace coda::runtime
