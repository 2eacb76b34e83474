#include "monitor/alerts.h"

#include <algorithm>

namespace coda::monitor {

bool means(const std::string& pattern, const std::string& name) {
    const size_t star = pattern.find('*');
    if (star == std::string::npos) return pattern == name;
    const std::string_view before(pattern.data(), star);
    const std::string_view after = std::string_view(pattern).substr(star + 1);
    if (name.size() <= before.size() + after.size()) return false;
    if (!name.starts_with(before) || !name.ends_with(after)) return false;
    return std::all_of(name.begin() + static_cast<std::ptrdiff_t>(before.size()),
                       name.end() - static_cast<std::ptrdiff_t>(after.size()),
                       [](char c) { return c >= '0' && c <= '9'; });
}

std::vector<Alert> Alerts::update(int64_t time, const Readings& readings) {
    std::vector<Alert> changes;
    for (const AlertRule& rule : rules_) {
        for (const auto& [name, value] : readings) {
            if (!means(rule.reading, name)) continue;
            State& state = states_[rule.id + " " + name];
            if (state.seen != last_update_) state.beyond_since = state.safe_since = std::nullopt;
            state.seen = time;
            if (auto change = look(rule, state, time, name, value)) changes.push_back(std::move(*change));
        }
    }
    last_update_ = time;
    return changes;
}

std::optional<Alert> Alerts::look(const AlertRule& rule, State& state, int64_t time, const std::string& name,
                                  double value) {
    const bool beyond = rule.below ? value < rule.raise : value > rule.raise;
    const bool safe = rule.below ? value > rule.clear : value < rule.clear;
    if (!beyond) state.beyond_since.reset();
    if (!safe) state.safe_since.reset();
    if (beyond && !state.beyond_since) state.beyond_since = time;
    if (safe && !state.safe_since) state.safe_since = time;
    const auto for_long = [&](const std::optional<int64_t>& since, double seconds) {
        return since && static_cast<double>(time - *since) >= seconds;
    };
    if (!state.alert && for_long(state.beyond_since, rule.raise_after_s)) {
        state.alert = Alert{rule.id, name, rule.text, rule.mend, value, time, 0};
        return state.alert;
    }
    if (state.alert && for_long(state.safe_since, rule.clear_after_s)) {
        Alert cleared = *state.alert;
        state.alert.reset();
        cleared.cleared = time;
        if (past_.size() == kHistory) past_.erase(past_.begin());
        past_.push_back(cleared);
        return cleared;
    }
    return std::nullopt;
}

std::vector<Alert> Alerts::active() const {
    std::vector<Alert> active;
    for (const auto& [key, state] : states_)
        if (state.alert) active.push_back(*state.alert);
    return active;
}

std::vector<AlertRule> standard_rules(double response_budget_ms) {
    const double budget = response_budget_ms / 1000;
    return {
        {"disk.full", "disk.free_share", true, 0.03, 0.05, 10, 60, "the disk is almost full",
         "free some space where Coda keeps its state"},
        {"memory.low", "memory.available_share", true, 0.05, 0.10, 10, 30,
         "this machine is almost out of memory", "end other programs, or use a smaller model"},
        {"memory.limit", "cgroup.memory_share", false, 0.95, 0.90, 10, 30,
         "the memory that this process may use is almost spent",
         "raise the limit of its control group, or use a smaller model"},
        {"memory.paging", "process.major_faults", false, 100, 10, 5, 30,
         "Coda's memory is being read back from the disk", "end other programs, or use a smaller model"},
        {"cpu.taken", "pressure.cpu", false, 0.6, 0.4, 15, 30, "programs wait for the processor",
         "end other programs, or give Coda fewer threads (runtime.threads)"},
        {"cpu.hot", "thermal.celsius", false, 95, 88, 10, 30, "the processor is too hot",
         "look to its cooling"},
        {"turn.slow", "turn.response_p95_seconds", false, budget, 0.9 * budget, 0, 30,
         "answers begin later than they should", "coda monitor --turns says what made them slow"},
        {"gpu.hot", "gpu*.temperature_margin_celsius", true, 2, 6, 5, 30,
         "the GPU is at the temperature at which it slows down", "look to its cooling"},
        {"gpu.slowed_by_heat", "gpu*.throttled_by_heat", false, 0.5, 0.5, 5, 30,
         "the GPU has slowed down because it is hot", "look to its cooling"},
        {"gpu.memory", "gpu*.memory_free_share", true, 0.03, 0.06, 5, 30, "the GPU's memory is almost full",
         "end other programs on it, or use a smaller model"},
        {"gpu.ecc", "gpu*.ecc_uncorrected", false, 0, 1, 0, 0, "the GPU's memory has had errors",
         "restart the machine; if it comes again, the card is failing"},
        {"gpu.lost", "gpu*.lost", false, 0.5, 0.5, 0, 5, "the GPU does not answer any more",
         "look at the kernel's log (dmesg); restart the machine"},
        {"monitor.stuck", "monitor.stuck", false, 0.5, 0.5, 5, 5, "a measurement hangs",
         "look at the driver, and at network disks"},
    };
}

}  // namespace coda::monitor
