// Compiling: weights are packed, norms are folded into the products that read them, memory is planned.
#include "runtime/cuda/device/executable.cuh"

#include <algorithm>

namespace coda::runtime::cuda {
namespace {

constexpr size_t kAlignment = 256;

size_t aligned(size_t bytes) {
    return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

bool is_product(OperationKind kind) {
    return kind == OperationKind::linear || kind == OperationKind::gate_up;
}

// Makes the nodes of all steps; every matrix is packed once however often it is used.
class Loader {
  public:
    Loader(LoadedProgram& to, cudaStream_t stream) : to_(to), packer_(to.device, stream) {}

    void step(const StepImage& image) {
        to_.steps.push_back(std::make_unique<StepPlan>());
        StepPlan& plan = *to_.steps.back();
        plan.widths.assign(image.widths, image.widths + image.buffer_count);
        plan.max_rows.assign(image.max_rows, image.max_rows + image.buffer_count);
        plan.outputs.assign(image.outputs, image.outputs + image.output_count);
        plan.vocabulary = image.vocabulary;
        plan.nodes.resize(static_cast<size_t>(image.operation_count));
        for (int i = 0; i < image.operation_count; ++i)
            node(plan, plan.nodes[static_cast<size_t>(i)], image.operations[i]);
        plan.takes_tokens = !plan.nodes.empty() && plan.nodes[0].op.kind == OperationKind::embed;
        fold_norms(plan);
        place(plan);
        to_.arena_bytes = std::max(to_.arena_bytes, plan.arena_bytes);
        to_.padded_bytes = std::max(to_.padded_bytes, plan.padded_bytes);
        to_.vocabulary = std::max(to_.vocabulary, plan.vocabulary);
        for (const int rows : plan.max_rows) to_.max_rows = std::max(to_.max_rows, rows);
    }

  private:
    void node(StepPlan& plan, Node& node, const Operation& op) {
        node.op = op;
        node.a = vector(op.a);
        node.b = vector(op.b);
        node.frequencies = vector(op.rope_frequencies);
        const std::vector<Matrix> weights(op.weights, op.weights + op.weight_count);
        switch (op.kind) {
            case OperationKind::embed:
            case OperationKind::add_positions:
                for (size_t i = 0; i < weights.size(); ++i)
                    if (weights[i].data) node.tables[i] = packed({weights[i]});
                break;
            case OperationKind::linear:
            case OperationKind::conv1d:
                node.weights = join(weights);
                break;
            case OperationKind::gate_up:
                node.weights.parts.push_back({packed({weights[0]}), packed({weights[1]}), 0});
                break;
            case OperationKind::attention:
                attention(op, to_.caches[static_cast<size_t>(op.cache)].capacity);
                break;
            case OperationKind::self_attention:
                attention(op, 0);
                break;
            default:
                break;
        }
        if (op.kind == OperationKind::conv1d) {
            const auto x = static_cast<size_t>(op.x);
            const size_t rows = static_cast<size_t>(plan.max_rows[x] + op.kernel);
            plan.padded_bytes =
                std::max(plan.padded_bytes, rows * static_cast<size_t>(plan.widths[x]) * sizeof(float));
        }
        node.op.weights = nullptr;
    }

    Buffer vector(const Vector& values) {
        if (!values.data) return {};
        const size_t bytes = static_cast<size_t>(values.size) * sizeof(float);
        Buffer buffer(to_.device, bytes, "weights");
        check(cudaMemcpy(buffer.as<void>(), values.data, bytes, cudaMemcpyHostToDevice), "copying weights");
        to_.weight_bytes += bytes;
        return buffer;
    }

    const PackedMatrix* packed(const std::vector<Matrix>& parts) {
        std::vector<const void*> key;
        for (const Matrix& part : parts) key.push_back(part.data);
        auto& known = known_[key];
        if (known) return known;
        to_.matrices.push_back(std::make_unique<PackedMatrix>(packer_.pack(parts)));
        to_.weight_bytes += to_.matrices.back()->bytes();
        return known = to_.matrices.back().get();
    }

    // Neighbours become one matrix where they can.
    Weights join(const std::vector<Matrix>& weights) {
        Weights joined;
        int column = 0;
        for (size_t i = 0; i < weights.size();) {
            std::vector<Matrix> parts = {weights[i]};
            int64_t rows = weights[i].rows;
            while (i + parts.size() < weights.size() && parts.back().rows % kTileRows == 0 &&
                   weights[i + parts.size()].format == weights[i].format) {
                parts.push_back(weights[i + parts.size()]);
                rows += parts.back().rows;
            }
            joined.parts.push_back({packed(parts), nullptr, column});
            column += static_cast<int>(rows);
            i += parts.size();
        }
        return joined;
    }

    void attention(const Operation& op, int capacity) {
        AttentionShape shape;
        shape.heads = op.heads;
        shape.kv_heads = op.kv_heads;
        shape.head_dim = op.head_dim;
        if (!attention_fits(to_.device, shape))
            raise(Fault::unsupported, "%d heads of %d elements over %d do not fit this card's shared memory",
                  op.heads, op.head_dim, op.kv_heads);
        if (capacity == 0) return;
        const auto splits = static_cast<size_t>(split_count(to_.device, op.kv_heads, capacity));
        const size_t parts = static_cast<size_t>(kFewQueries) * static_cast<size_t>(op.heads) * splits;
        to_.split_levels = std::max(to_.split_levels, parts);
        to_.split_floats = std::max(to_.split_floats, parts * static_cast<size_t>(op.head_dim));
        to_.split_counters =
            std::max(to_.split_counters, static_cast<size_t>(kFewQueries) * static_cast<size_t>(op.kv_heads));
    }

    // A norm whose only readers are products needs no kernel of its own for few rows.
    static void fold_norms(StepPlan& plan) {
        for (size_t i = 0; i < plan.nodes.size(); ++i) {
            Node& norm = plan.nodes[i];
            const bool plain = norm.op.kind == OperationKind::rms_norm && norm.op.residual < 0;
            if (!plain && norm.op.kind != OperationKind::layer_norm) continue;
            const int out = norm.op.out;
            bool foldable = std::find(plan.outputs.begin(), plan.outputs.end(), out) == plan.outputs.end();
            for (const Node& reader : plan.nodes) {
                if (reader.op.residual == out) foldable = false;
                if (reader.op.x == out && !is_product(reader.op.kind)) foldable = false;
            }
            if (!foldable) continue;
            norm.folded = true;
            for (Node& reader : plan.nodes)
                if (reader.op.x == out) reader.norm = static_cast<int>(i);
        }
    }

    struct Placed {
        size_t begin, end;
        int first, last;
    };

    // Buffers that are never alive together share memory.
    static void place(StepPlan& plan) {
        const size_t count = plan.widths.size();
        std::vector<int> first(count, -1), last(count, -1);
        const auto touch = [&](int buffer, int at) {
            if (buffer < 0) return;
            const auto b = static_cast<size_t>(buffer);
            if (first[b] < 0) first[b] = at;
            last[b] = std::max(last[b], at);
        };
        for (size_t i = 0; i < plan.nodes.size(); ++i) {
            const Node& node = plan.nodes[i];
            const int at = static_cast<int>(i);
            touch(node.op.x, at);
            touch(node.op.out, at);
            touch(node.op.residual, at);
            if (node.norm >= 0) touch(plan.nodes[static_cast<size_t>(node.norm)].op.x, at);
        }
        for (const int output : plan.outputs)
            last[static_cast<size_t>(output)] = static_cast<int>(plan.nodes.size());
        plan.offsets.assign(count, 0);
        std::vector<Placed> placed;
        for (size_t b = 0; b < count; ++b) {
            const size_t bytes = aligned(static_cast<size_t>(plan.widths[b]) *
                                         static_cast<size_t>(plan.max_rows[b]) * sizeof(float));
            std::sort(placed.begin(), placed.end(),
                      [](const Placed& x, const Placed& y) { return x.begin < y.begin; });
            size_t at = 0;
            for (const Placed& other : placed) {
                if (other.last < first[b] || other.first > last[b]) continue;
                if (at + bytes <= other.begin) break;
                at = std::max(at, other.end);
            }
            placed.push_back({at, at + bytes, first[b], last[b]});
            plan.offsets[b] = at;
            plan.arena_bytes = std::max(plan.arena_bytes, at + bytes);
        }
    }

    LoadedProgram& to_;
    Packer packer_;
    std::map<std::vector<const void*>, const PackedMatrix*> known_;
};

}  // namespace

LoadedProgram::LoadedProgram(Device& device, const ProgramImage& image)
    : device(device), caches(image.caches, image.caches + image.cache_count) {
    Loader loader(*this, nullptr);
    for (int i = 0; i < image.step_count; ++i) loader.step(image.steps[i]);
    for (const CacheImage& cache : caches)
        state_bytes += sizeof(__half) * 2 * static_cast<size_t>(cache.kv_heads) *
                       static_cast<size_t>(cache.head_dim) * static_cast<size_t>(cache.capacity);
    state_bytes += arena_bytes + padded_bytes + split_floats * sizeof(float);
}

}  // namespace coda::runtime::cuda
