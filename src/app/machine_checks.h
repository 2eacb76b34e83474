// What Coda needs of the machine under it: places to write, room on the disk, a clock that is set.
// Thread safety: each belongs to one thread.
#pragma once

#include "base/component.h"

#include <memory>
#include <vector>

namespace coda::app {

std::vector<std::unique_ptr<Component>> machine_components();

}  // namespace coda::app
