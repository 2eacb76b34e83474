#include "personality/traits.h"

#include <algorithm>
#include <cmath>

namespace coda::personality {

const std::vector<std::string>& trait_names() {
    static const std::vector<std::string> kNames = {"verbosity", "assertiveness", "humor",
                                                    "formality", "proactivity",   "confidence",
                                                    "empathy",   "creativity",    "analytical"};
    return kNames;
}

const std::string& name_of(Trait trait) {
    return trait_names()[static_cast<size_t>(trait)];
}

std::optional<Trait> trait_named(std::string_view name) {
    const auto& names = trait_names();
    const auto at = std::find(names.begin(), names.end(), name);
    if (at == names.end()) return std::nullopt;
    return static_cast<Trait>(at - names.begin());
}

double Traits::lean(Trait trait) const {
    constexpr double kNeutralBand = 0.2 + 1e-9;
    const double off = (*this)[trait] - kNeutral;
    return std::abs(off) <= kNeutralBand ? 0 : std::clamp(2 * off, -1.0, 1.0);
}

}  // namespace coda::personality
