// What every host backend must settle before it computes: is this input one that the step can take, and how
// many rows has each buffer then? Private to the room. Thread safety: pure functions.
#pragma once

#include "runtime/backend.h"

#include <vector>

namespace coda::runtime {

// The rows of this run that select_rows keeps, of `rows` there are.
std::vector<int> selected_rows(const Rows& wanted, int rows);

// Rows of every buffer, by Buffer::id. `length`: positions already in the growing caches. Fails with
// invalid_argument or exhausted as Executable::run says.
Result<std::vector<int>> rows_of_run(const Program& program, const Step& step, const StepInput& input,
                                     int length);

// The most rows that each buffer can ever have.
std::vector<int> max_rows_of(const Step& step);

}  // namespace coda::runtime
