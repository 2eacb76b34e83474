// Compiling for the CPU: weights are packed, small vectors become floats, memory is planned.
#include "runtime/cpu/cpu_executable.h"
#include "runtime/cpu/panel_codes.h"
#include "runtime/routing.h"

#include <algorithm>
#include <map>

namespace coda::runtime::cpu {

// Prepares the operations of one Program, each matrix once however often it is used.
class Preparation {
  public:
    explicit Preparation(CpuExecutable& executable) : executable_(executable) {}

    Status step(const Step& step) {
        CpuExecutable::PreparedStep& prepared = executable_.steps_.emplace_back();
        for (const Op& op : step.ops()) {
            out_ = &prepared.ops.emplace_back();
            CODA_CHECK(std::visit(*this, op));
        }
        prepared.arena = plan_arena(step);
        executable_.arena_bytes_ = std::max(executable_.arena_bytes_, prepared.arena.size);
        return {};
    }

    // Writes what the steps have packed.
    // Whether a matrix is read from the file until it is packed.
    bool leaves_some() const { return leaves_some_; }

    void fill(ThreadPool& pool) {
        Scratch scratch;
        ThreadPool::Run run(pool, Priority::background, scratch);
        write_panels(fills_, run);
    }

    Status operator()(const op::Linear& op) {
        CODA_TRY(out_->matrix, packed_once(op.spec.weights, false));
        const bool biased = std::any_of(op.spec.biases.begin(), op.spec.biases.end(),
                                        [](const TensorView& bias) { return !bias.empty(); });
        if (!biased) return {};
        out_->a.assign(static_cast<size_t>(out_->matrix->rows), 0.0f);
        for (size_t i = 0; i < op.spec.biases.size(); ++i) {
            if (op.spec.biases[i].empty()) continue;
            const std::vector<float> bias = to_floats(op.spec.biases[i]);
            std::copy(bias.begin(), bias.end(), out_->a.begin() + out_->matrix->segments[i].first_row);
        }
        return {};
    }
    Status operator()(const op::GateUp& op) {
        const TensorView both[] = {op.gate, op.up};
        CODA_TRY(out_->matrix, packed_once(both, true));
        return {};
    }
    Status operator()(const op::Experts& op) {
        for (int e = 0; e < static_cast<int>(op.spec.gate.shape[0]); ++e) {
            const TensorView both[] = {expert_of(op.spec.gate, e), expert_of(op.spec.up, e)};
            const TensorView down = expert_of(op.spec.down, e);
            CODA_TRY(auto gated, packed_once(both, true));
            CODA_TRY(auto lowered, packed_once(std::span(&down, 1), false));
            out_->experts.push_back(std::move(gated));
            out_->experts.push_back(std::move(lowered));
        }
        return {};
    }
    Status operator()(const op::Conv1d& op) {
        CODA_TRY(out_->matrix, pack_conv1d(op.weight, *executable_.weights_));
        if (!op.bias.empty()) out_->a = to_floats(op.bias);
        return {};
    }
    Status operator()(const op::RmsNorm& op) {
        out_->a = to_floats(op.weight);
        return {};
    }
    Status operator()(const op::LayerNorm& op) {
        out_->a = to_floats(op.weight);
        out_->b = to_floats(op.bias);
        return {};
    }
    Status operator()(const op::AppendKv& op) {
        if (!op.q_norm.empty()) out_->a = to_floats(op.q_norm);
        if (!op.k_norm.empty()) out_->b = to_floats(op.k_norm);
        if (op.rope.order != Rope::Order::none) out_->rope = rope_index(op.rope);
        return {};
    }
    template <class Weightless>
    Status operator()(const Weightless&) {
        return {};
    }

  private:
    using Key = std::vector<std::pair<const std::byte*, size_t>>;  // where, and how many bytes: views overlap

    Result<std::shared_ptr<const PackedMatrix>> packed_once(std::span<const TensorView> weights, bool gated) {
        Key key;
        for (const TensorView& weight : weights) key.emplace_back(weight.bytes.data(), weight.bytes.size());
        auto& known = packed_[{key, gated}];
        if (known) return known;
        // What few rows can be multiplied by as it stands is packed by the first long prompt.
        const bool later = executable_.isa_.file_rows &&
                           std::all_of(weights.begin(), weights.end(),
                                       [](const TensorView& weight) { return weight.dtype == DType::q8_0; });
        std::vector<PanelFill>* const now = later ? nullptr : &fills_;
        leaves_some_ = leaves_some_ || later;
        constexpr int kTokens = 32, kMatricesAtOnce = 2;
        const int patience = kTokens + static_cast<int>(packed_.size()) / kMatricesAtOnce;
        CODA_TRY(known, gated ? pack_gated(weights[0], weights[1], *executable_.weights_, now, patience)
                              : pack(weights, *executable_.weights_, now, patience));
        return known;
    }

