// What the machine offers: instruction sets and cores. Thread safety: pure functions.
#pragma once

#include "base/result.h"
#include "runtime/cpu/kernels.h"

#include <span>
#include <string>
#include <vector>

namespace coda::runtime::cpu {

// The kernels of one instruction set; planes, bf16 and file_rows are null where there are no such
// instructions.
struct InstructionSet {
    const char* name;  // as in CpuOptions::isa
    const char* title;
    const Kernels* kernels;
    const PlaneKernels* planes;
    const Bf16Kernels* bf16;
    const FileRowKernels* file_rows;
};

// Names of those that this machine has, the best first.
std::vector<std::string> instruction_sets_here();

// The best the machine has, or `wanted`. Fails with invalid_argument or unsupported.
Result<InstructionSet> choose_instruction_set(const std::string& wanted);

// Where the system says what a process may use; tests have folders of their own.
struct HostFiles {
    std::string cgroups = "/sys/fs/cgroup";        // where cgroup v2 is mounted
    std::string membership = "/proc/self/cgroup";  // which of them this process is in
    std::string processors = "/sys/devices/system/cpu";
};

// CPUs that the tightest cpu.max from this process's cgroup up to the root grants; infinite where none does.
double cgroup_quota(const HostFiles& files = {});

// Physical cores among `processors`, which hyper-threads share.
int physical_cores(std::span<const int> processors, const HostFiles& files = {});

// Physical cores that this process may run on, at most its cgroup's CPU quota (v2) rounded up, at least 1.
int usable_cores(const HostFiles& files = {});

}  // namespace coda::runtime::cpu
