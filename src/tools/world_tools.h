// Tools that answer questions about countries, cities and chemical elements without a network and without a
// language model. Thread safety: pure functions.
#pragma once

#include "tools/builtin.h"

namespace coda::tools {

// geography, element.
void add_world_tools(Registry& registry);
// The call that answers a command of the sections [geography] and [element].
std::optional<Call> to_world_call(const Recognition& command);

}  // namespace coda::tools
