// Attention as two products with panels: scores = queries x keys, out = softmax(scores) x values.
#include "runtime/cpu/operations.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace coda::runtime::cpu {
namespace {

constexpr int kRowsAtOnce = 24;                    // query rows that share a pass over keys and values
constexpr size_t kScoresAtOnce = size_t{1} << 17;  // floats of scores that may stand in a thread's memory

size_t index(int i) {
    return static_cast<size_t>(i);
}
int round_up(int n) {
    return (n + kPanelRows - 1) / kPanelRows * kPanelRows;
}

}  // namespace

void Operations::attend_block(const ConstRows& q, int first_row, int rows, int kv_head,
                              const AttentionSpec& spec, const Context& context, MutableRows out,
                              Scratch& scratch) const {
    const auto last_of = [&](int r) { return context.length + (first_row + r) * context.further; };
    const auto first_of = [&](int r) {
        return context.window > 0 ? std::max(0, last_of(r) - context.window) : 0;
    };
    const int begin = first_of(0) / kPanelRows * kPanelRows, end = last_of(rows - 1);
    const int positions = end - begin, dims = round_up(spec.head_dim);
    const size_t stride = index(round_up(positions));
    float* memory = scratch.floats(kProductScratch + index(rows) * (stride + index(dims)));
    const MutableRows scores{memory + kProductScratch, stride};
    const MutableRows sums{scores.data + index(rows) * stride, index(dims)};

    multiply(kernels_, context.keys(kv_head, begin, end), q, rows, spec.head_dim, scores, memory);
    const float scale = spec.scale != 0 ? spec.scale : 1 / std::sqrt(static_cast<float>(spec.head_dim));
    for (int r = 0; r < rows; ++r) {
        float* row = scores.data + index(r) * stride;
        const int from = first_of(r) - begin, to = last_of(r) - begin;
        std::fill(row, row + from, 0.0f);
        if (spec.soft_cap != 0) kernels_.soft_cap(scale, spec.soft_cap, to - from, row + from);
        kernels_.softmax(row + from, to - from, spec.soft_cap != 0 ? 1.0f : scale);
        std::fill(row + to, row + positions, 0.0f);
    }
    multiply(kernels_, context.values(kv_head, begin), {scores.data, stride}, rows, positions, sums, memory);
    for (int r = 0; r < rows; ++r)
        std::memcpy(out.data + index(r) * out.stride, sums.data + index(r) * sums.stride,
                    index(spec.head_dim) * sizeof(float));
}

void Operations::attend(Matrix q, Matrix out, const AttentionSpec& spec, const Context& context) {
    if (q.rows == 0) return;
    if (context.length == 0) return std::fill(out.data, out.data + index(out.rows) * index(out.width), 0.0f);
    constexpr int kWorthSharing = 1 << 15;  // multiplications
    const int longest = context.length + (q.rows - 1) * context.further;
    const bool shared = static_cast<int64_t>(q.rows) * longest * spec.heads * spec.head_dim >= kWorthSharing;
    const auto for_each = [&](int chunks, const auto& one) {
        if (shared) return run_.for_each(chunks, one);
        for (int chunk = 0; chunk < chunks; ++chunk) one(chunk, run_.scratch());
    };
    const int group = spec.heads / spec.kv_heads;
    if (q.rows == 1) {  // the heads that share keys and values go through them together, as if they were rows
        Context same = context;
        same.further = 0;
        return for_each(spec.kv_heads, [&](int kv_head, Scratch& scratch) {
            const size_t column = index(kv_head * group * spec.head_dim), stride = index(spec.head_dim);
            attend_block({q.data + column, stride}, 0, group, kv_head, spec, same,
                         {out.data + column, stride}, scratch);
        });
    }
    const int rows_at_once = std::clamp(static_cast<int>(kScoresAtOnce / index(round_up(longest))), 1,
                                        std::min(q.rows, kRowsAtOnce));
    const int blocks = (q.rows + rows_at_once - 1) / rows_at_once;
    for_each(spec.heads * blocks, [&](int chunk, Scratch& scratch) {
        const int head = chunk % spec.heads, first = chunk / spec.heads * rows_at_once;
        const size_t column = index(head * spec.head_dim);
        attend_block({q.row(first) + column, index(q.width)}, first, std::min(rows_at_once, q.rows - first),
                     head / group, spec, context, {out.row(first) + column, index(out.width)}, scratch);
    });
}

