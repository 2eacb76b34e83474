// Whether one way is faster than another, judged by the spread of what was measured. Thread safety: pure
// functions.
#pragma once

#include <string_view>
#include <vector>

namespace coda::tune {

// Of repeated measurements: the median, and the quartiles around it.
struct Spread {
    double median = 0, lower = 0, upper = 0;
    double width() const { return upper - lower; }
};
// Requires at least one value.
Spread spread_of(std::vector<double> values);

enum class Verdict { same, faster, slower };
const char* to_string(Verdict verdict);

// Seconds of two ways that took turns: round i of one beside round i of the other, so that what slows the
// machine down for a while slows both. `candidate` is faster where the median of the rounds' ratios lies
// below 1 by more than the spread (half the width of the reference's quartiles over its median) and three
// quarters of the rounds agree; slower where the same holds the other way round. Requires as many of both, at
// least one.
struct Comparison {
    Spread reference, candidate;  // seconds
    double ratio = 1;             // median of candidate / reference
    double spread = 0;            // what the ratio must differ from 1 by
    Verdict verdict = Verdict::same;
};
Comparison compare_rounds(const std::vector<double>& reference, const std::vector<double>& candidate);

// Of figures that were measured apart, such as two runs of a benchmark, from their medians and what surrounds
// them: the same unless the medians lie further apart than the wider of the two spreads.
Verdict compare_runs(const Spread& before, const Spread& after, bool smaller_is_faster);

}  // namespace coda::tune
