// Every operation in plain loops over double-precision sums: slow, short, and right.
#include "runtime/backend.h"
#include "runtime/routing.h"
#include "runtime/sample.h"
#include "runtime/step_rows.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include <fmt/format.h>

namespace coda::runtime {
namespace {

struct Matrix {
    int rows = 0, width = 0;
    std::vector<float> values;

    void resize(int new_rows, int new_width) {
        rows = new_rows;
        width = new_width;
        values.assign(static_cast<size_t>(rows) * static_cast<size_t>(width), 0);
    }
    float* row(int r) { return values.data() + static_cast<size_t>(r) * static_cast<size_t>(width); }
    const float* row(int r) const {
        return values.data() + static_cast<size_t>(r) * static_cast<size_t>(width);
    }
};

// Rows are positions; each holds all heads' keys (or values).
struct KeysValues {
    Matrix keys, values;
    int stored = 0;  // of a stored cache
};

class ReferenceExecutable;

class ReferenceState final : public State {
  public:
    explicit ReferenceState(std::shared_ptr<const ReferenceExecutable> executable);

    int length() const override { return length_; }
    void truncate(int length) override {
        CODA_ASSERT(length >= 0 && length <= length_);
        length_ = length;
    }
    Result<std::unique_ptr<State>> fork() const override {
        auto copy = std::make_unique<ReferenceState>(executable_);
        copy->caches_ = caches_;
        copy->length_ = length_;
        return copy;
    }
    OutputView output(std::string_view name) const override {
        if (!step_) return {};
        for (const auto& output : step_->outputs()) {
            if (output.name != name) continue;
            const Matrix& matrix = buffers_[static_cast<size_t>(output.buffer.id)];
            return {matrix.values, matrix.rows, matrix.width};
        }
        return {};
    }
    Sampled sampled() const override { return sampled_; }

  private:
    friend class ReferenceExecutable;
    friend class Interpreter;
    std::shared_ptr<const ReferenceExecutable> executable_;
    std::vector<KeysValues> caches_;
    std::vector<Matrix> buffers_;
    const Step* step_ = nullptr;
    int length_ = 0;
    Sampled sampled_;
};

float activate(float x, Activation activation) {
    const double v = x;
    switch (activation) {
        case Activation::none:
            return x;
        case Activation::relu:
            return x > 0 ? x : 0;
        case Activation::silu:
            return static_cast<float>(v / (1 + std::exp(-v)));
        case Activation::gelu:
            return static_cast<float>(v / 2 * (1 + std::erf(v / std::sqrt(2.0))));
        case Activation::gelu_tanh:
            return static_cast<float>(v / 2 *
                                      (1 + std::tanh(0.7978845608028654 * (v + 0.044715 * v * v * v))));
    }
    return x;
}

// out[r][first + o] = activation(W x + b) over a weight's rows.
void multiply(const Matrix& x, const TensorView& weight, const TensorView& bias, Activation activation,
              Matrix& out, int first) {
    std::vector<float> w(static_cast<size_t>(x.width));
    const std::vector<float> b = bias.empty() ? std::vector<float>() : to_floats(bias);
    for (int64_t o = 0; o < weight.shape.rows(); ++o) {
        dequantize_row(weight.dtype, weight.row(o), w);
        for (int r = 0; r < x.rows; ++r) {
            double sum = b.empty() ? 0 : b[static_cast<size_t>(o)];
            for (int k = 0; k < x.width; ++k)
                sum += static_cast<double>(w[static_cast<size_t>(k)]) * x.row(r)[k];
            out.row(r)[first + o] = activate(static_cast<float>(sum), activation);
        }
    }
}

double soft_capped(double x, float cap) {
    return cap == 0 ? x : cap * std::tanh(x / cap);
}

void rms_norm(const float* x, int width, const std::vector<float>& weight, float epsilon, float* out) {
    double sum = 0;
    for (int i = 0; i < width; ++i) sum += static_cast<double>(x[i]) * x[i];
    const double scale = 1 / std::sqrt(sum / width + epsilon);
    for (int i = 0; i < width; ++i)
        out[i] = static_cast<float>(x[i] * scale * weight[static_cast<size_t>(i)]);
}

void rotate(float* head, const Rope& rope, int position) {
    const size_t pairs = rope.frequencies.size();
    if (rope.order == Rope::Order::none) return;
    for (size_t i = 0; i < pairs; ++i) {
        const bool halves = rope.order == Rope::Order::halves;
        float& a = head[halves ? i : 2 * i];
        float& b = head[halves ? i + pairs : 2 * i + 1];
        const double angle = static_cast<double>(position) * rope.frequencies[i];
        const double c = std::cos(angle) * rope.magnitude, s = std::sin(angle) * rope.magnitude;
        const double turned_a = a * c - b * s, turned_b = a * s + b * c;
        a = static_cast<float>(turned_a);
        b = static_cast<float>(turned_b);
    }
}

// Where one kv head's keys and values stand in the rows of two matrices.
struct HeadAt {
    const Matrix& keys;
    int key;
    const Matrix& values;
    int value;
};

// One query head against positions [first, last).
void attend(const float* query, const HeadAt& at, int first, int last, const AttentionSpec& spec,
            float* out) {
    const int head_dim = spec.head_dim;
    const double scale = spec.scale != 0 ? spec.scale : 1 / std::sqrt(static_cast<double>(head_dim));
    std::fill(out, out + head_dim, 0.0f);
    if (first >= last) return;
    std::vector<double> scores(static_cast<size_t>(last - first));
    for (int p = first; p < last; ++p) {
        double sum = 0;
        for (int d = 0; d < head_dim; ++d) sum += static_cast<double>(query[d]) * at.keys.row(p)[at.key + d];
        scores[static_cast<size_t>(p - first)] = soft_capped(sum * scale, spec.soft_cap);
    }
    const double largest = *std::max_element(scores.begin(), scores.end());
    double total = 0;
    for (double& score : scores) total += score = std::exp(score - largest);
    for (int d = 0; d < head_dim; ++d) {
        double sum = 0;
        for (int p = first; p < last; ++p)
            sum += scores[static_cast<size_t>(p - first)] * at.values.row(p)[at.value + d];
        out[d] = static_cast<float>(sum / total);
    }
}

// Runs one operation after the other on one State.
class Interpreter {
  public:
    Interpreter(const Program& program, const StepInput& input, ReferenceState& state)
        : program_(program), input_(input), state_(state) {}

