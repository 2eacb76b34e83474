#include "personality/feedback.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace coda::personality {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr double kStep = 0.3;        // of one wish: from neutral it makes a trait lean
constexpr double kLeastStep = 0.02;  // less is not worth a change

constexpr std::array kWishes = {
    Wish{"shorter", Trait::verbosity, false, "shorter answers"},
    Wish{"longer", Trait::verbosity, true, "longer answers"},
    Wish{"serious", Trait::humor, false, "more seriousness"},
    Wish{"funnier", Trait::humor, true, "more humor"},
    Wish{"formal", Trait::formality, true, "more formality"},
    Wish{"casual", Trait::formality, false, "a more casual tone"},
    Wish{"warmer", Trait::empathy, true, "more warmth"},
    Wish{"matter_of_fact", Trait::empathy, false, "a matter-of-fact tone"},
    Wish{"offers", Trait::proactivity, true, "more suggestions"},
    Wish{"no_offers", Trait::proactivity, false, "no suggestions"},
    Wish{"surer", Trait::confidence, true, "more certainty"},
    Wish{"humbler", Trait::confidence, false, "more modesty"},
    Wish{"firmer", Trait::assertiveness, true, "more firmness"},
    Wish{"gentler", Trait::assertiveness, false, "a gentler tone"},
    Wish{"inventive", Trait::creativity, true, "more variety"},
    Wish{"plainer", Trait::creativity, false, "plainer words"},
    Wish{"reasons", Trait::analytical, true, "reasons with the answers"},
    Wish{"no_reasons", Trait::analytical, false, "answers without reasons"},
};

struct Circumstance {
    bool (*holds)(const Moment&);
    std::string_view reason;
    std::vector<std::pair<Trait, double>> moves;
    seconds half_life;
};
const std::array<Circumstance, 3>& circumstances() {
    static const std::array<Circumstance, 3> kAll = {
        Circumstance{[](const Moment& moment) { return moment.hurry; },
                     "you were in a hurry",
                     {{Trait::verbosity, -0.3}, {Trait::humor, -0.3}, {Trait::proactivity, -0.3}},
                     minutes(5)},
        Circumstance{[](const Moment& moment) { return moment.bad_news; },
                     "you had bad news",
                     {{Trait::humor, -0.4}, {Trait::empathy, 0.3}},
                     hours(1)},
        Circumstance{[](const Moment& moment) { return moment.hour >= 22 || moment.hour < 5; },
                     "it was late",
                     {{Trait::verbosity, -0.1}, {Trait::humor, -0.15}, {Trait::proactivity, -0.15}},
                     hours(3)},
    };
    return kAll;
}

}  // namespace

const Wish* find_wish(std::string_view name) {
    const auto at =
        std::find_if(kWishes.begin(), kWishes.end(), [&](const Wish& wish) { return wish.name == name; });
    return at == kWishes.end() ? nullptr : &*at;
}

std::optional<Change> fulfil(const Wish& wish, const Traits& own, const Traits& now,
                             const AdaptationLimits& limits, Time time) {
    const double least = std::max(0.0, own[wish.trait] - limits.range);
    const double most = std::min(1.0, own[wish.trait] + limits.range);
    const double to = std::clamp(now[wish.trait] + (wish.more ? kStep : -kStep), least, most);
    const double by = to - now[wish.trait];
    if (std::abs(by) < kLeastStep) return std::nullopt;
    Change change;
    change.time = time;
    change.cause = "asked";
    change.reason = "you asked for " + std::string(wish.what);
    change.moves = {{wish.trait, by}};
    change.half_life = limits.asked_half_life;
    return change;
}

std::vector<Change> changes_of(const Moment& moment, const std::vector<Change>& known) {
    std::vector<Change> out;
    for (const Circumstance& circumstance : circumstances()) {
        if (!circumstance.holds(moment)) continue;
        // One that was undone is not brought back while it would still count.
        const bool there = std::any_of(known.begin(), known.end(), [&](const Change& change) {
            return change.reason == circumstance.reason && moment.now - change.time < change.half_life;
        });
        if (there) continue;
        Change change;
        change.time = moment.now;
        change.cause = "context";
        change.reason = circumstance.reason;
        change.moves = circumstance.moves;
        change.half_life = circumstance.half_life;
        out.push_back(std::move(change));
    }
    return out;
}

}  // namespace coda::personality
