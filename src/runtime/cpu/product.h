// Products of rows with packed weights: the core of everything that the CPU backend computes. Private to the
// backend. Thread safety: pure functions over their arguments; the pool's run splits the work.
#pragma once

#include "runtime/cpu/packed.h"
#include "runtime/cpu/thread_pool.h"

namespace coda::runtime::cpu {

// Panels of one product that need no splitting by type.
struct Panels {
    PanelType type;
    const std::byte* data;
    size_t stride;
    int count;
};

// Floats of working memory that multiply() needs.
inline constexpr size_t kProductScratch = 2 * 256 * kPanelRows;

// y[t][16 p + i] = sum over k columns; any number of rows. `sums` as Matvec asks; null where they were not
// made.
void multiply(const Kernels& kernels, const Panels& panels, ConstRows x, int rows, int k, const float* sums,
              MutableRows y, float* scratch);

struct LinearCall {
    const PackedMatrix& matrix;
    ConstRows x;
    int rows;
    const float* bias;  // matrix.rows, or null
    Function function;
    ConstRows residual;  // data null: none
    MutableRows out;
    std::vector<float>& sums;  // working memory of the caller
};

// out = function(x W + b) + residual, or the gated product, on all threads of the run.
void linear(const Kernels& kernels, const LinearCall& call, ThreadPool::Run& run);

}  // namespace coda::runtime::cpu
