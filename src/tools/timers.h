// Timers, alarms and reminders: the tools that set, list, change and cancel them, how a recognised command
// becomes a call of one, and what is said when one is due. They are kept in ToolContext::timers.
// Thread safety: pure functions over the context.
#pragma once

#include "base/result.h"
#include "tools/builtin.h"
#include "tools/registry.h"
#include "tools/timer_store.h"

#include <chrono>
#include <optional>

namespace coda::tools {

// set_timer, set_alarm, set_reminder, list_timers, change_timer, pause_timer, cancel_timer, snooze.
void add_timers(Registry& registry);
// The call for an intent "timer.*", "alarm.*" or "reminder.*".
std::optional<Call> timer_call(const Recognition& command);

// True when something waits to be said at `now`.
Result<bool> anything_due(TimerStore& timers, std::chrono::sys_seconds now);
// Takes what is due and words it: {"due": [{"kind", "name", "due", "late_s"}]}. Nothing when there is
// nothing, or another process was faster. What came due before `up_since` is said to have been missed.
Result<std::optional<ToolResult>> take_due(const ToolContext& context, std::chrono::sys_seconds up_since);

}  // namespace coda::tools
