// How likely a fact is what a question asks for: the cosine of their vectors, the words they share, whether
// they speak of the same persons, and whether the fact has what is asked for (a time for "when").
// The weights were fitted on tests/data/memory/fit.tsv. Thread safety: pure functions.
#pragma once

#include "memory/kin.h"
#include "memory/store.h"

#include <span>
#include <string>
#include <vector>

namespace coda::memory {

struct Candidate {
    Fact fact;
    float cosine = -1;  // of the nearest chunk; -1 where it has no vector
};

struct Weighing {
    double bar = 0.8;        // the least relevance that counts
    double decay_days = 30;  // after so long a memory weighs half as much against another as likely one
};

// Best first; empty where the best is below the bar. `asked`: the question and its variants (Kin::variants).
std::vector<Recalled> rank(std::span<const std::string> asked, std::vector<Candidate> candidates,
                           const Kin& kin, const Weighing& weighing,
                           std::chrono::system_clock::time_point now, size_t limit);

}  // namespace coda::memory
