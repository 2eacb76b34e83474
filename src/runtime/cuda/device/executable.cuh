// A program on the device and the states that run it. Thread safety: a LoadedProgram is immutable once made,
// several threads may run it with states of their own; a ProgramState belongs to one thread at a time.
// Ownership: a ProgramState refers to its LoadedProgram and Device, which must outlive it.
#pragma once

#include "runtime/cuda/device/attention.cuh"
#include "runtime/cuda/device/pack.cuh"
#include "runtime/cuda/device/product.cuh"
#include "runtime/cuda/device/rows.cuh"
#include "runtime/cuda/device/sample.cuh"

#include <map>
#include <memory>
#include <vector>

namespace coda::runtime::cuda {

// What the products of one operation multiply: several where the parts' formats or heights do not let them be
// one matrix.
struct Weights {
    struct Part {
        const PackedMatrix* matrix;
        const PackedMatrix* up;  // gate_up only
        int first_column;
    };
    std::vector<Part> parts;
};

// One operation, ready to run.
struct Node {
    Operation op;
    Weights weights;
    const PackedMatrix* tables[3] = {};  // embed, add_positions
    Buffer a, b, frequencies;
    int norm = -1;        // the node whose work this one can do on the way, for few rows
    bool folded = false;  // a norm that its readers can do on the way
};

struct StepPlan {
    std::vector<Node> nodes;
    std::vector<int32_t> widths, max_rows, outputs;
    std::vector<size_t> offsets;  // of buffers in the arena, bytes
    size_t arena_bytes = 0, padded_bytes = 0;
    int vocabulary = 0;
    bool takes_tokens = false;
};

struct LoadedProgram {
    LoadedProgram(Device& device, const ProgramImage& image);

    Device& device;
    std::vector<CacheImage> caches;
    std::vector<std::unique_ptr<StepPlan>> steps;
    std::vector<std::unique_ptr<PackedMatrix>> matrices;
    size_t weight_bytes = 0, state_bytes = 0;
    // The most that any step needs of one state.
    size_t arena_bytes = 0, padded_bytes = 0;
    int max_rows = 0, vocabulary = 0;
    size_t split_floats = 0, split_levels = 0, split_counters = 0;
};

struct ProgramState {
    explicit ProgramState(const LoadedProgram& program);
    ~ProgramState();
    ProgramState(const ProgramState&) = delete;
    ProgramState& operator=(const ProgramState&) = delete;

    void copy_caches(const ProgramState& from, int length);
    Ran run(const Run& run);

    const LoadedProgram& program;

  private:
    friend class StepRun;
    struct Captured {
        cudaGraphExec_t graph = nullptr;
    };
    void write_parameters(const Run& run);
    void reserve_outputs(const StepPlan& step, const Run& run);
    void enqueue(const StepPlan& step, const Run& run, bool overlap);
    bool replay(const StepPlan& step, const Run& run);
    void drop_graphs();

    cudaStream_t stream_ = nullptr;
    Buffer arena_, padded_;
    std::vector<Buffer> caches_;
    std::vector<CacheView> views_;
    Buffer stored_;  // of every cache
    Buffer split_sums_, split_levels_, split_arrived_;
    Buffer values_, sample_parts_, sample_arrived_;
    Buffer parameters_;
    HostBuffer host_parameters_, features_;
    HostBuffer draw_, recent_, allowed_, result_;
    std::vector<HostBuffer> outputs_;  // of the step that ran last
    std::vector<const float*> output_pointers_;
    int outputs_of_ = -1;             // which step that was
    std::map<int, Captured> graphs_;  // by step and whether a row is selected
};

}  // namespace coda::runtime::cuda
