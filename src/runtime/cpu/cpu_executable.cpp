#include "runtime/cpu/cpu_executable.h"

#include "runtime/cpu/operations.h"
#include "runtime/step_rows.h"

#include <algorithm>

namespace coda::runtime::cpu {

// --- CpuState ---

Result<std::unique_ptr<CpuState>> CpuState::make(std::shared_ptr<const CpuExecutable> executable) {
    std::unique_ptr<CpuState> state(new CpuState);
    for (const CacheSpec& spec : executable->program().caches()) {
        CODA_TRY(KvStore store, KvStore::make(spec));
        state->caches_.push_back(std::move(store));
    }
    CODA_TRY(state->arena_, AlignedBytes::make(executable->arena_bytes()));
    state->rope_tables_.resize(executable->ropes());
    state->executable_ = std::move(executable);
    return state;
}

void CpuState::truncate(int length) {
    CODA_ASSERT(length >= 0 && length <= length_);
    length_ = length;
}

Result<std::unique_ptr<State>> CpuState::fork() const {
    CODA_TRY(std::unique_ptr<CpuState> copy, make(executable_));
    const auto specs = executable_->program().caches();
    for (size_t i = 0; i < caches_.size(); ++i)
        copy->caches_[i].copy_from(caches_[i],
                                   specs[i].kind == CacheSpec::Kind::growing ? length_ : caches_[i].stored);
    copy->length_ = length_;
    return std::unique_ptr<State>(std::move(copy));
}

OutputView CpuState::output(std::string_view name) const {
    if (!step_) return {};
    for (const Step::Output& output : step_->outputs()) {
        if (output.name != name) continue;
        const auto id = static_cast<size_t>(output.buffer.id);
        const size_t count = static_cast<size_t>(rows_[id]) * static_cast<size_t>(step_->widths()[id]);
        const std::byte* at = arena_.data() + executable_->plan(*step_).offsets[id];
        return {{reinterpret_cast<const float*>(at), count}, rows_[id], step_->widths()[id]};
    }
    return {};
}

// --- CpuExecutable ---

Result<std::unique_ptr<State>> CpuExecutable::new_state() const {
    CODA_TRY(std::unique_ptr<CpuState> state, CpuState::make(shared_from_this()));
    return std::unique_ptr<State>(std::move(state));
}

size_t CpuExecutable::state_bytes() const {
    const StateMemory memory = cpu_state_memory(*program_);
    return memory.caches + memory.activations;
}

Status CpuExecutable::run(const Step& step, const StepInput& input, State& state, const Cancel& cancel,
                          Priority priority) const {
    auto& held = static_cast<CpuState&>(state);
    CODA_ASSERT(held.executable_.get() == this);
    held.step_ = nullptr;
    CODA_TRY(held.rows_, rows_of_run(*program_, step, input, held.length_));
    ThreadPool::Run run(*pool_, priority, held.scratch_);
    Operations operations(*this, step, input, held, run);
    const PreparedStep& prepared = steps_[static_cast<size_t>(step.index())];
    for (size_t i = 0; i < step.ops().size(); ++i) {
        run.step_aside(cancel);
        if (cancel.cancelled()) return fail(ErrorCode::cancelled, "was cancelled");
        operations.execute(step.ops()[i], prepared.ops[i]);
    }
    held.step_ = &step;
    if (step.appends()) held.length_ += static_cast<int>(input.tokens.size());
    return {};
}

}  // namespace coda::runtime::cpu

namespace coda::runtime {

StateMemory cpu_state_memory(const Program& program) {
    StateMemory memory;
    for (const CacheSpec& spec : program.caches()) memory.caches += cpu::KvStore::bytes_for(spec);
    for (const Step& step : program.steps())
        memory.activations = std::max(memory.activations, cpu::plan_arena(step).size);
    return memory;
}

}  // namespace coda::runtime