void Operations::operator()(const op::Attention& op) {
    const KvStore& store = cache(op.cache);
    const bool causal = spec(op.cache).kind == CacheSpec::Kind::growing;
    const Context context{[&](int head, int first, int last) { return store.keys(head, first, last); },
                          [&](int head, int first) { return store.values(head, first); },
                          causal ? state_.length_ + 1 : store.stored, causal ? 1 : 0,
                          causal ? op.spec.window : 0};
    attend(at(op.q), at(op.out), op.spec, context);
}

// Keys and values of this run's rows as float panels in state_.panels_: all heads' keys, then all values.
void Operations::panels_of_rows(Matrix rows, const AttentionSpec& spec) {
    const int positions = round_up(rows.rows), dims = round_up(spec.head_dim);
    const size_t key_size = index(positions) * index(spec.head_dim),
                 value_size = index(positions) * index(dims);
    state_.panels_.resize(index(spec.kv_heads) * (key_size + value_size));
    const int keys_at = spec.heads * spec.head_dim, values_at = keys_at + spec.kv_heads * spec.head_dim;
    run_.for_each(spec.kv_heads * positions / kPanelRows, [&](int chunk, Scratch&) {
        const int head = chunk % spec.kv_heads, first = chunk / spec.kv_heads * kPanelRows;
        const int last = std::min(rows.rows, first + kPanelRows);
        float* keys = state_.panels_.data() + index(head) * key_size + index(first) * index(spec.head_dim);
        float* values = state_.panels_.data() + index(spec.kv_heads) * key_size + index(head) * value_size;
        for (int r = first; r < last; ++r) {
            const float* key = rows.row(r) + keys_at + head * spec.head_dim;
            const float* value = rows.row(r) + values_at + head * spec.head_dim;
            for (int d = 0; d < spec.head_dim; ++d) {
                keys[d * kPanelRows + (r - first)] = key[d];
                values[(index(d / kPanelRows) * index(positions) + index(r)) * kPanelRows +
                       index(d % kPanelRows)] = value[d];
            }
        }
        for (int r = last; r < first + kPanelRows; ++r)
            for (int d = 0; d < spec.head_dim; ++d) keys[d * kPanelRows + (r - first)] = 0;
    });
}

void Operations::operator()(const op::SelfAttention& op) {
    const Matrix qkv = at(op.qkv), out = at(op.out);
    if (qkv.rows == 0) return;
    panels_of_rows(qkv, op.spec);
    const int positions = round_up(qkv.rows), dims = round_up(op.spec.head_dim);
    const size_t key_size = index(positions) * index(op.spec.head_dim),
                 value_size = index(positions) * index(dims);
    const float* keys = state_.panels_.data();
    const float* values = keys + index(op.spec.kv_heads) * key_size;
    const Context context{
        [&](int head, int, int last) {
            return Panels{PanelType::f32, reinterpret_cast<const std::byte*>(keys + index(head) * key_size),
                          panel_bytes(PanelType::f32, op.spec.head_dim), round_up(last) / kPanelRows};
        },
        [&](int head, int) {
            return Panels{PanelType::f32,
                          reinterpret_cast<const std::byte*>(values + index(head) * value_size),
                          panel_bytes(PanelType::f32, positions), dims / kPanelRows};
        },
        qkv.rows, 0, 0};
    attend(qkv, out, op.spec, context);
}

}  // namespace coda::runtime::cpu
