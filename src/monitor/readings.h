// What a probe has measured: values by name, in base units (bytes, seconds, celsius, watts, hertz; shares
// from 0 to 1). What could not be measured is left out: N/A is no reading, never 0. Names are dotted,
// "room.what_unit"
// ("memory.used_bytes", "gpu0.power_watts"). Thread safety: plain values.
#pragma once

#include <map>
#include <string>

namespace coda::monitor {

using Readings = std::map<std::string, double>;

}  // namespace coda::monitor
