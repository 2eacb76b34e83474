// Products of rows with packed weights: out = cap(scale f(x W^T + b)) + residual, x as it is or normalised on
// the way. Activations go through the tensor cores as a BF16 pair, high and low part in neighbouring columns,
// so that sums are as good as 16 bits of mantissa make them. Thread safety: pure functions.
#pragma once

#include "runtime/cuda/device/packed.cuh"

namespace coda::runtime::cuda {

struct Product {
    Packed weights;
    Packed up;                 // with data: out = f(weights x) * (up x)
    const float* x = nullptr;  // rows of weights.columns, `x_stride` floats apart
    int x_stride = 0, rows = 0;
    float* out = nullptr;  // the first column of this product's; rows are `out_stride` apart
    int out_stride = 0;
    const float* bias = nullptr;
    const float* residual = nullptr;  // as out lies
    Function function = Function::none;
    float scale = 1, soft_cap = 0;
    bool times_out = false;  // the result multiplies what `out` holds (prefill's gate and up)

    enum class Norm : int { none, rms, layer } norm = Norm::none;  // of x, few rows only
    const float* norm_weight = nullptr;
    const float* norm_bias = nullptr;
    float epsilon = 0;
};

// Up to this many rows one kernel reads the weights once and keeps x in shared memory, if it fits.
inline constexpr int kFewRows = 4;
bool takes_few_rows(const Device& device, Format format, int rows, int columns);

void few_rows(const Device& device, const Stream& stream, const Product& product);
void many_rows(const Device& device, const Stream& stream, const Product& product);

// To be called once per device.
void prepare_products(const Device& device);

// The compute capability that the code which runs here was written for, 80 or 90: PTX of an older one is
// compiled for a newer card without what only that has.
int code_version();

}  // namespace coda::runtime::cuda
