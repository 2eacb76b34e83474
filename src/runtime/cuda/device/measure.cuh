// What the device does, measured: how fast it reads its memory and starts kernels. Thread safety: pure
// function.
#pragma once

#include "runtime/cuda/device/common.cuh"

namespace coda::runtime::cuda {

// Takes up to 2 GB of the device's memory for some tens of milliseconds.
Measurements measure_device(Device& device);

}  // namespace coda::runtime::cuda
