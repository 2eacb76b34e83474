#include "runtime/cpu/arena.h"

#include "runtime/step_rows.h"

#include <algorithm>

namespace coda::runtime::cpu {
namespace {

struct Lifetime {
    int first = -1, last = -1;  // operations that write and last read it
};

// Tells a Lifetime per buffer about the buffers of one operation.
class Toucher {
  public:
    Toucher(std::vector<Lifetime>& lifetimes, int op) : lifetimes_(lifetimes), op_(op) {}
    void operator()(const op::Embed& op) { touch(op.out); }
    void operator()(const op::Input& op) { touch(op.out); }
    void operator()(const op::AppendKv& op) { touch(op.qkv), touch(op.q); }
    void operator()(const op::StoreKv& op) { touch(op.kv); }
    void operator()(const op::Attention& op) { touch(op.q), touch(op.out); }
    void operator()(const op::SelfAttention& op) { touch(op.qkv), touch(op.out); }
    void operator()(const op::Sample& op) { touch(op.logits); }
    void operator()(const op::RmsNorm& op) {
        touch(op.x), touch(op.out);
        if (op.residual) touch(*op.residual);
    }
    void operator()(const op::Linear& op) {
        touch(op.x), touch(op.out);
        if (op.spec.residual) touch(*op.spec.residual);
    }
    void operator()(const op::Experts& op) {
        touch(op.x), touch(op.router), touch(op.out);
        if (op.spec.residual) touch(*op.spec.residual);
    }
    template <class RowWise>
    void operator()(const RowWise& op) {
        touch(op.x), touch(op.out);
    }

  private:
    void touch(Buffer buffer) {
        Lifetime& life = lifetimes_[static_cast<size_t>(buffer.id)];
        if (life.first < 0) life.first = op_;
        life.last = op_;
    }
    std::vector<Lifetime>& lifetimes_;
    int op_;
};

std::vector<Lifetime> lifetimes_of(const Step& step) {
    std::vector<Lifetime> lifetimes(step.widths().size());
    const int ops = static_cast<int>(step.ops().size());
    for (int i = 0; i < ops; ++i) std::visit(Toucher(lifetimes, i), step.ops()[static_cast<size_t>(i)]);
    for (const auto& output : step.outputs()) lifetimes[static_cast<size_t>(output.buffer.id)].last = ops;
    return lifetimes;
}

struct Placed {
    size_t begin, end;
    Lifetime life;
};

// The lowest place that nothing alive at the same time occupies.
size_t find_place(std::vector<Placed>& placed, size_t size, Lifetime life) {
    std::sort(placed.begin(), placed.end(),
              [](const Placed& a, const Placed& b) { return a.begin < b.begin; });
    size_t at = 0;
    for (const Placed& other : placed) {
        if (other.life.last < life.first || other.life.first > life.last) continue;
        if (at + size <= other.begin) break;
        at = std::max(at, other.end);
    }
    return at;
}

}  // namespace

ArenaPlan plan_arena(const Step& step) {
    const std::vector<Lifetime> lifetimes = lifetimes_of(step);
    const std::vector<int> rows = max_rows_of(step);
    ArenaPlan plan;
    plan.offsets.resize(lifetimes.size());
    std::vector<Placed> placed;
    for (size_t i = 0; i < lifetimes.size(); ++i) {  // buffers are numbered in the order they are written
        const size_t floats = static_cast<size_t>(rows[i]) * static_cast<size_t>(step.widths()[i]);
        const size_t size = (floats * sizeof(float) + 63) / 64 * 64;
        const size_t at = find_place(placed, size, lifetimes[i]);
        placed.push_back({at, at + size, lifetimes[i]});
        plan.offsets[i] = at;
        plan.size = std::max(plan.size, at + size);
    }
    return plan;
}

}  // namespace coda::runtime::cpu
