#include "runtime/cpu/operations.h"

#include "runtime/routing.h"
#include "runtime/sample.h"
#include "runtime/step_rows.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace coda::runtime::cpu {
namespace {

size_t index(int i) {
    return static_cast<size_t>(i);
}

const float* data_or_null(const std::vector<float>& values) {
    return values.empty() ? nullptr : values.data();
}

// Below this many floats a single thread is done before another has woken.
constexpr int kWorthSharing = 1 << 14;

}  // namespace

Operations::Operations(const CpuExecutable& executable, const Step& step, const StepInput& input,
                       CpuState& state, ThreadPool::Run& run)
    : executable_(executable),
      kernels_(executable.kernels()),
      step_(step),
      input_(input),
      state_(state),
      run_(run) {
    if (step.appends()) prepare_ropes();
}

void Operations::execute(const Op& op, const Prepared& prepared) {
    prepared_ = &prepared;
    std::visit(*this, op);
}

Operations::Matrix Operations::at(Buffer buffer) const {
    const auto id = static_cast<size_t>(buffer.id);
    std::byte* data = state_.arena_.data() + executable_.plan(step_).offsets[id];
    return {reinterpret_cast<float*>(data), state_.rows_[id], step_.widths()[id]};
}

KvStore& Operations::cache(Cache cache) const {
    return state_.caches_[index(cache.id)];
}
const CacheSpec& Operations::spec(Cache cache) const {
    return executable_.program().caches()[index(cache.id)];
}

template <class Body>
void Operations::for_rows(int rows, int work, const Body& body) {
    if (rows == 0) return;
    const int64_t worth = static_cast<int64_t>(rows) * work / kWorthSharing;
    const int chunks = static_cast<int>(std::clamp<int64_t>(worth, 1, std::min(rows, run_.threads() * 4)));
    run_.for_each(chunks, [&](int chunk, Scratch& scratch) {
        for (int r = rows * chunk / chunks; r < rows * (chunk + 1) / chunks; ++r) body(r, scratch);
    });
}

// --- rows in ---

void Operations::add_table_row(const TensorView& table, int64_t row, float* out, Scratch& scratch) const {
    const auto width = static_cast<size_t>(table.shape.columns());
    float* added = scratch.floats(width);
    dequantize_row(table.dtype, table.row(row), {added, width});
    kernels_.add(added, static_cast<int>(width), out);
}

void Operations::operator()(const op::Embed& op) {
    const Matrix out = at(op.out);
    for_rows(out.rows, out.width, [&](int r, Scratch& scratch) {
        const int32_t token = input_.tokens[index(r)];
        dequantize_row(op.table.dtype, op.table.row(token), {out.row(r), index(out.width)});
        if (op.scale != 1) kernels_.scale(op.scale, out.width, out.row(r));
        if (!op.positions.empty()) add_table_row(op.positions, state_.length_ + r, out.row(r), scratch);
        if (!op.segment.empty()) add_table_row(op.segment, 0, out.row(r), scratch);
    });
}

void Operations::operator()(const op::Input& op) {
    std::copy(input_.features.begin(), input_.features.end(), at(op.out).data);
}

void Operations::operator()(const op::AddPositions& op) {
    const Matrix x = at(op.x), out = at(op.out);
    for_rows(out.rows, out.width, [&](int r, Scratch& scratch) {
        std::copy(x.row(r), x.row(r) + x.width, out.row(r));
        add_table_row(op.table, r, out.row(r), scratch);
    });
}

void Operations::operator()(const op::SelectRows& op) {
    const Matrix x = at(op.x), out = at(op.out);
    const std::vector<int> rows = selected_rows(input_.rows, x.rows);
    for (int i = 0; i < out.rows; ++i)
        std::copy(x.row(rows[index(i)]), x.row(rows[index(i)]) + x.width, out.row(i));
}

// --- row by row ---

void Operations::operator()(const op::RmsNorm& op) {
    const Matrix x = at(op.x), out = at(op.out);
    for_rows(x.rows, x.width, [&](int r, Scratch&) {
        const float* residual = op.residual ? at(*op.residual).row(r) : nullptr;
        kernels_.rms_norm(x.row(r), x.width, prepared_->a.data(), op.epsilon, residual, out.row(r));
    });
}

void Operations::operator()(const op::LayerNorm& op) {
    const Matrix x = at(op.x), out = at(op.out);
    for_rows(x.rows, x.width, [&](int r, Scratch&) {
        kernels_.layer_norm(x.row(r), x.width, prepared_->a.data(), prepared_->b.data(), op.epsilon,
                            out.row(r));
    });
}

