// Asking a person before something is changed.
#pragma once

#include "base/result.h"

#include <string>

namespace coda::app {

// True for yes. With `sure` (--yes) nothing is asked. Fails with invalid_argument where nobody can be asked,
// because standard input is no terminal.
Result<bool> confirm(const std::string& question, bool sure);

}  // namespace coda::app
