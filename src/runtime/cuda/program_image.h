// A Program as plain structs, to be read by the plug-in while it compiles. Thread safety: none; const once
// made. Ownership: owns what the image points to, except the bytes of tensors, which are the Program's.
#pragma once

#include "base/result.h"
#include "runtime/cuda/abi.h"
#include "runtime/program.h"

#include <deque>
#include <vector>

namespace coda::runtime::cuda {

class ProgramWriter {
  public:
    // Fails with unsupported for an operation that the plug-in does not know.
    static Result<ProgramWriter> write(const Program& program);

    ProgramImage image() const;

  private:
    friend class OperationWriter;
    struct StepStorage {
        std::vector<Operation> operations;
        std::vector<int32_t> widths, max_rows, outputs;
        int32_t vocabulary = 0;
    };

    std::vector<CacheImage> caches_;
    std::deque<StepStorage> storage_;
    std::vector<StepImage> steps_;
    std::deque<std::vector<Matrix>> matrices_;
    std::deque<std::vector<float>> floats_;
    std::deque<std::vector<std::byte>> turned_;  // convolutions, and what is only known as floats
};

}  // namespace coda::runtime::cuda
