// What tuning found, kept between runs: one JSON file of plans, each for one machine, build, set of models
// and workload. Written whole under another name and then renamed; checked on load; a file that is broken or
// no plan file is set aside, and Coda goes on without. Thread safety: none; of two programs that keep a plan
// at the same time the later wins. Ownership: values.
#pragma once

#include "base/result.h"
#include "tune/comparison.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace coda::tune {

// A plan is for exactly this.
struct PlanKey {
    std::string device, build, models, workload;
    bool operator==(const PlanKey&) const = default;
};

// One choice and what it gave when it was compared with what stood there before.
struct Evidence {
    std::string setting, value, instead_of;
    Comparison seconds;
};

struct Plan {
    PlanKey key;
    std::map<std::string, std::string> settings;  // what differs from the defaults; empty: nothing was better
    std::vector<Evidence> evidence;               // of every choice that was tried
    Comparison whole;                             // all of it against the defaults
    std::string date;                             // 2026-11-27
    int64_t used = 0;                             // day of last use, since 1970
};

// Settings that a plan may hold, with what they may be; for validation only.
bool may_be_planned(std::string_view setting, std::string_view value);

// Any bytes give plans or bad_format, naming the entry. `source` stands for the file in messages.
Result<std::vector<Plan>> parse_plans(std::string_view text, const std::string& source);
std::string to_json_text(const std::vector<Plan>& plans);

struct KeptPlans {
    std::vector<Plan> plans;
    std::string warning;  // what was wrong with the file and where it lies now; empty: nothing
};
// Never fails: without a readable file there are no plans.
KeptPlans read_plans(const std::filesystem::path& file);
std::optional<Plan> find_plan(const std::vector<Plan>& plans, const PlanKey& key);
// Adds or replaces the plan of its key; of more than `most` those unused for longest go.
Status keep_plan(const std::filesystem::path& file, Plan plan, int most);

std::filesystem::path plan_file();  // in the cache folder
int64_t today();

}  // namespace coda::tune
