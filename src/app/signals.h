// SIGINT and SIGTERM set a Cancel, so that a command ends in order; the second one ends the process at once.
#pragma once

#include "base/cancel.h"

namespace coda::app {

// Call before any thread is started: they all inherit the mask. Also makes writing to a closed pipe an error
// instead of a signal.
void cancel_on_signals(const Cancel& cancel);

}  // namespace coda::app
