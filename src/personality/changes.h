// How a character adapts: changes of its traits, each with its reason, that fade with time and can be undone.
// What a person asked for ("shorter, please") fades over weeks, what a moment asks for (a hurry, bad news)
// over minutes or hours. Thread safety: values and pure functions.
#pragma once

#include "base/result.h"
#include "personality/traits.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace coda::personality {

using Time = std::chrono::sys_time<std::chrono::milliseconds>;

struct Change {
    int64_t id = 0;
    Time time;
    std::string cause;   // "asked" or "context"
    std::string reason;  // "you asked for shorter answers"; never words that were said
    std::vector<std::pair<Trait, double>> moves;
    std::chrono::seconds half_life{1};
    bool undone = false;

    // The share of the moves that is left.
    double strength(Time now) const;
};

inline constexpr size_t kMostChanges = 200;  // that are kept; the oldest go first

// Bounds that the person sets (personality.*).
struct AdaptationLimits {
    bool enabled = true;
    double range = 0.4;  // that a trait may move from its character's value
    std::chrono::seconds asked_half_life = std::chrono::days(30);
};

// The traits `now`: those of the character, moved by what is left of every change, within the range.
Traits adapted(const Traits& own, const std::vector<Change>& changes, const AdaptationLimits& limits,
               Time now);

// ---- the file

// JSON; the same for the file and `coda personality --json`.
std::string print_changes(const std::vector<Change>& changes);
// Fails with bad_format, naming the entry.
Result<std::vector<Change>> parse_changes(std::string_view text);

}  // namespace coda::personality
