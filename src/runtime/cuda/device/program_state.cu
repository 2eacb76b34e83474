// Running: a step's kernels in order, or for a single row of tokens the graph that was captured of them.
#include "runtime/cuda/device/executable.cuh"

#include <algorithm>
#include <cstring>

namespace coda::runtime::cuda {
namespace {

constexpr int kSelectedRoom = 1;  // of a graph: the one row

}  // namespace

// The kernels of one run.
class StepRun {
  public:
    StepRun(const StepPlan& plan, const Run& run, ProgramState& state, const Stream& stream)
        : plan_(plan), run_(run), state_(state), stream_(stream) {}

    void enqueue() {
        for (const Node& node : plan_.nodes) {
            if (run_.cancelled && run_.cancelled(run_.cancel_context))
                raise(Fault::cancelled, "was cancelled");
            if (rows_of(node) > 0) execute(node);
        }
    }

  private:
    Device& device() const { return state_.program.device; }
    int rows(int buffer) const { return run_.rows[buffer]; }
    int width(int buffer) const { return plan_.widths[static_cast<size_t>(buffer)]; }
    float* at(int buffer) const {
        if (buffer < 0) return nullptr;
        return reinterpret_cast<float*>(state_.arena_.as<char>() +
                                        plan_.offsets[static_cast<size_t>(buffer)]);
    }
    const StepParameters* parameters() const { return state_.parameters_.as<StepParameters>(); }
    const CacheView& cache(const Node& node) const {
        return state_.views_[static_cast<size_t>(node.op.cache)];
    }
    int rows_of(const Node& node) const { return rows(node.op.out >= 0 ? node.op.out : node.op.x); }

    bool few(const Weights& weights, int rows) const {
        for (const Weights::Part& part : weights.parts) {
            const Packed& view = part.matrix->view;
            if (!takes_few_rows(device(), view.format, rows, view.columns)) return false;
        }
        return true;
    }
    // Whether all that read a folded norm do its work in this run.
    bool folded_now(const Node& norm) const {
        const int rows_now = rows(norm.op.out);
        for (const Node& reader : plan_.nodes)
            if (reader.op.x == norm.op.out && !few(reader.weights, rows_now)) return false;
        return true;
    }

    void execute(const Node& node) {
        const Operation& op = node.op;
        const int rows_now = rows_of(node);
        switch (op.kind) {
            case OperationKind::embed:
                return embed_tokens(node, rows_now);
            case OperationKind::input: {
                const size_t bytes = static_cast<size_t>(rows_now) * width(op.out) * sizeof(float);
                check(
                    cudaMemcpyAsync(at(op.out), run_.features, bytes, cudaMemcpyHostToDevice, stream_.handle),
                    "copying features");
                return;
            }
            case OperationKind::add_positions:
                return add_positions(stream_, at(op.x), node.tables[0]->view, width(op.x), rows_now,
                                     at(op.out));
            case OperationKind::conv1d:
                return convolve(node, rows_now);
            case OperationKind::rms_norm:
            case OperationKind::layer_norm:
                if (node.folded && folded_now(node)) return;
                return norm(stream_,
                            {at(op.x), node.a.as<float>(), node.b.as<float>(), at(op.residual), at(op.out),
                             width(op.x), op.epsilon},
                            rows_now);
            case OperationKind::linear:
            case OperationKind::gate_up:
                return multiply(node, rows_now);
            case OperationKind::append_kv:
                return append_kv(stream_,
                                 {at(op.x), at(op.out), cache(node), op.heads, rope(node), node.a.as<float>(),
                                  node.b.as<float>(), op.epsilon, parameters()},
                                 rows_now);
            case OperationKind::store_kv:
                return store_kv(stream_, at(op.x), cache(node), rows_now);
            case OperationKind::attention:
                return attend(node, rows_now);
            case OperationKind::self_attention:
                return self_attention(stream_, shape(op, false), at(op.x), rows_now, at(op.out));
            case OperationKind::select_rows:
                return select_rows(stream_, parameters(), first_selected(), at(op.x), width(op.x), rows_now,
                                   at(op.out));
            case OperationKind::mean_pool:
                return mean_pool(stream_, at(op.x), width(op.x), rows(op.x), at(op.out));
            case OperationKind::normalize:
                return normalize(stream_, at(op.x), width(op.x), rows_now, at(op.out));
            case OperationKind::sample:
                return draw(node, rows_now);
        }
    }

