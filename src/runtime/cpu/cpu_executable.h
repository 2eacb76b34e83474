// A Program compiled for the CPU: packed weights and a plan of memory, and a loop over the operations.
// Thread safety: CpuExecutable as Executable says; CpuState belongs to one thread at a time.
#pragma once

#include "runtime/backend.h"
#include "runtime/cpu/arena.h"
#include "runtime/cpu/host.h"
#include "runtime/cpu/kv_store.h"
#include "runtime/cpu/packed.h"
#include "runtime/cpu/product.h"
#include "runtime/cpu/thread_pool.h"

#include <memory>
#include <string>
#include <vector>

namespace coda::runtime::cpu {

// What compiling found out about one operation; which fields mean what, the operation knows.
struct Prepared {
    std::shared_ptr<const PackedMatrix> matrix;
    std::vector<std::shared_ptr<const PackedMatrix>> experts;  // gate and up of the first, its down, ...
    std::vector<float> a, b;                         // bias; norm weight and bias; norms of queries and keys
    int rope = -1;                                   // index into CpuExecutable::ropes
    bool one_plane = false, one_plane_down = false;  // of activations (product.h); down: of experts
};

class CpuExecutable;

class CpuState final : public State {
  public:
    static Result<std::unique_ptr<CpuState>> make(std::shared_ptr<const CpuExecutable> executable);

    int length() const override { return length_; }
    void truncate(int length) override;
    Result<std::unique_ptr<State>> fork() const override;
    OutputView output(std::string_view name) const override;
    Sampled sampled() const override { return sampled_; }

  private:
    friend class CpuExecutable;
    friend class Operations;
    CpuState() = default;

    std::shared_ptr<const CpuExecutable> executable_;
    std::vector<KvStore> caches_;
    AlignedBytes arena_;
    Scratch scratch_;
    LinearMemory linear_memory_;
    std::vector<float> padded_, panels_;
    std::vector<float> expert_rows_;               // of one expert: its rows of x, hidden, and out
    std::vector<std::vector<float>> rope_tables_;  // of this run's rows: cosine and sine per pair
    const Step* step_ = nullptr;                   // of the last run
    std::vector<int> rows_;                        // of its buffers
    int length_ = 0;
    Sampled sampled_;
};

class CpuExecutable final : public Executable, public std::enable_shared_from_this<CpuExecutable> {
  public:
    static Result<std::shared_ptr<const Executable>> compile(std::shared_ptr<const Program> program,
                                                             const CompileOptions& options,
                                                             const InstructionSet& isa,
                                                             std::shared_ptr<ThreadPool> pool);

    Result<std::unique_ptr<State>> new_state() const override;
    Status run(const Step& step, const StepInput& input, State& state, const Cancel& cancel,
               Priority priority) const override;
    Result<std::shared_ptr<const Executable>> with(const CompileOptions& options) const override;
    size_t weight_bytes() const override { return weights_->taken(); }
    size_t state_bytes() const override;

    const Program& program() const { return *program_; }
    const Kernels& kernels() const { return *multiplier_.kernels; }
    const Multiplier& multiplier() const { return multiplier_; }
    size_t arena_bytes() const { return arena_bytes_; }
    const ArenaPlan& plan(const Step& step) const { return steps_[static_cast<size_t>(step.index())].arena; }
    const Rope& rope(int index) const { return *ropes_[static_cast<size_t>(index)]; }
    size_t ropes() const { return ropes_.size(); }

  private:
    friend class Preparation;
    struct PreparedStep {
        std::vector<Prepared> ops;
        ArenaPlan arena;
    };
    CpuExecutable() = default;
    CpuExecutable(const CpuExecutable& other);  // the same weights and threads

    // What the options say of activations.
    void choose_activations(const CompileOptions& options);

    std::shared_ptr<const Program> program_;
    InstructionSet isa_{};
    Multiplier multiplier_{};
    std::shared_ptr<ThreadPool> pool_;
    std::vector<PreparedStep> steps_;
    std::vector<const Rope*> ropes_;  // the different ones
    std::shared_ptr<WeightMemory> weights_ = std::make_shared<WeightMemory>();
    std::shared_ptr<std::atomic<bool>> long_prompt_ = std::make_shared<std::atomic<bool>>(false);
    size_t arena_bytes_ = 0;
};

}  // namespace coda::runtime::cpu
