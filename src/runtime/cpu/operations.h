// The operations of one run on the CPU, by the kernels and the threads of the pool. Private to the backend.
#pragma once

#include "runtime/cpu/cpu_executable.h"
#include "runtime/cpu/product.h"

#include <functional>

namespace coda::runtime::cpu {

class Operations {
  public:
    Operations(const CpuExecutable& executable, const Step& step, const StepInput& input, CpuState& state,
               ThreadPool::Run& run);
    void execute(const Op& op, const Prepared& prepared);

    void operator()(const op::Embed& op);
    void operator()(const op::Input& op);
    void operator()(const op::AddPositions& op);
    void operator()(const op::Conv1d& op);
    void operator()(const op::RmsNorm& op);
    void operator()(const op::LayerNorm& op);
    void operator()(const op::Linear& op);
    void operator()(const op::GateUp& op);
    void operator()(const op::Experts& op);
    void operator()(const op::AppendKv& op);
    void operator()(const op::StoreKv& op);
    void operator()(const op::Attention& op);
    void operator()(const op::SelfAttention& op);
    void operator()(const op::SelectRows& op);
    void operator()(const op::MeanPool& op);
    void operator()(const op::Normalize& op);
    void operator()(const op::Sample& op);

  private:
    struct Matrix {
        float* data;
        int rows;
        int width;
        float* row(int r) const { return data + static_cast<size_t>(r) * static_cast<size_t>(width); }
        MutableRows all() const { return {data, static_cast<size_t>(width)}; }
        ConstRows read() const { return {data, static_cast<size_t>(width)}; }
    };
    Matrix at(Buffer buffer) const;
    KvStore& cache(Cache cache) const;
    const CacheSpec& spec(Cache cache) const;

    // body(row) for each of `rows`, on several threads when there is enough to do (`work`: floats per row).
    template <class Body>
    void for_rows(int rows, int work, const Body& body);
    void scale_and_cap(const runtime::Linear& spec, Matrix out);
    void run_expert(const op::Experts& op, int expert, std::span<const std::pair<int, float>> rows);
    void add_table_row(const TensorView& table, int64_t row, float* out, Scratch& scratch) const;
    void prepare_ropes();
    void turn_head(float* head, int head_dim, const std::vector<float>& norm, const op::AppendKv& op,
                   int row) const;
    void panels_of_rows(Matrix rows, const AttentionSpec& spec);

    // Keys and values of every head as panels, and what a query row may see of them.
    struct Context {
        std::function<Panels(int head, int first, int last)> keys;
        std::function<Panels(int head, int first)> values;
        int length;   // positions that the first row sees
        int further;  // that each further row sees: one in causal attention, else none
        int window;   // a row sees the last so many only; 0: all
    };
    void attend(Matrix q, Matrix out, const AttentionSpec& spec, const Context& context);
    void attend_block(const ConstRows& q, int first_row, int rows, int kv_head, const AttentionSpec& spec,
                      const Context& context, MutableRows out, Scratch& scratch) const;

    const CpuExecutable& executable_;
    const Kernels& kernels_;
    const Step& step_;
    const StepInput& input_;
    CpuState& state_;
    ThreadPool::Run& run_;
    const Prepared* prepared_ = nullptr;
};

}  // namespace coda::runtime::cpu
