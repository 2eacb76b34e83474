// Profiles of use, as profiles.toml named them when this was built: values for settings that nothing else
// gives. Thread safety: free functions without state.
#pragma once

#include "base/settings.h"

#include <string>
#include <vector>

namespace coda::app {

std::vector<std::string> profile_names();

// Fills in what `profile` (one of profile_names()) sets; after all other sources.
void apply_profile(Settings& settings, const std::string& profile);

extern const char* const kProfilesToml;

}  // namespace coda::app
