// Units of measurement by their signs. Thread safety: free functions without state.
#pragma once

#include "models/hibari/text/unicode.h"

#include <optional>

namespace coda::models::hibari {

struct UnitReading {
    size_t end = 0;  // after the sign
    Text one, many;
};

// The unit that is written at `at`, right after a number: "km", "m/s²", "mg/dL", "m2". A single letter that
// is often something else counts only where `spaced` or the context leaves no doubt.
std::optional<UnitReading> unit_at(TextView text, size_t at);

}  // namespace coda::models::hibari
