#include "tune/workload_profile.h"

#include "base/toml.h"

#include <algorithm>

namespace coda::tune {
namespace {

Result<double> number(const toml::table& table, const std::string& profile, const char* key, double least,
                      double most) {
    const auto value = table[key].value<double>();
    if (!value || !(*value >= least && *value <= most))
        return fail(ErrorCode::bad_format, "is no number in its range", profile + "." + key);
    return *value;
}

Result<WorkloadProfile> profile_of(const std::string& name, const toml::table& table) {
    constexpr double kMostTokens = 4096;
    WorkloadProfile profile;
    profile.name = name;
    CODA_TRY(profile.memory_fraction, number(table, name, "memory_fraction", 0.05, 1));
    CODA_TRY(profile.transcribe_weight, number(table, name, "transcribe_weight", 0, 1));
    CODA_TRY(profile.prefill_weight, number(table, name, "prefill_weight", 0, 1));
    CODA_TRY(profile.decode_weight, number(table, name, "decode_weight", 0, 1));
    CODA_TRY(const double tokens, number(table, name, "decode_tokens", 1, kMostTokens));
    profile.decode_tokens = static_cast<int>(tokens);
    if (profile.transcribe_weight + profile.prefill_weight + profile.decode_weight <= 0)
        return fail(ErrorCode::bad_format, "weighs no stage", name);
    return profile;
}

}  // namespace

Result<std::vector<WorkloadProfile>> parse_workload_profiles(std::string_view text) {
    const toml::parse_result parsed = toml::parse(text);
    if (!parsed) return fail(ErrorCode::bad_format, std::string(parsed.error().description()), "workloads");
    std::vector<WorkloadProfile> profiles;
    for (const auto& [key, node] : parsed.table()) {
        const toml::table* table = node.as_table();
        const std::string name(key.str());
        if (!table) return fail(ErrorCode::bad_format, "is no table", name);
        CODA_TRY(WorkloadProfile profile, profile_of(name, *table));
        profiles.push_back(std::move(profile));
    }
    return profiles;
}

const std::vector<WorkloadProfile>& workload_profiles() {
    static const std::vector<WorkloadProfile> profiles = [] {
        auto parsed = parse_workload_profiles(kWorkloadsToml);
        CODA_ASSERT(parsed && !parsed->empty());
        return std::move(*parsed);
    }();
    return profiles;
}

std::vector<std::string> workload_names() {
    std::vector<std::string> names;
    for (const WorkloadProfile& profile : workload_profiles()) names.push_back(profile.name);
    return names;
}

const WorkloadProfile& workload_profile(std::string_view name) {
    const auto& all = workload_profiles();
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const WorkloadProfile& p) { return p.name == name; });
    CODA_ASSERT(found != all.end());
    return *found;
}

}  // namespace coda::tune
