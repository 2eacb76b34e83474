#include "personality/settings.h"

#include "base/paths.h"
#include "personality/library.h"

#include <fmt/format.h>

namespace coda::personality {
namespace {

constexpr const char* kHelp[kTraits] = {
    "How much it says. Not set: the character's.",
    "How firmly it says it. Not set: the character's.",
    "How funny it is. Not set: the character's.",
    "How formally it speaks. Not set: the character's.",
    "How much it offers by itself. Not set: the character's.",
    "How sure of itself it sounds. Not set: the character's.",
    "How much it minds how you feel. Not set: the character's.",
    "How much it varies its words. Not set: the character's.",
    "How much it says where answers come from. Not set: the character's.",
};

}  // namespace

std::filesystem::path PersonalitySettings::own_characters() {
    return paths::config_dir() / "characters";
}

std::filesystem::path PersonalitySettings::changes_file() {
    return paths::state_dir() / "personality.json";
}

AdaptationLimits PersonalitySettings::limits() const {
    constexpr double kDay = 24 * 60 * 60;
    return {adapt, range, std::chrono::seconds(static_cast<int64_t>(half_life_days * kDay))};
}

Result<Character> PersonalitySettings::load() const {
    CODA_TRY(Character loaded, load_character(character, own_characters()));
    for (const Trait trait : kAllTraits) loaded.traits[trait] = traits[static_cast<size_t>(trait)];
    return loaded;
}

void declare(Settings& settings, PersonalitySettings& to) {
    settings.declare(
        "personality.character", &to.character,
        "Who answers: coda, sterling, pip, mira, one of your own (docs/personality.md), or a file.");
    for (const Trait trait : kAllTraits) {
        const auto at = static_cast<size_t>(trait);
        settings.declare("personality." + name_of(trait), &to.traits[at], kHelp[at],
                         SettingRules::between(0, 1));
    }
    settings.declare("personality.adapt", &to.adapt,
                     "Adapt to what you ask for (\"shorter, please\") and to the moment (late, in a hurry, "
                     "bad news).");
    settings.declare("personality.range", &to.range,
                     "How far a trait may move from its value when it adapts.", SettingRules::between(0, 1));
    settings.declare("personality.half_life_days", &to.half_life_days,
                     "What you asked for has faded to half after so many days.",
                     SettingRules::between(0.01, 36500));
    settings.declare("personality.seed", &to.seed, "Another number chooses other wordings.",
                     SettingRules::at_least(0));
}

void fill_in(Settings& settings, const Character& character) {
    const std::string origin = "character " + character.name;
    for (const Trait trait : kAllTraits) {
        const double value = character.traits[trait];
        if (value != Traits::kNeutral)
            settings.fill_in("personality." + name_of(trait), fmt::format("{}", value), origin);
    }
    if (!character.voice.empty()) settings.fill_in("tts.voice", character.voice, origin);
    if (character.pace != 1) settings.fill_in("tts.speed", fmt::format("{}", character.pace), origin);
}

}  // namespace coda::personality