    int rope_index(const Rope& rope) {
        auto& ropes = executable_.ropes_;
        const auto same = [&](const Rope* other) {
            return other->frequencies == rope.frequencies && other->magnitude == rope.magnitude;
        };
        const auto found = std::find_if(ropes.begin(), ropes.end(), same);
        const int index = static_cast<int>(found - ropes.begin());
        if (found == ropes.end()) ropes.push_back(&rope);
        return index;
    }

    CpuExecutable& executable_;
    Prepared* out_ = nullptr;
    std::vector<PanelFill> fills_;
    bool leaves_some_ = false;
    std::map<std::pair<Key, bool>, std::shared_ptr<const PackedMatrix>> packed_;
};

namespace {

Multiplier multiplier_for(const InstructionSet& isa, CompileOptions::Activations activations) {
    using Activations = CompileOptions::Activations;
    Multiplier multiplier{isa.kernels};
    multiplier.planes = isa.planes;
    multiplier.file_rows = isa.file_rows;
    const bool rounded = activations != Activations::f32;
    if (isa.bf16 && (rounded || isa.bf16->split_pays)) {
        multiplier.bf16 = isa.bf16;
        multiplier.split = !rounded;
    }
    return multiplier;
}

// Which products take one plane of activations: those that the options name and that have kernels for it.
class PlaneChoice {
  public:
    PlaneChoice(const PlaneKernels* planes, const CompileOptions& options)
        : planes_(planes), options_(options) {}

    void apply(const Op& op, Prepared& prepared) const {
        if (const auto* linear = std::get_if<op::Linear>(&op)) {
            prepared.one_plane = all_narrow(linear->spec.weights);
        } else if (const auto* both = std::get_if<op::GateUp>(&op)) {
            prepared.one_plane = all_narrow({&both->gate, &both->up});
        } else if (const auto* experts = std::get_if<op::Experts>(&op)) {
            prepared.one_plane = all_narrow({&experts->spec.gate, &experts->spec.up});
            prepared.one_plane_down = narrow(experts->spec.down);
        }
    }

  private:
    bool narrow(const TensorView& weight) const {
        const PanelType type = panel_type(weight.dtype);
        if (!planes_ || !is_coded(type)) return false;
        if (!planes_->one.multiply[static_cast<int>(type) - kPlainTypes]) return false;
        return options_.activations == CompileOptions::Activations::int8 ||
               std::find(options_.int8_weights.begin(), options_.int8_weights.end(), weight.name) !=
                   options_.int8_weights.end();
    }
    bool all_narrow(const std::vector<TensorView>& weights) const {
        return std::all_of(weights.begin(), weights.end(), [&](const TensorView& w) { return narrow(w); });
    }
    bool all_narrow(std::initializer_list<const TensorView*> weights) const {
        return std::all_of(weights.begin(), weights.end(), [&](const TensorView* w) { return narrow(*w); });
    }

    const PlaneKernels* planes_;
    const CompileOptions& options_;
};

}  // namespace

Result<std::shared_ptr<const Executable>> CpuExecutable::compile(std::shared_ptr<const Program> program,
                                                                 const CompileOptions& options,
                                                                 const InstructionSet& isa,
                                                                 std::shared_ptr<ThreadPool> pool) {
    CODA_CHECK(program->status());
    std::shared_ptr<CpuExecutable> executable(new CpuExecutable);
    executable->program_ = std::move(program);
    executable->isa_ = isa;
    executable->pool_ = std::move(pool);
    Preparation preparation(*executable);
    for (const Step& step : executable->program_->steps()) CODA_CHECK(preparation.step(step));
    preparation.fill(*executable->pool_);
    executable->choose_activations(options);
    // What is looked up by row (embeddings) needs few of the file's pages.
    if (const auto& weights = executable->program_->weights(); weights && !preparation.leaves_some())
        weights->release_pages();
    return executable;
}

CpuExecutable::CpuExecutable(const CpuExecutable& other)
    : Executable(other),
      std::enable_shared_from_this<CpuExecutable>(other),
      program_(other.program_),
      isa_(other.isa_),
      multiplier_(other.multiplier_),
      pool_(other.pool_),
      steps_(other.steps_),
      ropes_(other.ropes_),
      weights_(other.weights_),
      long_prompt_(other.long_prompt_),
      arena_bytes_(other.arena_bytes_) {}

Result<std::shared_ptr<const Executable>> CpuExecutable::with(const CompileOptions& options) const {
    std::shared_ptr<CpuExecutable> other(new CpuExecutable(*this));
    other->choose_activations(options);
    return other;
}

void CpuExecutable::choose_activations(const CompileOptions& options) {
    multiplier_ = multiplier_for(isa_, options.activations);
    multiplier_.long_prompt = long_prompt_.get();
    const PlaneChoice choice(isa_.planes, options);
    for (const Step& step : program_->steps()) {
        PreparedStep& prepared = steps_[static_cast<size_t>(step.index())];
        for (size_t i = 0; i < step.ops().size(); ++i) choice.apply(step.ops()[i], prepared.ops[i]);
    }
}

}  // namespace coda::runtime::cpu