    void operator()(const op::Embed& op) {
        Matrix& out = at(op.out);
        std::vector<float> added(static_cast<size_t>(out.width));
        for (int r = 0; r < out.rows; ++r) {
            const int32_t token = input_.tokens[static_cast<size_t>(r)];
            const std::span<float> row(out.row(r), static_cast<size_t>(out.width));
            dequantize_row(op.table.dtype, op.table.row(token), row);
            for (float& value : row) value *= op.scale;
            if (!op.positions.empty()) add_row(op.positions, state_.length_ + r, out.row(r), added);
            if (!op.segment.empty()) add_row(op.segment, 0, out.row(r), added);
        }
    }
    void operator()(const op::Input& op) {
        std::copy(input_.features.begin(), input_.features.end(), at(op.out).values.begin());
    }
    void operator()(const op::AddPositions& op) {
        Matrix& out = at(op.out);
        std::vector<float> added(static_cast<size_t>(out.width));
        out.values = at(op.x).values;
        for (int r = 0; r < out.rows; ++r) add_row(op.table, r, out.row(r), added);
    }
    void operator()(const op::Conv1d& op) {
        const Matrix& x = at(op.x);
        Matrix& out = at(op.out);
        const std::vector<float> w = to_floats(op.weight);
        const std::vector<float> b = op.bias.empty() ? std::vector<float>() : to_floats(op.bias);
        const int kernel = static_cast<int>(op.weight.shape[2]);
        for (int t = 0; t < out.rows; ++t)
            for (int o = 0; o < out.width; ++o) {
                double sum = b.empty() ? 0 : b[static_cast<size_t>(o)];
                for (int k = 0; k < kernel; ++k) {
                    const int from = t * op.stride + k - kernel / 2;
                    if (from < 0 || from >= x.rows) continue;
                    for (int c = 0; c < x.width; ++c)
                        sum += static_cast<double>(w[static_cast<size_t>((o * x.width + c) * kernel + k)]) *
                               x.row(from)[c];
                }
                out.row(t)[o] = activate(static_cast<float>(sum), op.activation);
            }
    }
    void operator()(const op::RmsNorm& op) {
        const Matrix& x = at(op.x);
        Matrix& out = at(op.out);
        const std::vector<float> weight = to_floats(op.weight);
        for (int r = 0; r < x.rows; ++r) rms_norm(x.row(r), x.width, weight, op.epsilon, out.row(r));
        if (op.residual) add(at(*op.residual), out);
    }
    void operator()(const op::LayerNorm& op) {
        const Matrix& x = at(op.x);
        Matrix& out = at(op.out);
        const std::vector<float> weight = to_floats(op.weight), bias = to_floats(op.bias);
        for (int r = 0; r < x.rows; ++r) {
            const float* row = x.row(r);
            const double mean = std::accumulate(row, row + x.width, 0.0) / x.width;
            double variance = 0;
            for (int i = 0; i < x.width; ++i) variance += (row[i] - mean) * (row[i] - mean);
            const double scale = 1 / std::sqrt(variance / x.width + op.epsilon);
            for (int i = 0; i < x.width; ++i) {
                const auto j = static_cast<size_t>(i);
                out.row(r)[i] = static_cast<float>((row[i] - mean) * scale * weight[j] + bias[j]);
            }
        }
    }
    void operator()(const op::Linear& op) {
        Matrix& out = at(op.out);
        int first = 0;
        for (size_t i = 0; i < op.spec.weights.size(); ++i) {
            const TensorView bias = i < op.spec.biases.size() ? op.spec.biases[i] : TensorView{};
            multiply(at(op.x), op.spec.weights[i], bias, op.spec.activation, out, first);
            first += static_cast<int>(op.spec.weights[i].shape.rows());
        }
        for (float& value : out.values)
            value = static_cast<float>(soft_capped(value * op.spec.scale, op.spec.soft_cap));
        if (op.spec.residual) add(at(*op.spec.residual), out);
    }
    void operator()(const op::Experts& op) {
        Matrix& out = at(op.out);
        if (op.spec.residual) add(at(*op.spec.residual), out);
        for (int r = 0; r < out.rows; ++r) {
            const std::span<const float> logits(at(op.router).row(r),
                                                static_cast<size_t>(at(op.router).width));
            Matrix x;
            x.resize(1, at(op.x).width);
            std::copy(at(op.x).row(r), at(op.x).row(r) + x.width, x.row(0));
            for (const Route& route : choose_experts(logits, op.spec.used, op.spec.normalized))
                add_expert(x, op.spec, route, out.row(r));
        }
    }
    void operator()(const op::GateUp& op) {
        Matrix& out = at(op.out);
        Matrix up;
        up.resize(out.rows, out.width);
        multiply(at(op.x), op.gate, {}, op.activation, out, 0);
        multiply(at(op.x), op.up, {}, Activation::none, up, 0);
        for (size_t i = 0; i < out.values.size(); ++i) out.values[i] *= up.values[i];
    }
    void operator()(const op::AppendKv& op) {
        const CacheSpec& spec = program_.caches()[static_cast<size_t>(op.cache.id)];
        KeysValues& cache = state_.caches_[static_cast<size_t>(op.cache.id)];
        const Matrix& qkv = at(op.qkv);
        const int q_width = op.heads * spec.head_dim, kv_width = spec.kv_heads * spec.head_dim;
        for (int r = 0; r < qkv.rows; ++r) {
            const int position = state_.length_ + r;
            const float* row = qkv.row(r);
            std::copy(row, row + q_width, at(op.q).row(r));
            std::copy(row + q_width, row + q_width + kv_width, cache.keys.row(position));
            std::copy(row + q_width + kv_width, row + q_width + 2 * kv_width, cache.values.row(position));
            turn_heads(at(op.q).row(r), op.heads, spec.head_dim, op.q_norm, op, position);
            turn_heads(cache.keys.row(position), spec.kv_heads, spec.head_dim, op.k_norm, op, position);
        }
    }
    void operator()(const op::StoreKv& op) {
        KeysValues& cache = state_.caches_[static_cast<size_t>(op.cache.id)];
        const Matrix& kv = at(op.kv);
        for (int r = 0; r < kv.rows; ++r) {
            std::copy(kv.row(r), kv.row(r) + kv.width / 2, cache.keys.row(r));
            std::copy(kv.row(r) + kv.width / 2, kv.row(r) + kv.width, cache.values.row(r));
        }
        cache.stored = kv.rows;
    }
    void operator()(const op::Attention& op) {
        const KeysValues& cache = state_.caches_[static_cast<size_t>(op.cache.id)];
        const bool causal =
            program_.caches()[static_cast<size_t>(op.cache.id)].kind == CacheSpec::Kind::growing;
        const Matrix& q = at(op.q);
        for (int r = 0; r < q.rows; ++r) {
            const int last = causal ? state_.length_ + r + 1 : cache.stored;
            const int first = causal && op.spec.window > 0 ? std::max(0, last - op.spec.window) : 0;
            attend_heads(q.row(r), {cache.keys, 0, cache.values, 0}, first, last, op.spec, at(op.out).row(r));
        }
    }
    void operator()(const op::SelfAttention& op) {
        const Matrix& qkv = at(op.qkv);
        const int keys = op.spec.heads * op.spec.head_dim,
                  values = keys + op.spec.kv_heads * op.spec.head_dim;
        for (int r = 0; r < qkv.rows; ++r)
            attend_heads(qkv.row(r), {qkv, keys, qkv, values}, 0, qkv.rows, op.spec, at(op.out).row(r));
    }
    void operator()(const op::SelectRows& op) {
        const Matrix& x = at(op.x);
        const std::vector<int> rows = selected_rows(input_.rows, x.rows);
        for (size_t i = 0; i < rows.size(); ++i)
            std::copy(x.row(rows[i]), x.row(rows[i]) + x.width, at(op.out).row(static_cast<int>(i)));
    }
    void operator()(const op::MeanPool& op) {
        const Matrix& x = at(op.x);
        for (int i = 0; i < x.width && x.rows > 0; ++i) {
            double sum = 0;
            for (int r = 0; r < x.rows; ++r) sum += x.row(r)[i];
            at(op.out).row(0)[i] = static_cast<float>(sum / x.rows);
        }
    }
    void operator()(const op::Normalize& op) {
        const Matrix& x = at(op.x);
        for (int r = 0; r < x.rows; ++r) {
            double sum = 0;
            for (int i = 0; i < x.width; ++i) sum += static_cast<double>(x.row(r)[i]) * x.row(r)[i];
            const double scale = sum > 0 ? 1 / std::sqrt(sum) : 0;
            for (int i = 0; i < x.width; ++i) at(op.out).row(r)[i] = static_cast<float>(x.row(r)[i] * scale);
        }
    }
    void operator()(const op::Sample& op) {
        const Matrix& logits = at(op.logits);
        if (logits.rows == 0) return;
        const std::span<const float> last(logits.row(logits.rows - 1), static_cast<size_t>(logits.width));
        const int position = state_.length_ + static_cast<int>(input_.tokens.size()) - 1;
        state_.sampled_ = sample(last, input_.sampling, position, log_sum_exp);
    }

