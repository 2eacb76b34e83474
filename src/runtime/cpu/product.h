// Products of rows with packed weights: the core of everything that the CPU backend computes. Private to the
// backend. Thread safety: pure functions over their arguments; the pool's run splits the work.
#pragma once

#include "runtime/cpu/packed.h"
#include "runtime/cpu/thread_pool.h"

#include <atomic>

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

// y[t][16 p + i] = sum over k columns, in floats; any number of rows.
void multiply(const Kernels& kernels, const Panels& panels, ConstRows x, int rows, int k, MutableRows y,
              float* scratch);

// What multiplies: codes of quantized weights by `planes` where that is there; `bf16` where that is there and
// wanted, for many rows; `split`: in three products, as good as floats.
struct Multiplier {
    const Kernels* kernels;
    const PlaneKernels* planes = nullptr;
    const FileRowKernels* file_rows = nullptr;
    std::atomic<bool>* long_prompt = nullptr;  // seen by any matrix: from then on every one is packed
    const Bf16Kernels* bf16 = nullptr;
    bool split = false;
};

// Working memory of one state for its linear layers.
struct LinearMemory {
    Scratch planes;                   // x in bytes
    std::vector<uint16_t> high, low;  // x in bf16
};

struct LinearCall {
    const PackedMatrix& matrix;
    ConstRows x;
    int rows;
    const float* bias;  // matrix.rows, or null
    Function function;
    ConstRows residual;  // data null: none
    MutableRows out;
    LinearMemory& memory;
    bool one_plane = false;  // of codes' activations: 8 bits in place of 16
    bool from_file = false;  // linear() decides
};

// out = function(x W + b) + residual, or the gated product, on all threads of the run.
void linear(const Multiplier& multiplier, const LinearCall& call, ThreadPool::Run& run);

}  // namespace coda::runtime::cpu