    int first_selected() const { return plan_.takes_tokens ? run_.input_rows : 0; }

    void embed_tokens(const Node& node, int rows_now) {
        const auto table = [&](int i) { return node.tables[i] ? node.tables[i]->view : Packed{}; };
        embed(
            stream_,
            {table(0), table(1), table(2), at(node.op.out), width(node.op.out), node.op.scale, parameters()},
            rows_now);
    }

    void multiply(const Node& node, int rows_now) {
        const Operation& op = node.op;
        Product product;
        product.x = at(op.x);
        product.x_stride = width(op.x);
        const bool small = few(node.weights, rows_now);
        if (node.norm >= 0) {
            const Node& norm = plan_.nodes[static_cast<size_t>(node.norm)];
            if (folded_now(norm)) {
                product.x = at(norm.op.x);
                product.norm =
                    norm.op.kind == OperationKind::rms_norm ? Product::Norm::rms : Product::Norm::layer;
                product.norm_weight = norm.a.as<float>();
                product.norm_bias = norm.b.as<float>();
                product.epsilon = norm.op.epsilon;
            }
        }
        product.rows = rows_now;
        product.out_stride = width(op.out);
        product.function = op.function;
        product.scale = op.scale;
        product.soft_cap = op.soft_cap;
        for (const Weights::Part& part : node.weights.parts) {
            product.weights = part.matrix->view;
            if (part.up) product.up = part.up->view;
            product.out = at(op.out) + part.first_column;
            product.bias = node.a.as<float>() ? node.a.as<float>() + part.first_column : nullptr;
            product.residual = op.residual >= 0 ? at(op.residual) + part.first_column : nullptr;
            small ? few_rows(device(), stream_, product) : many_rows(device(), stream_, product);
        }
    }

    void convolve(const Node& node, int rows_now) {
        const Operation& op = node.op;
        const int columns = width(op.x);
        pad_rows(stream_, at(op.x), columns, rows(op.x), op.kernel / 2, state_.padded_.as<float>());
        Product product;
        product.weights = node.weights.parts[0].matrix->view;
        product.x = state_.padded_.as<float>();
        product.x_stride = columns * op.stride;
        product.rows = rows_now;
        product.out = at(op.out);
        product.out_stride = width(op.out);
        product.bias = node.a.as<float>();
        product.function = op.function;
        many_rows(device(), stream_, product);
    }

    static Rope rope(const Node& node) {
        const Operation& op = node.op;
        return {node.frequencies.as<float>(), static_cast<int>(op.rope_frequencies.size), op.rope_order,
                op.rope_magnitude};
    }
    static AttentionShape shape(const Operation& op, bool causal) {
        return {op.heads, op.kv_heads, op.head_dim, op.scale, op.soft_cap, op.window, causal};
    }

    void attend(const Node& node, int rows_now) {
        const CacheView& view = cache(node);
        const bool causal = !state_.program.caches[static_cast<size_t>(node.op.cache)].stored;
        const AttentionShape form = shape(node.op, causal);
        if (rows_now > kFewQueries)
            return many_queries(stream_, form, view, parameters(), at(node.op.x), rows_now, at(node.op.out));
        const SplitScratch scratch{state_.split_sums_.as<float>(), state_.split_levels_.as<float2>(),
                                   state_.split_arrived_.as<int32_t>()};
        few_queries(device(), stream_, form, view, parameters(), scratch, at(node.op.x), rows_now,
                    at(node.op.out));
    }

    void draw(const Node& node, int rows_now) {
        const int vocabulary = width(node.op.x);
        SampleArguments arguments{};
        arguments.logits = at(node.op.x) + static_cast<size_t>(rows_now - 1) * vocabulary;
        arguments.vocabulary = vocabulary;
        arguments.draw = state_.draw_.as<DrawParameters>();
        arguments.recent = state_.recent_.as<int32_t>();
        arguments.allowed = state_.allowed_.as<uint32_t>();
        arguments.values = state_.values_.as<float>();
        arguments.parts = state_.sample_parts_.as<SamplePart>();
        arguments.arrived = state_.sample_arrived_.as<int32_t>();
        arguments.result = state_.result_.as<DrawResult>();
        sample(stream_, arguments);
    }

