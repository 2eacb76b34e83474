// The search: each choice is tried beside what stands, in turn, and kept only where it is faster beyond the
// spread; at the end all that was kept is compared with the defaults once more, and dropped where it is not
// faster. So tuned is never slower, as far as that can be measured. What is timed is given by the caller,
// which knows the models. Thread safety: one thread; Cancel from any. Ownership: borrows the workload.
#pragma once

#include "base/cancel.h"
#include "base/result.h"
#include "tune/plan_file.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace coda::tune {

using Values = std::map<std::string, std::string>;  // of settings, by their names

// One way of running, loaded.
class Trial {
  public:
    virtual ~Trial() = default;
    // Seconds of the workload, once. Fails with cancelled, or as the models do.
    virtual Result<double> run(const Cancel& cancel) = 0;
};

class Workload {
  public:
    virtual ~Workload() = default;
    // Loads with these settings, all others as they are without a plan.
    virtual Result<std::unique_ptr<Trial>> prepare(const Values& values) = 0;
};

struct Choice {
    std::string setting;
    std::string usual;                // what it is without a plan, for the report
    std::vector<std::string> others;  // what else is tried
    // Whether a value keeps the answers good, by a check of its own (for a choice that changes results, such
    // as the bits of activations); empty: it cannot change them.
    std::function<Result<bool>(const std::string& value)> keeps_quality = {};
};

struct SearchOptions {
    int rounds = 9;
    // Told what is being compared: "runtime.threads: 1 beside 2".
    std::function<void(const std::string&)> progress = {};
};

struct Outcome {
    Values settings;  // what differs from the defaults
    std::vector<Evidence> evidence;
    Comparison whole;
};

// Two ways in turn, the first of a round changing from round to round, after one run of each that does not
// count. Fails as preparing or running does.
Result<Comparison> compare(Workload& workload, const Values& reference, const Values& candidate, int rounds,
                           const Cancel& cancel);

// A choice that fails to run is passed over; that the defaults do not run is a failure.
Result<Outcome> search(Workload& workload, const std::vector<Choice>& choices, const SearchOptions& options,
                       const Cancel& cancel);

}  // namespace coda::tune
