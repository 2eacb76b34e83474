// What Coda says when it can't: by topic for live data and actions that no tool provides, for a claim that a
// model made with nothing behind it, and for the lack of a model. Every line is true as it stands. Thread
// safety: pure functions.
#pragma once

#include "tools/claims.h"

#include <string>
#include <string_view>

namespace coda::assistant {

// "I can't look up the weather yet."
std::string decline(std::string_view topic);
// What to say to a tool whose sentence was not understood: "Say, for example: set a timer for ten minutes."
bool has_hint(std::string_view topic);
std::string hint(std::string_view topic);
// In place of a clause that claims something.
std::string instead_of(tools::Claim claim);
// When there is no language model, and how to add one.
std::string no_model();
// Shown once per session with a small model: how to add a better one.
std::string better_model_notice();
// Topics whose requests act on the world; the others ask for live data.
bool is_action(std::string_view topic);

}  // namespace coda::assistant
