// How fast a backend multiplies, and how exactly. Thread safety: free functions; they use the backend's
// threads.
#pragma once

#include "base/cancel.h"
#include "base/result.h"
#include "runtime/backend.h"
#include "runtime/tensor.h"
#include "tune/comparison.h"

namespace coda::tune {

// Rows of activations [rows, in] times the transpose of weights [out, in], as a linear layer has it.
struct GemmShape {
    int rows = 0, out = 0, in = 0;
    double operations() const { return 2.0 * rows * out * in; }
};

struct GemmKind {
    const char* name;  // "f32", "bf16", "q8_0 int8"
    runtime::DType weights;
    runtime::CompileOptions::Activations activations;
};
// Those that a CPU backend tells apart.
const std::vector<GemmKind>& cpu_gemm_kinds();

struct GemmSpeed {
    Spread seconds;
    double operations_per_second = 0;
    // |y - y'|^2 / |y'|^2 of some outputs, y' in double precision from the weights as they are stored.
    double error = 0;
};

// Random weights and activations; `rounds` runs after one that does not count, each long enough to be timed.
// Fails as compiling and running do.
Result<GemmSpeed> measure_gemm(runtime::Backend& backend, const GemmShape& shape, const GemmKind& kind,
                               int rounds, const Cancel& cancel);

}  // namespace coda::tune