  private:
    Matrix& at(Buffer buffer) { return state_.buffers_[static_cast<size_t>(buffer.id)]; }

    static void add_row(const TensorView& table, int64_t row, float* out, std::vector<float>& scratch) {
        dequantize_row(table.dtype, table.row(row), scratch);
        for (size_t i = 0; i < scratch.size(); ++i) out[i] += scratch[i];
    }
    static void add(const Matrix& what, Matrix& to) {
        for (size_t i = 0; i < to.values.size(); ++i) to.values[i] += what.values[i];
    }
    static void add_expert(const Matrix& x, const Experts& spec, const Route& route, float* out) {
        const TensorView gate = expert_of(spec.gate, route.expert), up = expert_of(spec.up, route.expert);
        Matrix hidden, raised, y;
        hidden.resize(1, static_cast<int>(gate.shape.rows()));
        raised.resize(1, hidden.width);
        y.resize(1, x.width);
        multiply(x, gate, {}, spec.activation, hidden, 0);
        multiply(x, up, {}, Activation::none, raised, 0);
        for (size_t i = 0; i < hidden.values.size(); ++i) hidden.values[i] *= raised.values[i];
        multiply(hidden, expert_of(spec.down, route.expert), {}, Activation::none, y, 0);
        for (size_t i = 0; i < y.values.size(); ++i) out[i] += route.weight * y.values[i];
    }
    static void turn_heads(float* heads, int count, int head_dim, const TensorView& norm,
                           const op::AppendKv& op, int position) {
        const std::vector<float> weight = norm.empty() ? std::vector<float>() : to_floats(norm);
        for (int h = 0; h < count; ++h) {
            float* head = heads + h * head_dim;
            if (!weight.empty()) rms_norm(head, head_dim, weight, op.norm_epsilon, head);
            rotate(head, op.rope, position);
        }
    }
    static void attend_heads(const float* q, const HeadAt& at, int first, int last, const AttentionSpec& spec,
                             float* out) {
        for (int h = 0; h < spec.heads; ++h) {
            const int kv = h / (spec.heads / spec.kv_heads) * spec.head_dim;
            const HeadAt head{at.keys, at.key + kv, at.values, at.value + kv};
            attend(q + h * spec.head_dim, head, first, last, spec, out + h * spec.head_dim);
        }
    }

