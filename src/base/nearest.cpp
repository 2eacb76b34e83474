#include "base/nearest.h"

#include <algorithm>
#include <vector>

namespace coda {

size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<size_t> before_last, last(b.size() + 1), row(b.size() + 1);
    for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
    for (size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (size_t j = 1; j <= b.size(); ++j) {
            const size_t substitution = last[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, substitution});
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
        }
        before_last = last;
        last = row;
    }
    return last[b.size()];
}

std::string nearest_name(std::string_view name, std::span<const std::string> candidates) {
    constexpr size_t kLongest =
        100;  // a name beyond this is no typing mistake, and the distance is quadratic
    if (name.size() > kLongest) return {};
    size_t best = std::max<size_t>(1, name.size() / 3) + 1;
    std::string result;
    for (const std::string& candidate : candidates) {
        const size_t distance = edit_distance(name, candidate);
        if (distance < best) {
            best = distance;
            result = candidate;
        }
    }
    return result;
}

std::string did_you_mean(std::string_view name, std::span<const std::string> candidates) {
    const std::string nearest = nearest_name(name, candidates);
    return nearest.empty() ? "" : "did you mean " + nearest + "?";
}

}  // namespace coda