void Operations::operator()(const op::MeanPool& op) {
    const Matrix x = at(op.x), out = at(op.out);
    if (out.rows == 0) return;
    std::fill(out.data, out.data + out.width, 0.0f);
    for (int r = 0; r < x.rows; ++r) kernels_.add(x.row(r), x.width, out.data);
    kernels_.scale(1 / static_cast<float>(x.rows), out.width, out.data);
}

void Operations::operator()(const op::Normalize& op) {
    const Matrix x = at(op.x), out = at(op.out);
    for (int r = 0; r < x.rows; ++r) {
        double sum = 0;
        for (int i = 0; i < x.width; ++i) sum += static_cast<double>(x.row(r)[i]) * x.row(r)[i];
        std::copy(x.row(r), x.row(r) + x.width, out.row(r));
        kernels_.scale(sum > 0 ? static_cast<float>(1 / std::sqrt(sum)) : 0.0f, out.width, out.row(r));
    }
}

// --- products ---

void Operations::operator()(const op::Linear& op) {
    const Matrix x = at(op.x), out = at(op.out);
    const bool plain = op.spec.scale == 1 && op.spec.soft_cap == 0;
    const ConstRows residual =
        plain && op.spec.residual ? at(*op.spec.residual).read() : ConstRows{nullptr, 0};
    linear(executable_.multiplier(),
           {*prepared_->matrix, x.read(), x.rows, data_or_null(prepared_->a),
            static_cast<Function>(op.spec.activation), residual, out.all(), state_.linear_memory_,
            prepared_->one_plane},
           run_);
    if (!plain) scale_and_cap(op.spec, out);
}

void Operations::scale_and_cap(const runtime::Linear& spec, Matrix out) {
    // A row of logits is long: shared by pieces, not by rows.
    constexpr int kPiece = 1 << 12;
    const int pieces = (out.width + kPiece - 1) / kPiece;
    run_.for_each(out.rows * pieces, [&](int chunk, Scratch&) {
        const int r = chunk / pieces, first = chunk % pieces * kPiece;
        const int count = std::min(kPiece, out.width - first);
        float* at_piece = out.row(r) + first;
        if (spec.soft_cap != 0)
            kernels_.soft_cap(spec.scale, spec.soft_cap, count, at_piece);
        else
            kernels_.scale(spec.scale, count, at_piece);
        if (spec.residual) kernels_.add(at(*spec.residual).row(r) + first, count, at_piece);
    });
}

void Operations::operator()(const op::GateUp& op) {
    const Matrix x = at(op.x), out = at(op.out);
    linear(executable_.multiplier(),
           {*prepared_->matrix,
            x.read(),
            x.rows,
            nullptr,
            static_cast<Function>(op.activation),
            {nullptr, 0},
            out.all(),
            state_.linear_memory_,
            prepared_->one_plane},
           run_);
}

void Operations::operator()(const op::Experts& op) {
    const Matrix x = at(op.x), router = at(op.router), out = at(op.out);
    if (out.rows == 0) return;
    const size_t size = index(out.rows) * index(out.width);
    if (op.spec.residual)
        std::copy_n(at(*op.spec.residual).data, size, out.data);
    else
        std::fill_n(out.data, size, 0.0f);
    std::vector<std::vector<std::pair<int, float>>> rows_of(index(router.width));
    for (int r = 0; r < x.rows; ++r)
        for (const Route& route :
             choose_experts({router.row(r), index(router.width)}, op.spec.used, op.spec.normalized))
            rows_of[index(route.expert)].emplace_back(r, route.weight);
    for (int e = 0; e < router.width; ++e)
        if (!rows_of[index(e)].empty()) run_expert(op, e, rows_of[index(e)]);
}

// The rows of one expert stand together, so that its weights are read once.
void Operations::run_expert(const op::Experts& op, int expert, std::span<const std::pair<int, float>> rows) {
    const Matrix x = at(op.x), out = at(op.out);
    const PackedMatrix& gated = *prepared_->experts[index(2 * expert)];
    const PackedMatrix& down = *prepared_->experts[index(2 * expert + 1)];
    const int count = static_cast<int>(rows.size());
    state_.expert_rows_.resize(rows.size() * index(2 * x.width + gated.rows));
    const Matrix taken{state_.expert_rows_.data(), count, x.width};
    const Matrix hidden{taken.row(count), count, gated.rows}, y{hidden.row(count), count, x.width};
    for (int i = 0; i < count; ++i) std::copy_n(x.row(rows[index(i)].first), x.width, taken.row(i));
    const auto multiply_all = [&](const PackedMatrix& matrix, Matrix from, Function function, Matrix to,
                                  bool one_plane) {
        linear(executable_.multiplier(),
               {matrix,
                from.read(),
                count,
                nullptr,
                function,
                {nullptr, 0},
                to.all(),
                state_.linear_memory_,
                one_plane},
               run_);
    };
    multiply_all(gated, taken, static_cast<Function>(op.spec.activation), hidden, prepared_->one_plane);
    multiply_all(down, hidden, Function::none, y, prepared_->one_plane_down);
    for (int i = 0; i < count; ++i) {
        kernels_.scale(rows[index(i)].second, y.width, y.row(i));
        kernels_.add(y.row(i), y.width, out.row(rows[index(i)].first));
    }
}

