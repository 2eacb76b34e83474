#include "base/metrics.h"

namespace coda {
namespace {

template <class Map>
auto& entry(Map& map, std::string_view name) {
    auto it = map.find(name);
    if (it == map.end()) it = map.emplace(std::string(name), typename Map::mapped_type{}).first;
    return it->second;
}

}  // namespace

void Metrics::count(std::string_view name, int64_t by) {
    std::lock_guard lock(mutex_);
    entry(counters_, name) += by;
}

void Metrics::gauge(std::string_view name, double value) {
    std::lock_guard lock(mutex_);
    entry(gauges_, name) = value;
}

void Metrics::span(std::string_view name, double milliseconds) {
    std::lock_guard lock(mutex_);
    Span& span = entry(spans_, name);
    ++span.observations;
    if (span.recent_ms.size() == kSpanHistory) span.recent_ms.erase(span.recent_ms.begin());
    span.recent_ms.push_back(milliseconds);
}

Metrics::Snapshot Metrics::snapshot() const {
    std::lock_guard lock(mutex_);
    Snapshot copy;
    copy.counters.insert(counters_.begin(), counters_.end());
    copy.gauges.insert(gauges_.begin(), gauges_.end());
    copy.spans.insert(spans_.begin(), spans_.end());
    return copy;
}

}  // namespace coda