    const Program& program_;
    const StepInput& input_;
    ReferenceState& state_;
};

class ReferenceExecutable final : public Executable,
                                  public std::enable_shared_from_this<ReferenceExecutable> {
  public:
    explicit ReferenceExecutable(std::shared_ptr<const Program> program) : program_(std::move(program)) {}

    const Program& program() const { return *program_; }
    Result<std::unique_ptr<State>> new_state() const override {
        return std::make_unique<ReferenceState>(shared_from_this());
    }
    size_t weight_bytes() const override { return 0; }
    size_t state_bytes() const override {
        size_t bytes = 0;
        for (const CacheSpec& spec : program_->caches())
            bytes += sizeof(float) * 2 * static_cast<size_t>(spec.capacity) *
                     static_cast<size_t>(spec.kv_heads * spec.head_dim);
        return bytes;
    }

    Status run(const Step& step, const StepInput& input, State& state, const Cancel& cancel,
               Priority) const override {
        auto& held = static_cast<ReferenceState&>(state);
        CODA_TRY(const std::vector<int> rows, rows_of_run(*program_, step, input, held.length_));
        held.step_ = &step;
        held.buffers_.resize(rows.size());
        for (size_t i = 0; i < rows.size(); ++i) held.buffers_[i].resize(rows[i], step.widths()[i]);
        Interpreter interpreter(*program_, input, held);
        for (const Op& op : step.ops()) {
            if (cancel.cancelled()) return fail(ErrorCode::cancelled, "was cancelled");
            std::visit(interpreter, op);
        }
        if (step.appends()) held.length_ += static_cast<int>(input.tokens.size());
        return {};
    }

  private:
    std::shared_ptr<const Program> program_;
};

ReferenceState::ReferenceState(std::shared_ptr<const ReferenceExecutable> executable)
    : executable_(std::move(executable)) {
    for (const CacheSpec& spec : executable_->program().caches()) {
        KeysValues& cache = caches_.emplace_back();
        cache.keys.resize(spec.capacity, spec.kv_heads * spec.head_dim);
        cache.values.resize(spec.capacity, spec.kv_heads * spec.head_dim);
    }
}

class ReferenceBackend final : public Backend {
  public:
    Result<std::shared_ptr<const Executable>> compile(std::shared_ptr<const Program> program,
                                                      const CompileOptions&) override {
        CODA_CHECK(program->status());
        return std::make_shared<ReferenceExecutable>(std::move(program));
    }
    const std::string& description() const override { return description_; }

  private:
    std::string description_ = "reference, 1 thread";
};

}  // namespace

std::unique_ptr<Backend> create_reference_backend() {
    return std::make_unique<ReferenceBackend>();
}

}  // namespace coda::runtime
