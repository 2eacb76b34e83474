// From rows as a file has them to units (packed.cuh), on the device. Thread safety: none; a Packer belongs to
// one compilation.
#pragma once

#include "runtime/cuda/device/packed.cuh"

#include <vector>

namespace coda::runtime::cuda {

struct PackedMatrix {
    Packed view;
    Buffer data, scales;
    size_t bytes() const { return data.bytes() + scales.bytes(); }
};

class Packer {
  public:
    Packer(Device& device, cudaStream_t stream) : device_(device), stream_(stream) {}
    // Rows of all parts below each other; they have one format and width, and all but the last whole tiles.
    PackedMatrix pack(const std::vector<Matrix>& parts);

  private:
    Device& device_;
    cudaStream_t stream_;
    Buffer staging_;
};

// Bytes of a row in its file's layout.
size_t row_bytes(Format format, int64_t columns);

}  // namespace coda::runtime::cuda
