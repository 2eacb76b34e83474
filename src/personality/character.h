// A character: who answers, as a TOML file describes it (docs/personality.md). Thread safety: values and pure
// functions.
#pragma once

#include "base/result.h"
#include "personality/traits.h"

#include <string>
#include <string_view>
#include <vector>

namespace coda::personality {

struct Character {
    std::string name = "Coda";  // as it calls itself
    Traits traits;
    std::string address;    // what it calls the person ("sir"); empty: nothing
    std::string backstory;  // told when it is asked about itself, and to a language model
    std::vector<std::string> anecdotes, catch_phrases;
    std::string voice;  // of the speech model; empty: its default
    double pace = 1;    // of speech, 0.5 to 2
};

inline constexpr size_t kMaxCharacterFile = size_t{1} << 16;  // bytes

// Fails with bad_format, naming `source` with the line, and the nearest right key. Every line of text in the
// result is free of control characters.
Result<Character> parse_character(std::string_view text, const std::string& source);

}  // namespace coda::personality
