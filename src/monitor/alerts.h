// Alerts: a rule watches a reading and raises an alert once it has been over its level for long enough; it is
// cleared only once the reading has been over another, safer level for long enough, so that a reading that
// swings around one level raises one alert. Thread safety: one thread at a time.
#pragma once

#include "monitor/readings.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace coda::monitor {

struct AlertRule {
    std::string id;       // "disk.full"
    std::string reading;  // its name; "gpu*.lost" is the same of every GPU
    bool below = false;   // raised below its level, else above
    double raise = 0, clear = 0;
    double raise_after_s = 0, clear_after_s = 0;
    std::string text;  // what is wrong
    std::string mend;
};

struct Alert {
    std::string id, reading, text, mend;
    double value = 0;     // when it was raised
    int64_t raised = 0;   // Unix seconds
    int64_t cleared = 0;  // 0: it still holds
};

class Alerts {
  public:
    static constexpr size_t kHistory = 256;

    explicit Alerts(std::vector<AlertRule> rules) : rules_(std::move(rules)) {}

    // Looks at new readings; `time` in Unix seconds. Returns what was raised or cleared. A reading that is
    // missing changes nothing and begins every delay anew.
    std::vector<Alert> update(int64_t time, const Readings& readings);

    std::vector<Alert> active() const;
    // Those that were cleared, oldest first; the last kHistory.
    const std::vector<Alert>& past() const { return past_; }

  private:
    struct State {
        std::optional<int64_t> beyond_since, safe_since;
        std::optional<Alert> alert;
        int64_t seen = 0;
    };
    std::optional<Alert> look(const AlertRule& rule, State& state, int64_t time, const std::string& name,
                              double value);

    const std::vector<AlertRule> rules_;
    std::map<std::string, State> states_;  // by rule and reading
    std::vector<Alert> past_;
    int64_t last_update_ = 0;
};

// Whether a rule's reading ("gpu*.lost") means `name` ("gpu0.lost").
bool means(const std::string& pattern, const std::string& name);

// What is watched on every machine. `response_budget_ms`: of the 95th percentile of the last turns'
// responses.
std::vector<AlertRule> standard_rules(double response_budget_ms);

}  // namespace coda::monitor
