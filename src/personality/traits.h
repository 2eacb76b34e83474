// The nine traits of a character, each from 0 to 1. 0.5 is neutral, and so is what lies close to it: a trait
// acts once it leans clearly to one side, the more the further. What it does then stands in effects.h. Thread
// safety: values and pure functions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace coda::personality {

enum class Trait : uint8_t {
    verbosity,
    assertiveness,
    humor,
    formality,
    proactivity,
    confidence,
    empathy,
    creativity,
    analytical,
};
inline constexpr size_t kTraits = 9;
inline constexpr std::array<Trait, kTraits> kAllTraits = {
    Trait::verbosity,  Trait::assertiveness, Trait::humor,      Trait::formality, Trait::proactivity,
    Trait::confidence, Trait::empathy,       Trait::creativity, Trait::analytical};

const std::string& name_of(Trait trait);
std::optional<Trait> trait_named(std::string_view name);
const std::vector<std::string>& trait_names();

class Traits {
  public:
    static constexpr double kNeutral = 0.5;

    Traits() { values_.fill(kNeutral); }
    double& operator[](Trait trait) { return values_[static_cast<size_t>(trait)]; }
    double operator[](Trait trait) const { return values_[static_cast<size_t>(trait)]; }
    bool operator==(const Traits&) const = default;

    // -1 to 1: how far the trait leans to its low or high side; 0 while it is within 0.2 of neutral.
    double lean(Trait trait) const;

  private:
    std::array<double, kTraits> values_;
};

}  // namespace coda::personality