    const StepPlan& plan_;
    const Run& run_;
    ProgramState& state_;
    Stream stream_;
};

ProgramState::ProgramState(const LoadedProgram& program) : program(program) {
    Device& device = program.device;
    arena_ = Buffer(device, program.arena_bytes, "activations");
    padded_ = Buffer(device, program.padded_bytes, "activations");
    stored_ = Buffer(device, std::max<size_t>(1, program.caches.size()) * sizeof(int32_t), "caches");
    check(cudaMemset(stored_.as<void>(), 0, stored_.bytes()), "clearing caches");
    for (size_t i = 0; i < program.caches.size(); ++i) {
        const CacheImage& cache = program.caches[i];
        const size_t half = static_cast<size_t>(cache.kv_heads) * cache.head_dim * cache.capacity;
        caches_.emplace_back(device, 2 * half * sizeof(__half), "the conversation's keys and values");
        auto* keys = caches_.back().as<__half>();
        views_.push_back(
            {keys, keys + half, cache.kv_heads, cache.head_dim, cache.capacity, stored_.as<int32_t>() + i});
    }
    split_sums_ = Buffer(device, program.split_floats * sizeof(float), "attention");
    split_levels_ = Buffer(device, program.split_levels * sizeof(float2), "attention");
    split_arrived_ = Buffer(device, program.split_counters * sizeof(int32_t), "attention");
    if (split_arrived_.bytes())
        check(cudaMemset(split_arrived_.as<void>(), 0, split_arrived_.bytes()), "clearing counters");
    const auto vocabulary = static_cast<size_t>(program.vocabulary);
    values_ = Buffer(device, vocabulary * sizeof(float), "logits");
    sample_parts_ = Buffer(device, kSampleBlocks * sizeof(SamplePart), "logits");
    sample_arrived_ = Buffer(device, sizeof(int32_t), "logits");
    check(cudaMemset(sample_arrived_.as<void>(), 0, sizeof(int32_t)), "clearing counters");
    const size_t ints = sizeof(StepParameters) / sizeof(int32_t) + 2 * static_cast<size_t>(program.max_rows);
    parameters_ = Buffer(device, ints * sizeof(int32_t), "parameters");
    host_parameters_ = HostBuffer(ints * sizeof(int32_t));
    draw_ = HostBuffer(sizeof(DrawParameters));
    recent_ = HostBuffer(std::max<size_t>(1, vocabulary) * sizeof(int32_t));
    allowed_ = HostBuffer((vocabulary / 32 + 1) * sizeof(uint32_t));
    result_ = HostBuffer(sizeof(DrawResult));
    check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "making a stream");
    check(cudaDeviceSynchronize(), "clearing memory");
}

ProgramState::~ProgramState() {
    drop_graphs();
    if (stream_) {
        cudaStreamSynchronize(stream_);
        cudaStreamDestroy(stream_);
    }
    cudaGetLastError();
}

void ProgramState::drop_graphs() {
    for (auto& [key, captured] : graphs_) cudaGraphExecDestroy(captured.graph);
    graphs_.clear();
}

void ProgramState::copy_caches(const ProgramState& from, int length) {
    check(cudaMemcpyAsync(stored_.as<void>(), from.stored_.as<void>(), stored_.bytes(),
                          cudaMemcpyDeviceToDevice, stream_),
          "copying caches");
    for (size_t i = 0; i < caches_.size(); ++i) {
        const CacheImage& cache = program.caches[i];
        const int positions = cache.stored ? cache.capacity : length;
        if (positions == 0) continue;
        const size_t row = static_cast<size_t>(cache.head_dim) * sizeof(__half);
        const size_t pitch = row * static_cast<size_t>(cache.capacity);
        check(cudaMemcpy2DAsync(caches_[i].as<void>(), pitch, from.caches_[i].as<void>(), pitch,
                                row * static_cast<size_t>(positions), 2 * static_cast<size_t>(cache.kv_heads),
                                cudaMemcpyDeviceToDevice, stream_),
              "copying caches");
    }
    check(cudaStreamSynchronize(stream_), "copying caches");
}

