// Weights in the layout that the kernels read (kernels.h), made once when a Program is compiled.
// Thread safety: immutable after pack, but for panels that are written when they are first wanted, which one
// thread does while others wait.
#pragma once

#include "runtime/cpu/kernels.h"
#include "runtime/cpu/thread_pool.h"
#include "runtime/program.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace coda::runtime::cpu {

// Cleared bytes, aligned to a page; memory is only taken as it is touched.
class AlignedBytes {
  public:
    AlignedBytes() = default;
    // Fails with exhausted.
    static Result<AlignedBytes> make(size_t size);
    std::byte* data() { return data_.get(); }
    const std::byte* data() const { return data_.get(); }
    size_t size() const { return size_; }

  private:
    struct Unmap {
        size_t size;
        void operator()(std::byte* memory) const;
    };
    std::unique_ptr<std::byte, Unmap> data_{nullptr, Unmap{0}};
    size_t size_ = 0;
};

// Memory for all weights of a Program, on huge pages: what a decode step reads from end to end.
class WeightMemory {
  public:
    // Cleared and aligned to 64; lives as long as this. Fails with exhausted.
    Result<std::byte*> take(size_t size);
    size_t taken() const { return taken_; }

  private:
    std::vector<AlignedBytes> chunks_;
    std::byte* next_ = nullptr;
    size_t left_ = 0, taken_ = 0;
};

PanelType panel_type(DType dtype);  // requires is_weight(dtype)
size_t panel_bytes(PanelType type, int k);

// Panels of one type that lie one behind the other.
struct PanelRange {
    PanelType type = PanelType::f32;
    const std::byte* data = nullptr;
    size_t stride = 0;
    int count = 0;
    int first_panel = 0;  // within the matrix

    // The rows that the panels are made of, as the file has them: panel p's begin at row 16 p of the one
    // source, or where gate and up alternate, at row 16 (p / 2) of source p % 2.
    struct Source {
        const std::byte* rows = nullptr;
        size_t stride = 0;
        int count = 0;
    };
    std::array<Source, 2> sources;
    bool alternate = false;
};

// Rows that have memory and are still to be written there: taking memory is quick, writing is not, and is
// done for all matrices of a Program at once, on all threads.
struct PanelFill {
    TensorView weight;
    std::byte* data = nullptr;  // panel p of the weight is at data + p * stride
    size_t stride = 0;

    int panels() const;
    // Writes panels [first, last), and asks for the file's pages that they are made of all at once.
    void run(int first, int last) const;
};

// Writes all of them, about a megabyte at a time on all threads of the run.
void write_panels(std::span<const PanelFill> fills, ThreadPool::Run& run);

// A matrix of `rows` x k, or several under one another. Each of them begins a panel of its own.
struct PackedMatrix {
    struct Segment {
        int first_row = 0;  // of the output
        int rows = 0;
        int first_panel = 0;  // its panels hold its rows, the last padded with zeros
    };
    int k = 0;
    int rows = 0;
    int panels = 0;
    bool gated = false;  // panels alternate: 16 rows of the first matrix, 16 of the second
    std::vector<Segment> segments;
    std::vector<PanelRange> ranges;  // into the WeightMemory it was packed with

    // Panels that are only written when they are wanted; the memory for them is not taken before.
    std::vector<PanelFill> fills;
    mutable std::atomic<bool> written = true;
    mutable std::mutex writing;
    // A long answer is worth the panels, too: after so many products without them, a matrix or two per token.
    int patience = 0;
    mutable std::atomic<int> products = 0;
    // Whether this product may do without panels.
    bool may_wait() const {
        return !written.load(std::memory_order_acquire) &&
               products.fetch_add(1, std::memory_order_relaxed) < patience;
    }
    // Writes them, on all threads of the run, unless they are.
    void write(ThreadPool::Run& run) const;
};

// What is to be written is added to `fills`, or, where that is null, kept to be written when it is wanted,
// after `patience` products at the latest.
Result<std::shared_ptr<const PackedMatrix>> pack(std::span<const TensorView> weights, WeightMemory& memory,
                                                 std::vector<PanelFill>* fills, int patience = 0);
// Gate and up of one shape, of the same type or not.
Result<std::shared_ptr<const PackedMatrix>> pack_gated(const TensorView& gate, const TensorView& up,
                                                       WeightMemory& memory, std::vector<PanelFill>* fills,
                                                       int patience = 0);
// A convolution [out, in, kernel] as a matrix [out, kernel x in], written at once.
Result<std::shared_ptr<const PackedMatrix>> pack_conv1d(const TensorView& weight, WeightMemory& memory);

}  // namespace coda::runtime::cpu
