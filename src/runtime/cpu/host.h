// What the machine offers: instruction sets and cores. Thread safety: pure functions.
#pragma once

#include "base/result.h"
#include "runtime/cpu/kernels.h"

#include <string>

namespace coda::runtime::cpu {

// The kernels of one instruction set; planes and bf16 are null where there are no such instructions.
struct InstructionSet {
    const char* name;  // as in CpuOptions::isa
    const char* title;
    const Kernels* kernels;
    const PlaneKernels* planes;
    const Bf16Kernels* bf16;
};

// The best the machine has, or `wanted`. Fails with invalid_argument or unsupported.
Result<InstructionSet> choose_instruction_set(const std::string& wanted);

// Physical cores that this process may run on, at most its cgroup's CPU quota (v2), at least 1.
int usable_cores();

}  // namespace coda::runtime::cpu
