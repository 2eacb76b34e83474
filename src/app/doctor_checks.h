// The six components that Coda vouches for, each made to do its real work once: configuration, llm, memory,
// voice, tools, personality; and what they stand on: models, audio devices. Thread safety: each belongs to
// one thread. All borrow what they are given.
#pragma once

#include "app/command.h"
#include "assistant/engine.h"
#include "base/component.h"

#include <memory>
#include <vector>

namespace coda::app {

// Those that need no model loaded.
std::vector<std::unique_ptr<Component>> standing_components(Context& context);
// Those that do.
std::vector<std::unique_ptr<Component>> working_components(Context& context, assistant::Engine& engine);

}  // namespace coda::app
