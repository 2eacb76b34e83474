#include "assistant/turn_stats.h"

#include <algorithm>
#include <cmath>

namespace coda::assistant {
namespace {

double nearest_rank(const std::vector<double>& sorted, double fraction) {
    const auto rank = static_cast<size_t>(std::ceil(fraction * static_cast<double>(sorted.size())));
    return sorted[std::max<size_t>(rank, 1) - 1];
}

double tenths(double value) {
    return std::round(value * 10) / 10;
}

nlohmann::json by_path(std::span<const TurnTimes> turns, std::optional<double> TurnTimes::*time) {
    std::vector<double> all, intent, llm;
    for (const TurnTimes& turn : turns) {
        if (!(turn.*time)) continue;
        all.push_back(*(turn.*time));
        (turn.path == ReplyPath::llm ? llm : intent).push_back(*(turn.*time));
    }
    return {{"all", percentiles(all)}, {"intent", percentiles(intent)}, {"llm", percentiles(llm)}};
}

}  // namespace

nlohmann::json percentiles(std::vector<double> values) {
    if (values.empty()) return nullptr;
    std::ranges::sort(values);
    return {{"count", values.size()},
            {"p50", tenths(nearest_rank(values, 0.5))},
            {"p95", tenths(nearest_rank(values, 0.95))},
            {"max", tenths(values.back())}};
}

nlohmann::json latency_summary(std::span<const TurnTimes> turns) {
    return {{"v2v_ms", by_path(turns, &TurnTimes::v2v_ms)},
            {"response_ms", by_path(turns, &TurnTimes::response_ms)}};
}

}  // namespace coda::assistant
