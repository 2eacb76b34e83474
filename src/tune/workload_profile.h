// What tuning aims at, as workloads.toml says: data, not code. Thread safety: free functions without state.
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace coda::tune {

struct WorkloadProfile {
    std::string name;
    double memory_fraction = 0;  // of a GPU's memory
    // Shares of the stages' seconds in the objective.
    double transcribe_weight = 0, prefill_weight = 0, decode_weight = 0;
    int decode_tokens = 0;
};

// Fails with bad_format, naming the place, for text that is no profiles.
Result<std::vector<WorkloadProfile>> parse_workload_profiles(std::string_view toml);
// Those that were compiled in.
const std::vector<WorkloadProfile>& workload_profiles();
std::vector<std::string> workload_names();
// The one of that name, which must exist.
const WorkloadProfile& workload_profile(std::string_view name);

extern const char* const kWorkloadsToml;

}  // namespace coda::tune
