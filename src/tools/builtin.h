// The tools that come with Coda, and how a recognised command becomes a call of one.
// Thread safety: pure functions; the tools look only at their context.
#pragma once

#include "base/result.h"
#include "tools/recognizer.h"
#include "tools/registry.h"

#include <memory>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

namespace coda::tools {

// time, date, calculate, convert, remember, recall, list_facts, forget, show_capabilities, list_tools, and
// those of timers.h, lists.h, speech_control.h, jokes.h, system_facts.h and world_tools.h.
Registry builtin_tools();

struct Call {
    std::string tool;
    nlohmann::json arguments;
};
// The call that answers a command; nothing for commands that are answered by a phrase (greeting, thanks, stop
// ...).
std::optional<Call> to_call(const Recognition& command);

// Words of the person as Coda says them back: "my locker code is 4719" -> "your locker code is 4719".
std::string turn_round(const std::string& fact);

}  // namespace coda::tools
