// What this machine's memory gives: the bound of everything that reads weights once per token.
#pragma once

#include <cstddef>

namespace coda::runtime {

// Bytes per second that `threads` threads read together of memory that no cache holds: the best of some
// passes over `bytes`, after touching them once. Takes about a second; less is measured where memory is
// short.
double measure_read_bandwidth(int threads, size_t bytes = size_t{512} << 20);

// As many as this process may use (affinity, cgroup v2 quota).
int usable_threads();

}  // namespace coda::runtime
