#include "runtime/program.h"

#include <algorithm>

#include <fmt/format.h>

namespace coda::runtime {

// --- Program ---

Program::Program(std::string name, std::shared_ptr<const Weights> weights)
    : name_(std::move(name)), weights_(std::move(weights)) {}

Cache Program::add_cache(const CacheSpec& spec) {
    CODA_ASSERT(spec.kv_heads > 0 && spec.head_dim > 0 && spec.capacity > 0);
    caches_.push_back(spec);
    return {static_cast<int>(caches_.size()) - 1};
}

Step& Program::add_step(std::string name, int max_rows) {
    CODA_ASSERT(max_rows > 0);
    steps_.push_back(Step(*this, std::move(name), static_cast<int>(steps_.size()), max_rows));
    return steps_.back();
}

TensorView Program::weight(std::string_view name) {
    auto found = weights_->get(name);
    if (found) return *found;
    set_error(std::move(found.error()));
    return {};
}

TensorView Program::optional_weight(std::string_view name) const {
    const TensorView* found = weights_->find(name);
    return found ? *found : TensorView{};
}

void Program::set_error(Error error) {
    if (status_) status_ = tl::unexpected(std::move(error));
}

// --- Step: bookkeeping ---

// A width of at least 1 even where the file gave none: recording goes on, compile() reports.
Buffer Step::new_buffer(int64_t width) {
    constexpr int64_t kMaxWidth = 1 << 24;
    expect(width > 0 && width <= kMaxWidth, fmt::format("is {} wide", width), "a buffer");
    widths_.push_back(static_cast<int>(std::clamp<int64_t>(width, 1, kMaxWidth)));
    return {static_cast<int>(widths_.size()) - 1};
}

int Step::width(Buffer buffer) const {
    CODA_ASSERT(buffer.id >= 0 && buffer.id < static_cast<int>(widths_.size()));
    return widths_[static_cast<size_t>(buffer.id)];
}

void Step::expect(bool condition, const std::string& what, const std::string& where) {
    if (condition) return;
    const std::string file = program_.weights() ? program_.weights()->path() : program_.name();
    program_.set_error({ErrorCode::bad_format, what, fmt::format("{}: {}", file, where),
                        "tensors and metadata of this file disagree: get another copy"});
}

void Step::expect_matrix(const TensorView& tensor, int64_t columns, const char* role) {
    const std::string where = fmt::format("{} {}", role, tensor.name);
    expect(is_weight(tensor.dtype), fmt::format("has elements of type {}", to_string(tensor.dtype)), where);
    expect(tensor.shape.rank() == 2 && tensor.shape[1] == columns && tensor.shape[0] > 0,
           fmt::format("is {}, expected [any, {}]", to_string(tensor.shape), columns), where);
}

void Step::expect_vector(const TensorView& tensor, int64_t length, const char* role) {
    const std::string where = fmt::format("{} {}", role, tensor.name);
    expect(is_weight(tensor.dtype), fmt::format("has elements of type {}", to_string(tensor.dtype)), where);
    expect(tensor.shape.elements() == length && tensor.shape.columns() == length,
           fmt::format("is {}, expected [{}]", to_string(tensor.shape), length), where);
}

void Step::expect_stack(const TensorView& tensor, const Shape& shape, const char* role) {
    const std::string where = fmt::format("{} {}", role, tensor.name);
    expect(is_weight(tensor.dtype), fmt::format("has elements of type {}", to_string(tensor.dtype)), where);
    expect(tensor.shape == shape,
           fmt::format("is {}, expected {}", to_string(tensor.shape), to_string(shape)), where);
}

bool Step::takes_tokens() const {
    return !ops_.empty() && std::holds_alternative<op::Embed>(ops_.front());
}

bool Step::appends() const {
    return std::any_of(ops_.begin(), ops_.end(),
                       [](const Op& op) { return std::holds_alternative<op::AppendKv>(op); });
}

// --- Step: operations ---

Buffer Step::embed(const TensorView& table, const EmbedOptions& options) {
    CODA_ASSERT(ops_.empty());
    const int64_t columns = table.shape.columns();
    expect_matrix(table, columns, "embedding");
    if (!options.positions.empty()) expect_matrix(options.positions, columns, "position table");
    if (!options.segment.empty()) expect_matrix(options.segment, columns, "segment table");
    const Buffer out = new_buffer(columns);
    ops_.push_back(op::Embed{out, table, options.positions, options.segment, options.scale});
    return out;
}

Buffer Step::input(int width) {
    CODA_ASSERT(ops_.empty());
    const Buffer out = new_buffer(width);
    ops_.push_back(op::Input{out});
    return out;
}

Buffer Step::add_positions(Buffer x, const TensorView& table) {
    expect_matrix(table, width(x), "position table");
    const Buffer out = new_buffer(width(x));
    ops_.push_back(op::AddPositions{x, out, table});
    return out;
}

Buffer Step::conv1d(Buffer x, const TensorView& weight, const TensorView& bias, int stride,
                    Activation activation) {
    CODA_ASSERT(stride > 0);
    const Shape& shape = weight.shape;
    const std::string where = fmt::format("convolution {}", weight.name);
    expect(is_weight(weight.dtype) && block_size(weight.dtype).elements == 1,
           fmt::format("has elements of type {}", to_string(weight.dtype)), where);
    expect(shape.rank() == 3 && shape[1] == width(x) && shape[2] % 2 == 1,
           fmt::format("is {}, expected [any, {}, an odd kernel]", to_string(shape), width(x)), where);
    const int64_t channels = shape.rank() == 3 ? shape[0] : 0;
    if (!bias.empty()) expect_vector(bias, channels, "bias");
    const Buffer out = new_buffer(channels);
    ops_.push_back(op::Conv1d{x, out, weight, bias, stride, activation});
    return out;
}

Buffer Step::rms_norm(Buffer x, const TensorView& weight, float epsilon, std::optional<Buffer> residual) {
    CODA_ASSERT(!residual || width(*residual) == width(x));
    expect_vector(weight, width(x), "norm");
    const Buffer out = new_buffer(width(x));
    ops_.push_back(op::RmsNorm{x, out, weight, epsilon, residual});
    return out;
}

Buffer Step::layer_norm(Buffer x, const TensorView& weight, const TensorView& bias, float epsilon) {
    expect_vector(weight, width(x), "norm");
    expect_vector(bias, width(x), "norm bias");
    const Buffer out = new_buffer(width(x));
    ops_.push_back(op::LayerNorm{x, out, weight, bias, epsilon});
    return out;
}

Buffer Step::linear(Buffer x, const Linear& spec) {
    CODA_ASSERT(!spec.weights.empty() && (spec.biases.empty() || spec.biases.size() == spec.weights.size()));
    int64_t total = 0;
    for (size_t i = 0; i < spec.weights.size(); ++i) {
        expect_matrix(spec.weights[i], width(x), "weight");
        total += spec.weights[i].shape.rows();
        if (i < spec.biases.size() && !spec.biases[i].empty())
            expect_vector(spec.biases[i], spec.weights[i].shape.rows(), "bias");
    }
    if (spec.residual)
        expect(width(*spec.residual) == total,
               fmt::format("has {} rows, expected {}", total, width(*spec.residual)),
               fmt::format("weight {}", spec.weights[0].name));
    const Buffer out = new_buffer(total);
    ops_.push_back(op::Linear{x, out, spec});
    return out;
}

Buffer Step::gate_up(Buffer x, const TensorView& gate, const TensorView& up, Activation activation) {
    expect_matrix(gate, width(x), "weight");
    expect_matrix(up, width(x), "weight");
    expect(gate.shape == up.shape,
           fmt::format("is {}, its gate is {}", to_string(up.shape), to_string(gate.shape)),
           fmt::format("weight {}", up.name));
    const Buffer out = new_buffer(gate.shape.rows());
    ops_.push_back(op::GateUp{x, out, gate, up, activation});
    return out;
}

Buffer Step::experts(Buffer x, Buffer router, const Experts& spec) {
    const int64_t count = width(router), in = width(x);
    const int64_t hidden = spec.gate.shape.rank() == 3 ? spec.gate.shape[1] : 0;
    expect(hidden > 0, fmt::format("is {}, expected [{}, any, {}]", to_string(spec.gate.shape), count, in),
           fmt::format("experts {}", spec.gate.name));
    expect_stack(spec.gate, {count, hidden, in}, "experts");
    expect_stack(spec.up, {count, hidden, in}, "experts");
    expect_stack(spec.down, {count, in, hidden}, "experts");
    expect(spec.used > 0 && spec.used <= count, fmt::format("{} of {} are used", spec.used, count),
           fmt::format("experts {}", spec.gate.name));
    CODA_ASSERT(!spec.residual || width(*spec.residual) == in);
    const Buffer out = new_buffer(in);
    ops_.push_back(op::Experts{x, router, out, spec});
    return out;
}

Buffer Step::append_kv(Buffer qkv, int heads, Cache cache, const Rope& rope, const QkNorm& norm) {
    const CacheSpec& spec = program_.caches()[static_cast<size_t>(cache.id)];
    CODA_ASSERT(spec.kind == CacheSpec::Kind::growing && heads % spec.kv_heads == 0);
    CODA_ASSERT(takes_tokens());
    CODA_ASSERT(rope.order == Rope::Order::none ||
                static_cast<int>(rope.frequencies.size()) * 2 <= spec.head_dim);
    expect(width(qkv) == (heads + 2 * spec.kv_heads) * spec.head_dim,
           fmt::format("is {} wide, expected {} + 2 x {} heads of {}", width(qkv), heads, spec.kv_heads,
                       spec.head_dim),
           "queries, keys and values");
    if (!norm.q.empty()) expect_vector(norm.q, spec.head_dim, "query norm");
    if (!norm.k.empty()) expect_vector(norm.k, spec.head_dim, "key norm");
    const Buffer q = new_buffer(static_cast<int64_t>(heads) * spec.head_dim);
    ops_.push_back(op::AppendKv{qkv, q, cache, heads, rope, norm.q, norm.k, norm.epsilon});
    return q;
}

void Step::store_kv(Buffer kv, Cache cache) {
    const CacheSpec& spec = program_.caches()[static_cast<size_t>(cache.id)];
    CODA_ASSERT(spec.kind == CacheSpec::Kind::stored);
    expect(width(kv) == 2 * spec.kv_heads * spec.head_dim,
           fmt::format("is {} wide, expected 2 x {} heads of {}", width(kv), spec.kv_heads, spec.head_dim),
           "keys and values");
    ops_.push_back(op::StoreKv{kv, cache});
}

Buffer Step::attention(Buffer q, Cache cache, const AttentionSpec& spec) {
    const CacheSpec& held = program_.caches()[static_cast<size_t>(cache.id)];
    CODA_ASSERT(spec.kv_heads == held.kv_heads && spec.head_dim == held.head_dim &&
                spec.heads % spec.kv_heads == 0);
    expect(width(q) == spec.heads * spec.head_dim,
           fmt::format("is {} wide, expected {} heads of {}", width(q), spec.heads, spec.head_dim),
           "queries");
    const Buffer out = new_buffer(static_cast<int64_t>(spec.heads) * spec.head_dim);
    ops_.push_back(op::Attention{q, out, cache, spec});
    return out;
}

Buffer Step::self_attention(Buffer qkv, const AttentionSpec& spec) {
    CODA_ASSERT(spec.heads > 0 && spec.kv_heads > 0 && spec.head_dim > 0 && spec.heads % spec.kv_heads == 0);
    expect(width(qkv) == (spec.heads + 2 * spec.kv_heads) * spec.head_dim,
           fmt::format("is {} wide, expected {} + 2 x {} heads of {}", width(qkv), spec.heads, spec.kv_heads,
                       spec.head_dim),
           "queries, keys and values");
    const Buffer out = new_buffer(static_cast<int64_t>(spec.heads) * spec.head_dim);
    ops_.push_back(op::SelfAttention{qkv, out, spec});
    return out;
}

Buffer Step::select_rows(Buffer x) {
    const Buffer out = new_buffer(width(x));
    ops_.push_back(op::SelectRows{x, out});
    return out;
}

Buffer Step::mean_pool(Buffer x) {
    const Buffer out = new_buffer(width(x));
    ops_.push_back(op::MeanPool{x, out});
    return out;
}

Buffer Step::normalize(Buffer x) {
    const Buffer out = new_buffer(width(x));
    ops_.push_back(op::Normalize{x, out});
    return out;
}

void Step::sample(Buffer logits) {
    CODA_ASSERT(width(logits) > 0);
    ops_.push_back(op::Sample{logits});
}

void Step::output(std::string name, Buffer buffer) {
    CODA_ASSERT(width(buffer) > 0);
    outputs_.push_back({std::move(name), buffer});
}

}  // namespace coda::runtime