// In rows of time a window of the input is one stretch of memory, so that the convolution is a product whose
// rows overlap; only the zeros at both ends must be put there.
void Operations::operator()(const op::Conv1d& op) {
    const Matrix x = at(op.x), out = at(op.out);
    const size_t width = index(x.width), pad = static_cast<size_t>(op.weight.shape[2] / 2) * width;
    state_.padded_.assign(2 * pad + index(x.rows) * width, 0.0f);
    std::copy(x.data, x.data + index(x.rows) * width,
              state_.padded_.begin() + static_cast<std::ptrdiff_t>(pad));
    linear(executable_.multiplier(),
           {*prepared_->matrix,
            {state_.padded_.data(), width * index(op.stride)},
            out.rows,
            data_or_null(prepared_->a),
            static_cast<Function>(op.activation),
            {nullptr, 0},
            out.all(),
            state_.linear_memory_},
           run_);
}

// --- caches ---

// Angles depend on position and frequency only: once per run, for all layers.
void Operations::prepare_ropes() {
    const int rows = state_.rows_[0];
    for (size_t i = 0; i < state_.rope_tables_.size(); ++i) {
        const Rope& rope = executable_.rope(static_cast<int>(i));
        std::vector<float>& table = state_.rope_tables_[i];
        table.resize(index(rows) * rope.frequencies.size() * 2);
        float* at = table.data();
        for (int r = 0; r < rows; ++r)
            for (const float frequency : rope.frequencies) {
                const double angle = static_cast<double>(state_.length_ + r) * frequency;
                *at++ = static_cast<float>(std::cos(angle) * rope.magnitude);
                *at++ = static_cast<float>(std::sin(angle) * rope.magnitude);
            }
    }
}

void Operations::turn_head(float* head, int head_dim, const std::vector<float>& norm, const op::AppendKv& op,
                           int row) const {
    if (!norm.empty()) kernels_.rms_norm(head, head_dim, norm.data(), op.norm_epsilon, nullptr, head);
    if (prepared_->rope < 0) return;
    const size_t pairs = op.rope.frequencies.size();
    const float* angle = state_.rope_tables_[index(prepared_->rope)].data() + index(row) * pairs * 2;
    const bool halves = op.rope.order == Rope::Order::halves;
    const size_t step = halves ? 1 : 2, apart = halves ? pairs : 1;
    for (size_t i = 0; i < pairs; ++i, head += step, angle += 2) {
        const float a = head[0], b = head[apart];
        head[0] = a * angle[0] - b * angle[1];
        head[apart] = a * angle[1] + b * angle[0];
    }
}

void Operations::operator()(const op::AppendKv& op) {
    const Matrix qkv = at(op.qkv), q = at(op.q);
    const CacheSpec& held = spec(op.cache);
    const int kv_width = held.kv_heads * held.head_dim;
    for_rows(qkv.rows, qkv.width, [&](int r, Scratch& scratch) {
        std::copy(qkv.row(r), qkv.row(r) + q.width, q.row(r));
        for (int h = 0; h < op.heads; ++h)
            turn_head(q.row(r) + h * held.head_dim, held.head_dim, prepared_->a, op, r);
        float* keys = qkv.row(r) + q.width;
        for (int h = 0; h < held.kv_heads; ++h)
            turn_head(keys + h * held.head_dim, held.head_dim, prepared_->b, op, r);
        cache(op.cache).put(kernels_, state_.length_ + r, keys, keys + kv_width, scratch);
    });
}

void Operations::operator()(const op::StoreKv& op) {
    const Matrix kv = at(op.kv);
    KvStore& store = cache(op.cache);
    for_rows(kv.rows, kv.width, [&](int r, Scratch& scratch) {
        store.put(kernels_, r, kv.row(r), kv.row(r) + kv.width / 2, scratch);
    });
    store.stored = kv.rows;
}

// --- what comes out ---

void Operations::operator()(const op::Sample& op) {
    const Matrix logits = at(op.logits);
    if (logits.rows == 0) return;
    const auto total = [&](std::span<const float> values) {
        float largest = 0;
        const float sum = kernels_.sum_exp(values.data(), static_cast<int>(values.size()), &largest);
        return largest + std::log(sum);
    };
    const int position = state_.length_ + static_cast<int>(input_.tokens.size()) - 1;
    state_.sampled_ =
        sample({logits.row(logits.rows - 1), index(logits.width)}, input_.sampling, position, total);
}

}  // namespace coda::runtime::cpu
