#include "runtime/cuda/cuda_backend.h"

#include "runtime/cuda/plugin.h"
#include "runtime/cuda/program_image.h"
#include "runtime/step_rows.h"

#include <algorithm>

#include <fmt/format.h>

namespace coda::runtime::cuda {
namespace {

ErrorCode code_of(Fault fault) {
    switch (fault) {
        case Fault::unsupported:
            return ErrorCode::unsupported;
        case Fault::exhausted:
            return ErrorCode::exhausted;
        case Fault::unavailable:
        case Fault::lost:
            return ErrorCode::unavailable;
        case Fault::cancelled:
            return ErrorCode::cancelled;
        case Fault::none:
        case Fault::internal:
            break;
    }
    return ErrorCode::internal;
}

tl::unexpected<Error> failed(const Failure& failure, std::string where = {}) {
    return fail(code_of(failure.fault), failure.text, std::move(where));
}

// The device, given back when the last that uses it is gone.
struct OpenDevice {
    std::shared_ptr<const Plugin> plugin;
    Device* handle = nullptr;
    DeviceFacts facts{};

    OpenDevice() = default;
    OpenDevice(const OpenDevice&) = delete;
    OpenDevice& operator=(const OpenDevice&) = delete;
    ~OpenDevice() {
        if (handle) plugin->api().close(handle);
    }
    const Api& api() const { return plugin->api(); }
};

class CudaExecutable;

class CudaState final : public runtime::State {
  public:
    CudaState(std::shared_ptr<const CudaExecutable> executable, ProgramState* handle, int length)
        : executable_(std::move(executable)), handle_(handle), length_(length) {}
    ~CudaState() override;

    int length() const override { return length_; }
    void truncate(int length) override {
        CODA_ASSERT(length >= 0 && length <= length_);
        length_ = length;
    }
    Result<std::unique_ptr<runtime::State>> fork() const override;
    OutputView output(std::string_view name) const override {
        if (!step_) return {};
        for (size_t i = 0; i < step_->outputs().size(); ++i) {
            const Step::Output& output = step_->outputs()[i];
            if (output.name != name) continue;
            const auto id = static_cast<size_t>(output.buffer.id);
            const int width = step_->widths()[id];
            return {
                {outputs_[i], static_cast<size_t>(rows_[id]) * static_cast<size_t>(width)}, rows_[id], width};
        }
        return {};
    }
    Sampled sampled() const override { return sampled_; }

  private:
    friend class CudaExecutable;
    std::shared_ptr<const CudaExecutable> executable_;
    ProgramState* handle_;
    int length_;
    const Step* step_ = nullptr;  // of the last run
    std::vector<int> rows_;
    const float* const* outputs_ = nullptr;
    Sampled sampled_;
};

class CudaExecutable final : public runtime::Executable, public std::enable_shared_from_this<CudaExecutable> {
  public:
    CudaExecutable(std::shared_ptr<const Program> program, std::shared_ptr<const OpenDevice> device,
                   LoadedProgram* handle)
        : program_(std::move(program)), device_(std::move(device)), handle_(handle) {
        api().bytes(handle_, &weight_bytes_, &state_bytes_);
    }
    ~CudaExecutable() override { api().release(handle_); }

    const Api& api() const { return device_->api(); }
    const std::string& name() const { return program_->name(); }

    Result<std::unique_ptr<runtime::State>> new_state() const override {
        Failure failure{};
        ProgramState* state = api().create_state(handle_, &failure);
        if (!state) return failed(failure, name());
        return std::make_unique<CudaState>(shared_from_this(), state, 0);
    }
    Status run(const Step& step, const StepInput& input, runtime::State& state, const Cancel& cancel,
               Priority) const override;
    size_t weight_bytes() const override { return weight_bytes_; }
    size_t state_bytes() const override { return state_bytes_; }

