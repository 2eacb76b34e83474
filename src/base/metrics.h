// Counters, gauges and durations that every room writes and monitor/ reads. Names are dotted and lower-case
// ("llm.tokens_per_second"). A Metrics object is owned by app and handed down; there is no global one.
// Thread safety: every member may be called from any thread.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace coda {

class Metrics {
  public:
    void count(std::string_view name, int64_t by = 1);
    void gauge(std::string_view name, double value);
    // One observation of a duration; the last kSpanHistory of each name are kept.
    void span(std::string_view name, double milliseconds);

    struct Span {
        int64_t observations = 0;
        std::vector<double> recent_ms;  // oldest first
    };
    struct Snapshot {
        std::map<std::string, int64_t> counters;
        std::map<std::string, double> gauges;
        std::map<std::string, Span> spans;
    };
    Snapshot snapshot() const;

    static constexpr size_t kSpanHistory = 256;

  private:
    mutable std::mutex mutex_;
    std::map<std::string, int64_t, std::less<>> counters_;
    std::map<std::string, double, std::less<>> gauges_;
    std::map<std::string, Span, std::less<>> spans_;
};

}  // namespace coda
