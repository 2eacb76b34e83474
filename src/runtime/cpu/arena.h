// Where each buffer of a step lies in one piece of memory, so that buffers which are never alive together
// share it. Thread safety: pure function.
#pragma once

#include "runtime/program.h"

#include <cstddef>
#include <vector>

namespace coda::runtime::cpu {

struct ArenaPlan {
    std::vector<size_t> offsets;  // bytes, by Buffer::id, multiples of 64
    size_t size = 0;
};

// For the most rows that the step can have. Outputs live to the end.
ArenaPlan plan_arena(const Step& step);

}  // namespace coda::runtime::cpu