  private:
    std::shared_ptr<const Program> program_;
    std::shared_ptr<const OpenDevice> device_;
    LoadedProgram* handle_;
    uint64_t weight_bytes_ = 0, state_bytes_ = 0;
};

CudaState::~CudaState() {
    executable_->api().destroy_state(handle_);
}

Result<std::unique_ptr<runtime::State>> CudaState::fork() const {
    Failure failure{};
    ProgramState* copy = executable_->api().fork_state(handle_, length_, &failure);
    if (!copy) return failed(failure, executable_->name());
    return std::make_unique<CudaState>(executable_, copy, length_);
}

// Tokens that the penalty falls on, each once.
std::vector<int32_t> recent_once(const Sampling& sampling, int vocabulary) {
    if (sampling.repetition_penalty == 1) return {};
    std::vector<int32_t> recent;
    for (const int32_t token : sampling.recent)
        if (token >= 0 && token < vocabulary) recent.push_back(token);
    std::sort(recent.begin(), recent.end());
    recent.erase(std::unique(recent.begin(), recent.end()), recent.end());
    return recent;
}

int vocabulary_of(const Step& step) {
    for (const Op& op : step.ops())
        if (const auto* sample = std::get_if<op::Sample>(&op))
            return step.widths()[static_cast<size_t>(sample->logits.id)];
    return 0;
}

// The rows that select_rows keeps; a step has one such operation at most where it counts.
std::vector<int> selection_of(const Step& step, const StepInput& input, const std::vector<int>& rows) {
    for (const Op& op : step.ops())
        if (const auto* select = std::get_if<op::SelectRows>(&op))
            return selected_rows(input.rows, rows[static_cast<size_t>(select->x.id)]);
    return {};
}

Draw draw_of(const Sampling& sampling, const std::vector<int32_t>& recent) {
    Draw draw{};
    draw.temperature = sampling.temperature;
    draw.top_p = sampling.top_p;
    draw.min_p = sampling.min_p;
    draw.repetition_penalty = sampling.repetition_penalty;
    draw.top_k = sampling.top_k;
    draw.recent = recent.data();
    draw.recent_count = static_cast<int32_t>(recent.size());
    draw.allowed = sampling.allowed.empty() ? nullptr : sampling.allowed.data();
    draw.allowed_words = static_cast<int32_t>(sampling.allowed.size());
    draw.seed = sampling.seed;
    return draw;
}

Status CudaExecutable::run(const Step& step, const StepInput& input, runtime::State& state,
                           const Cancel& cancel, Priority) const {
    auto& held = static_cast<CudaState&>(state);
    CODA_ASSERT(held.executable_.get() == this);
    held.step_ = nullptr;
    CODA_TRY(held.rows_, rows_of_run(*program_, step, input, held.length_));
    if (cancel.cancelled()) return fail(ErrorCode::cancelled, "was cancelled");
    const std::vector<int> selected = selection_of(step, input, held.rows_);
    const std::vector<int32_t> recent = recent_once(input.sampling, vocabulary_of(step));
    Run run{};
    run.step = step.index();
    run.length = held.length_;
    run.rows = held.rows_.data();
    run.tokens = step.takes_tokens() ? input.tokens.data() : nullptr;
    run.features = step.takes_tokens() ? nullptr : input.features.data();
    run.input_rows = held.rows_[0];
    run.selected = selected.data();
    run.selected_count = static_cast<int32_t>(selected.size());
    run.draw = draw_of(input.sampling, recent);
    run.cancelled = [](const void* context) -> int32_t {
        return static_cast<const Cancel*>(context)->cancelled();
    };
    run.cancel_context = &cancel;
    Ran ran{};
    Failure failure{};
    if (!api().run(held.handle_, &run, &ran, &failure)) return failed(failure, name());
    held.outputs_ = ran.outputs;
    if (ran.token >= 0) held.sampled_ = {ran.token, ran.logprob};
    held.step_ = &step;
    if (step.appends()) held.length_ += static_cast<int>(input.tokens.size());
    return {};
}

class PluginBackend final : public CudaBackend {
  public:
    explicit PluginBackend(std::shared_ptr<const OpenDevice> device) : device_(std::move(device)) {
        const DeviceFacts& f = device_->facts;
        description_ = fmt::format("GPU, {}, compute capability {}.{}, {:.0f} GiB", f.name, f.compute_major,
                                   f.compute_minor, static_cast<double>(f.memory_bytes) / (1 << 30));
    }
    Result<std::shared_ptr<const runtime::Executable>> compile(std::shared_ptr<const Program> program,
                                                               const CompileOptions&) override {
        CODA_CHECK(program->status());
        CODA_TRY(const ProgramWriter writer, ProgramWriter::write(*program));
        const ProgramImage image = writer.image();
        Failure failure{};
        LoadedProgram* executable = device_->api().compile(device_->handle, &image, &failure);
        if (!executable) return failed(failure, program->name());
        return std::make_shared<CudaExecutable>(std::move(program), device_, executable);
    }
    const std::string& description() const override { return description_; }
    const DeviceFacts& facts() const override { return device_->facts; }
    const std::filesystem::path& plugin() const override { return device_->plugin->file(); }
    Result<Measurements> measure() const override {
        Measurements measurements{};
        Failure failure{};
        if (!device_->api().measure(device_->handle, &measurements, &failure)) return failed(failure);
        return measurements;
    }
    void inject(Injection what, int64_t call) const override {
        device_->api().inject(device_->handle, what, call);
    }

  private:
    std::shared_ptr<const OpenDevice> device_;
    std::string description_;
};

}  // namespace

Result<std::unique_ptr<CudaBackend>> create_cuda_backend(const CudaOptions& options) {
    auto device = std::make_shared<OpenDevice>();
    CODA_TRY(device->plugin, Plugin::open(options.plugin, options.driver));
    Failure failure{};
    device->handle = device->api().open(&device->facts, &failure);
    if (!device->handle) return failed(failure);
    return std::make_unique<PluginBackend>(std::move(device));
}

}  // namespace coda::runtime::cuda
