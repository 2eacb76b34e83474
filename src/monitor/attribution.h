// What made a slow turn slow, by its stages and by what the machine did meanwhile.
// Thread safety: free functions without state.
#pragma once

#include "monitor/readings.h"
#include "monitor/turn_record.h"

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace coda::monitor {

struct Cause {
    std::string id;           // "prefill", "cpu_taken"
    std::string text;         // "LLM prefill 410 ms: prompt cache missed, 812 tokens"
    double milliseconds = 0;  // beyond what that stage usually takes
};

// The likeliest first; none for a turn whose response kept within the budget. `machine`: what was measured
// while it ran, as far as it was.
std::vector<Cause> slow_causes(const TurnRecord& turn, const Readings& machine, double budget_ms);

// {"time_ms", "path", "response_ms", "stages": [{"stage", "start_ms", "end_ms"}], "facts", "causes"}
nlohmann::json to_json(const TurnRecord& turn, const std::vector<Cause>& causes);

}  // namespace coda::monitor