void ProgramState::write_parameters(const Run& run) {
    auto* header = host_parameters_.as<StepParameters>();
    header->length = run.length;
    header->rows = run.input_rows;
    auto* ints = reinterpret_cast<int32_t*>(header + 1);
    if (run.tokens) {
        std::copy(run.tokens, run.tokens + run.input_rows, ints);
        ints += run.input_rows;
    }
    std::copy(run.selected, run.selected + run.selected_count, ints);
    const Draw& d = run.draw;
    auto* draw = draw_.as<DrawParameters>();
    *draw = {
        d.temperature, d.top_p,        d.min_p,           d.repetition_penalty,
        d.top_k,       d.recent_count, d.allowed ? 1 : 0, run.length + (run.tokens ? run.input_rows : 0) - 1,
        d.seed};
    std::copy(d.recent, d.recent + d.recent_count, recent_.as<int32_t>());
    const size_t words =
        std::min<size_t>(static_cast<size_t>(d.allowed_words), allowed_.bytes() / sizeof(uint32_t));
    if (d.allowed) std::memcpy(allowed_.as<void>(), d.allowed, words * sizeof(uint32_t));
    result_.as<DrawResult>()->token = -1;
}

// Room on the host for what this step puts out; graphs hold its addresses.
void ProgramState::reserve_outputs(const StepPlan& step, const Run& run) {
    const bool changed = outputs_of_ != run.step;
    if (changed) outputs_.resize(std::max(outputs_.size(), step.outputs.size()));
    outputs_of_ = run.step;
    output_pointers_.assign(step.outputs.size(), nullptr);
    for (size_t i = 0; i < step.outputs.size(); ++i) {
        const auto buffer = static_cast<size_t>(step.outputs[i]);
        const size_t bytes =
            static_cast<size_t>(run.rows[buffer]) * static_cast<size_t>(step.widths[buffer]) * sizeof(float);
        if (bytes > outputs_[i].bytes()) {
            drop_graphs();
            outputs_[i] = HostBuffer(bytes);
        }
        output_pointers_[i] = outputs_[i].as<float>();
    }
}

void ProgramState::enqueue(const StepPlan& step, const Run& run, bool overlap) {
    const size_t ints = sizeof(StepParameters) / sizeof(int32_t) +
                        static_cast<size_t>((run.tokens ? run.input_rows : 0) + run.selected_count);
    check(cudaMemcpyAsync(parameters_.as<void>(), host_parameters_.as<void>(), ints * sizeof(int32_t),
                          cudaMemcpyHostToDevice, stream_),
          "copying parameters");
    StepRun(step, run, *this, {stream_, overlap}).enqueue();
    for (size_t i = 0; i < step.outputs.size(); ++i) {
        const auto buffer = static_cast<size_t>(step.outputs[i]);
        const size_t bytes =
            static_cast<size_t>(run.rows[buffer]) * static_cast<size_t>(step.widths[buffer]) * sizeof(float);
        if (bytes == 0) continue;
        check(cudaMemcpyAsync(outputs_[i].as<void>(), arena_.as<char>() + step.offsets[buffer], bytes,
                              cudaMemcpyDeviceToHost, stream_),
              "copying outputs");
    }
}

// One row of tokens runs as a graph, captured when it is first met.
bool ProgramState::replay(const StepPlan& step, const Run& run) {
    if (!run.tokens || run.input_rows != 1 || run.selected_count > kSelectedRoom) return false;
    Captured& captured = graphs_[run.step * 2 + run.selected_count];
    if (!captured.graph) {
        Run uncancelled = run;
        uncancelled.cancelled = nullptr;
        check(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal), "capturing a step");
        cudaGraph_t graph = nullptr;
        try {
            enqueue(step, uncancelled, program.device.overlaps);
        } catch (...) {
            cudaStreamEndCapture(stream_, &graph);
            if (graph) cudaGraphDestroy(graph);
            throw;
        }
        check(cudaStreamEndCapture(stream_, &graph), "capturing a step");
        const cudaError_t made = cudaGraphInstantiate(&captured.graph, graph, 0);
        cudaGraphDestroy(graph);
        check(made, "making a graph of a step");
    }
    check(cudaGraphLaunch(captured.graph, stream_), "starting a step");
    return true;
}

__global__ void lose_context_kernel() {
    asm volatile("trap;");
}

Ran ProgramState::run(const Run& run) {
    const StepPlan& step = *program.steps[static_cast<size_t>(run.step)];
    if (program.device.lose_context.exchange(false)) lose_context_kernel<<<1, 1, 0, stream_>>>();
    write_parameters(run);
    reserve_outputs(step, run);
    try {
        if (!replay(step, run)) enqueue(step, run, false);
    } catch (const Thrown&) {
        cudaStreamSynchronize(stream_);
        throw;
    }
    check(cudaStreamSynchronize(stream_), "running a step");
    const auto* result = result_.as<DrawResult>();
    return {result->token, result->logprob, output_pointers_.data()};
}

}  // namespace coda::runtime::cuda
