// How a character says what a tool or template says: a small set of rewordings that know no tool by heart and
// never touch figures, names, or what the person said. Thread safety: pure functions.
#pragma once

#include "personality/character.h"
#include "personality/effects.h"

#include <cstdint>
#include <string>
#include <vector>

namespace coda::personality {

struct Template {
    std::string text;  // as the tool worded it
    std::string kind;  // the tool's name, or the phrase's ("greeting", "decline")
    Act act = Act::answer;
    std::vector<std::string> quotes;  // parts of `text` that are data, or the person's own words
};

// `traits` are those of the moment, `seed` chooses among what they allow. Neutral traits give `text` itself.
std::string reword(const Template& what, const Traits& traits, const Character& character, uint64_t seed);

// Whether a reply says that there is no answer: "I can't ...", "You haven't ...", "There was nothing ...".
bool is_shortfall(const std::string& text);

}  // namespace coda::personality
