// What each trait does, in one table (effects.cpp): to the prompt of a language model, to its sampling, to
// the length of replies, and to the wording of what tools and templates say. A trait that leans to neither
// side does nothing. Thread safety: pure functions over constant data.
#pragma once

#include "personality/character.h"
#include "personality/traits.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace coda::personality {

// What a templated reply does.
enum class Act : uint8_t {
    answer = 1,     // a tool found what was asked for
    done = 2,       // a tool changed something
    shortfall = 4,  // there is no such thing, or it cannot be done
    social = 8,     // a greeting, thanks, a farewell
};

// A sentence that a trait may add to a templated reply. What it says is true whatever the reply is.
struct Addition {
    Trait trait;
    bool high;  // the side of the trait that says it
    enum class Place : uint8_t { lead, close } place;
    uint8_t acts;           // of Act, together
    std::string_view kind;  // the tool or phrase that it fits; empty: any that has none of its own
    std::span<const std::string_view> say;
};
std::span<const Addition> additions();

struct Effect {
    Trait trait;
    std::string_view low, high;                // what the trait does to templates, for people
    std::string_view low_prompt, high_prompt;  // for a language model
};
const Effect& effect_of(Trait trait);

// What a language model is told of the character; empty for one without traits, backstory or phrases.
std::string prompt_of(const Character& character, const Traits& traits);
// What it is told when `now` differs from the `told` that its prompt speaks of; empty when it does not
// matter.
std::string prompt_change(const Traits& told, const Traits& now);

// Of a model's reply: the sentences that are listened to, and the tokens that it may take.
int sentence_limit(int usual, const Traits& traits);
int token_limit(int usual, const Traits& traits);
// A temperature of 0 was chosen by nobody; creativity then gives one.
double temperature(double usual, const Traits& traits);

}  // namespace coda::personality
