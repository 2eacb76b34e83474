// tell_joke, from the jokes of jokes.txt: in an order of its own for each registry, none twice before all
// were told. Thread safety: as the registry's.
#pragma once

#include "tools/registry.h"

#include <string>
#include <vector>

namespace coda::tools {

void add_jokes(Registry& registry);
// Every joke as it is spoken.
std::vector<std::string> all_jokes();

}  // namespace coda::tools
