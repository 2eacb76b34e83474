// What can be asked of how Coda speaks, and what a moment asks for by itself: each moves traits by so much,
// for so long. Thread safety: pure functions over constant data.
#pragma once

#include "personality/changes.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace coda::personality {

// A wish by its name in intents.txt ("-> wish=shorter").
struct Wish {
    std::string_view name;
    Trait trait;
    bool more;
    std::string_view what;  // "shorter answers"
};
const Wish* find_wish(std::string_view name);

// The change that fulfils `wish`; nothing where the trait is as far as the limits let it go.
std::optional<Change> fulfil(const Wish& wish, const Traits& own, const Traits& now,
                             const AdaptationLimits& limits, Time time);

// What a turn is said in.
struct Moment {
    Time now;
    int hour = 12;  // 0 to 23, on the person's clock
    bool hurry = false;
    bool bad_news = false;
};
// The changes that it asks for and that `known` does not have yet, or that were undone there.
std::vector<Change> changes_of(const Moment& moment, const std::vector<Change>& known);

}  // namespace coda::personality
