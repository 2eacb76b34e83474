// What can be set of the personality. Thread safety: filled at start by one thread, then read.
#pragma once

#include "base/settings.h"
#include "personality/changes.h"
#include "personality/character.h"

#include <array>
#include <filesystem>
#include <string>

namespace coda::personality {

struct PersonalitySettings {
    std::string character = "coda";
    std::array<double, kTraits> traits;  // filled in from the character where they are not set
    bool adapt = true;
    double range = 0.4, half_life_days = 30;
    int seed = 0;

    PersonalitySettings() { traits.fill(Traits::kNeutral); }

    static std::filesystem::path own_characters();  // the person's folder of them
    static std::filesystem::path changes_file();
    AdaptationLimits limits() const;
    // The character that the settings name, with their traits.
    Result<Character> load() const;
};

// Binds personality.* to `to`, which must outlive `settings` and not move.
void declare(Settings& settings, PersonalitySettings& to);

// Gives what `character` has to settings that nothing else has given: its traits, tts.voice and tts.speed.
void fill_in(Settings& settings, const Character& character);

}  // namespace coda::personality
