#include "runtime/failover.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <vector>

namespace coda::runtime {
namespace {

bool device_failed(const Error& error) {
    return error.code == ErrorCode::unavailable || error.code == ErrorCode::internal;
}

bool stores(const Step& step) {
    return std::any_of(step.ops().begin(), step.ops().end(),
                       [](const Op& op) { return std::holds_alternative<op::StoreKv>(op); });
}

class FailoverExecutable;

class FailoverState final : public State {
  public:
    explicit FailoverState(std::shared_ptr<const FailoverExecutable> executable)
        : executable_(std::move(executable)) {}

    int length() const override { return active_->length(); }
    void truncate(int length) override {
        active_->truncate(length);
        if (static_cast<size_t>(length) < tokens_.size()) tokens_.resize(static_cast<size_t>(length));
    }
    Result<std::unique_ptr<State>> fork() const override;
    OutputView output(std::string_view name) const override { return active_->output(name); }
    Sampled sampled() const override { return active_->sampled(); }

  private:
    friend class FailoverExecutable;
    void remember(const Step& step, const StepInput& input);

    std::shared_ptr<const FailoverExecutable> executable_;
    std::unique_ptr<State> active_;
    bool moved_ = false;              // to the second backend
    std::vector<int32_t> tokens_;     // of the growing caches
    const Step* appended_ = nullptr;  // the step that took them
    std::vector<float> features_;     // that the stored caches come from
    const Step* stored_ = nullptr;    // the step that took those
};

class FailoverExecutable final : public Executable, public std::enable_shared_from_this<FailoverExecutable> {
  public:
    FailoverExecutable(std::shared_ptr<const Program> program, const CompileOptions& options,
                       std::shared_ptr<const Executable> first, std::shared_ptr<Backend> second,
                       OnFailover on_failover)
        : program_(std::move(program)),
          options_(options),
          first_(std::move(first)),
          second_backend_(std::move(second)),
          on_failover_(std::move(on_failover)) {}

    Result<std::unique_ptr<State>> new_state() const override {
        auto state = std::make_unique<FailoverState>(shared_from_this());
        if (!lost_) {
            auto made = first_->new_state();
            if (made) {
                state->active_ = std::move(*made);
                return state;
            }
            note(made.error());
        }
        CODA_CHECK(move(*state, {}, Priority::background));
        return state;
    }

    Status run(const Step& step, const StepInput& input, State& state, const Cancel& cancel,
               Priority priority) const override {
        auto& held = static_cast<FailoverState&>(state);
        if (lost_ && !held.moved_) CODA_CHECK(move(held, cancel, priority));
        Status ran = active(held).run(step, input, *held.active_, cancel, priority);
        if (!ran && !held.moved_ && device_failed(ran.error())) {
            note(ran.error());
            CODA_CHECK(move(held, cancel, priority));
            ran = active(held).run(step, input, *held.active_, cancel, priority);
        }
        if (ran) held.remember(step, input);
        return ran;
    }

    Result<std::unique_ptr<State>> fork(const FailoverState& from) const {
        auto copy = std::make_unique<FailoverState>(shared_from_this());
        copy->tokens_ = from.tokens_;
        copy->appended_ = from.appended_;
        copy->features_ = from.features_;
        copy->stored_ = from.stored_;
        copy->moved_ = from.moved_;
        auto forked = from.active_->fork();
        if (forked) {
            copy->active_ = std::move(*forked);
            return copy;
        }
        if (from.moved_) return tl::unexpected(forked.error());
        note(forked.error());
        CODA_CHECK(move(*copy, {}, Priority::background));
        return copy;
    }

    size_t weight_bytes() const override { return first_->weight_bytes(); }
    size_t state_bytes() const override { return first_->state_bytes(); }

  private:
    const Executable& active(const FailoverState& state) const { return state.moved_ ? *second_ : *first_; }

    void note(const Error& why) const {
        if (device_failed(why)) lost_ = true;
        on_failover_(why);
    }

    Result<const Executable*> second() const {
        const std::lock_guard lock(mutex_);
        if (!second_) {
            CODA_TRY(second_, second_backend_->compile(program_, options_));
        }
        return second_.get();
    }

    // Works through what the state held, on the second backend.
    Status move(FailoverState& state, const Cancel& cancel, Priority priority) const {
        CODA_TRY(const Executable* const second, this->second());
        CODA_TRY(auto fresh, second->new_state());
        const StepInput features{.features = state.features_, .rows = {.kind = Rows::Kind::none}};
        if (state.stored_) CODA_CHECK(second->run(*state.stored_, features, *fresh, cancel, priority));
        std::span<const int32_t> left = state.tokens_;
        while (!left.empty()) {
            const size_t count = std::min(left.size(), static_cast<size_t>(state.appended_->max_rows()));
            const StepInput input{.tokens = left.first(count), .rows = {.kind = Rows::Kind::none}};
            CODA_CHECK(second->run(*state.appended_, input, *fresh, cancel, priority));
            left = left.subspan(count);
        }
        state.active_ = std::move(fresh);
        state.moved_ = true;
        return {};
    }

    std::shared_ptr<const Program> program_;
    CompileOptions options_;
    std::shared_ptr<const Executable> first_;
    std::shared_ptr<Backend> second_backend_;
    OnFailover on_failover_;
    mutable std::mutex mutex_;
    mutable std::shared_ptr<const Executable> second_;  // set once; compiled when first needed
    mutable std::atomic<bool> lost_ = false;
};

Result<std::unique_ptr<State>> FailoverState::fork() const {
    return executable_->fork(*this);
}

void FailoverState::remember(const Step& step, const StepInput& input) {
    if (stores(step)) {
        features_.assign(input.features.begin(), input.features.end());
        stored_ = &step;
    }
    if (step.appends()) {
        tokens_.insert(tokens_.end(), input.tokens.begin(), input.tokens.end());
        appended_ = &step;
    }
}

class FailoverBackend final : public Backend {
  public:
    FailoverBackend(std::unique_ptr<Backend> first, std::shared_ptr<Backend> second, OnFailover on_failover)
        : first_(std::move(first)), second_(std::move(second)), on_failover_(std::move(on_failover)) {}

    Result<std::shared_ptr<const Executable>> compile(std::shared_ptr<const Program> program,
                                                      const CompileOptions& options) override {
        auto compiled = first_->compile(program, options);
        if (compiled)
            return std::make_shared<FailoverExecutable>(std::move(program), options, std::move(*compiled),
                                                        second_, on_failover_);
        const ErrorCode code = compiled.error().code;
        if (code == ErrorCode::bad_format || code == ErrorCode::invalid_argument) return compiled;
        on_failover_(compiled.error());
        return second_->compile(std::move(program), options);
    }
    const std::string& description() const override { return first_->description(); }

  private:
    std::unique_ptr<Backend> first_;
    std::shared_ptr<Backend> second_;
    OnFailover on_failover_;
};

}  // namespace

std::unique_ptr<Backend> create_failover_backend(std::unique_ptr<Backend> first,
                                                 std::shared_ptr<Backend> second, OnFailover on_failover) {
    return std::make_unique<FailoverBackend>(std::move(first), std::move(second), std::move(on_failover));
}

}  // namespace coda::runtime
