#include "runtime/cuda/program_image.h"

#include "runtime/step_rows.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>

#include <fmt/format.h>

namespace coda::runtime::cuda {
namespace {

constexpr int kMaxHeadDim = 256;

// What the plug-in reads as it lies.
std::optional<Format> format_of(DType dtype) {
    switch (dtype) {
        case DType::f32:
            return Format::f32;
        case DType::f16:
            return Format::f16;
        case DType::bf16:
            return Format::bf16;
        case DType::q8_0:
            return Format::q8_0;
        case DType::q4_0:
            return Format::q4_0;
        case DType::q4_1:
            return Format::q4_1;
        case DType::q4_k:
            return Format::q4_k;
        case DType::q5_k:
            return Format::q5_k;
        case DType::q6_k:
            return Format::q6_k;
        default:
            return std::nullopt;
    }
}

Function function_of(Activation activation) {
    return static_cast<Function>(activation);
}

std::vector<std::byte> as_bytes(const std::vector<float>& values) {
    std::vector<std::byte> bytes(values.size() * sizeof(float));
    std::memcpy(bytes.data(), values.data(), bytes.size());
    return bytes;
}

// [out, in, kernel] as [out, kernel, in]: a window over rows of time is then one stretch of memory.
std::vector<std::byte> turn_kernel(const TensorView& weight) {
    const auto size = static_cast<size_t>(block_size(weight.dtype).bytes);
    const auto out = static_cast<size_t>(weight.shape[0]), in = static_cast<size_t>(weight.shape[1]),
               kernel = static_cast<size_t>(weight.shape[2]);
    std::vector<std::byte> turned(weight.bytes.size());
    for (size_t o = 0; o < out; ++o)
        for (size_t c = 0; c < in; ++c)
            for (size_t k = 0; k < kernel; ++k)
                std::memcpy(turned.data() + ((o * kernel + k) * in + c) * size,
                            weight.bytes.data() + ((o * in + c) * kernel + k) * size, size);
    return turned;
}

}  // namespace

// Writes one operation; what it cannot say in plain structs it refuses.
class OperationWriter {
  public:
    OperationWriter(const Program& program, ProgramWriter& to, ProgramWriter::StepStorage& step)
        : program_(program), to_(to), step_(step) {}

    Status operator()(const op::Embed& op) {
        Operation& o = add(OperationKind::embed, {}, op.out);
        o.scale = op.scale;
        return matrices(o, {op.table, op.positions, op.segment});
    }
    Status operator()(const op::Input& op) {
        add(OperationKind::input, {}, op.out);
        return {};
    }
    Status operator()(const op::AddPositions& op) {
        return matrices(add(OperationKind::add_positions, op.x, op.out), {op.table});
    }
    Status operator()(const op::Conv1d& op) {
        Operation& o = add(OperationKind::conv1d, op.x, op.out);
        o.stride = op.stride;
        o.kernel = static_cast<int32_t>(op.weight.shape[2]);
        o.function = function_of(op.activation);
        if (!op.bias.empty()) o.a = floats(to_floats(op.bias));
        TensorView turned = op.weight;
        turned.shape = Shape{op.weight.shape[0], op.weight.shape[1] * op.weight.shape[2]};
        to_.turned_.push_back(turn_kernel(op.weight));
        turned.bytes = to_.turned_.back();
        return matrices(o, {turned});
    }
    Status operator()(const op::RmsNorm& op) {
        Operation& o = add(OperationKind::rms_norm, op.x, op.out);
        o.epsilon = op.epsilon;
        o.a = floats(to_floats(op.weight));
        if (op.residual) o.residual = op.residual->id;
        return {};
    }
    Status operator()(const op::LayerNorm& op) {
        Operation& o = add(OperationKind::layer_norm, op.x, op.out);
        o.epsilon = op.epsilon;
        o.a = floats(to_floats(op.weight));
        o.b = floats(to_floats(op.bias));
        return {};
    }
    Status operator()(const op::Linear& op) {
        Operation& o = add(OperationKind::linear, op.x, op.out);
        o.function = function_of(op.spec.activation);
        if (op.spec.residual) o.residual = op.spec.residual->id;
        o.scale = op.spec.scale;
        o.soft_cap = op.spec.soft_cap;
        if (const std::vector<float> bias = bias_of(op.spec); !bias.empty()) o.a = floats(bias);
        return matrices(o, op.spec.weights);
    }
    Status operator()(const op::GateUp& op) {
        Operation& o = add(OperationKind::gate_up, op.x, op.out);
        o.function = function_of(op.activation);
        if (op.gate.dtype == op.up.dtype) return matrices(o, {op.gate, op.up});
        return matrices(o, {plain(op.gate), plain(op.up)});
    }
    Status operator()(const op::AppendKv& op) {
        Operation& o = add(OperationKind::append_kv, op.qkv, op.q);
        o.cache = op.cache.id;
        o.heads = op.heads;
        o.rope_order = static_cast<RopeOrder>(op.rope.order);
        o.rope_magnitude = op.rope.magnitude;
        o.rope_frequencies = floats(op.rope.frequencies);
        o.epsilon = op.norm_epsilon;
        if (!op.q_norm.empty()) o.a = floats(to_floats(op.q_norm));
        if (!op.k_norm.empty()) o.b = floats(to_floats(op.k_norm));
        return check_head(spec(op.cache).head_dim);
    }
    Status operator()(const op::StoreKv& op) {
        add(OperationKind::store_kv, op.kv, {}).cache = op.cache.id;
        return {};
    }
    Status operator()(const op::Attention& op) {
        Operation& o = add(OperationKind::attention, op.q, op.out);
        o.cache = op.cache.id;
        return attention(o, op.spec);
    }
    Status operator()(const op::SelfAttention& op) {
        return attention(add(OperationKind::self_attention, op.qkv, op.out), op.spec);
    }
    Status operator()(const op::SelectRows& op) {
        add(OperationKind::select_rows, op.x, op.out);
        return {};
    }
    Status operator()(const op::MeanPool& op) {
        add(OperationKind::mean_pool, op.x, op.out);
        return {};
    }
    Status operator()(const op::Normalize& op) {
        add(OperationKind::normalize, op.x, op.out);
        return {};
    }
    Status operator()(const op::Sample& op) {
        add(OperationKind::sample, op.logits, {});
        step_.vocabulary = step_.widths[static_cast<size_t>(op.logits.id)];
        return {};
    }
    template <class Unknown>
    Status operator()(const Unknown&) {
        return fail(ErrorCode::unsupported, "an operation of this model is not one of the GPU's",
                    program_.name());
    }

  private:
    const CacheSpec& spec(Cache cache) const { return program_.caches()[static_cast<size_t>(cache.id)]; }

    Operation& add(OperationKind kind, Buffer x, Buffer out) {
        Operation operation{};
        operation.kind = kind;
        operation.x = x.id;
        operation.out = out.id;
        operation.residual = operation.cache = -1;
        operation.scale = 1;
        operation.stride = 1;
        return step_.operations.emplace_back(operation);
    }

    Vector floats(std::vector<float> values) {
        to_.floats_.push_back(std::move(values));
        return {to_.floats_.back().data(), static_cast<int64_t>(to_.floats_.back().size())};
    }

    // As floats, where the plug-in does not know the type.
    TensorView plain(const TensorView& weight) {
        to_.turned_.push_back(as_bytes(to_floats(weight)));
        TensorView view = weight;
        view.dtype = DType::f32;
        view.bytes = to_.turned_.back();
        return view;
    }

    Status matrices(Operation& operation, const std::vector<TensorView>& weights) {
        std::vector<Matrix>& list = to_.matrices_.emplace_back();
        for (const TensorView& weight : weights) {
            if (weight.empty()) {
                list.push_back({nullptr, 0, 0, Format::f32});
                continue;
            }
            const TensorView known = format_of(weight.dtype) ? weight : plain(weight);
            list.push_back(
                {known.bytes.data(), known.shape.rows(), known.shape.columns(), *format_of(known.dtype)});
        }
        operation.weights = list.data();
        operation.weight_count = static_cast<int32_t>(list.size());
        return {};
    }

    static std::vector<float> bias_of(const Linear& spec) {
        std::vector<float> all;
        bool any = false;
        for (size_t i = 0; i < spec.weights.size(); ++i) {
            const auto rows = static_cast<size_t>(spec.weights[i].shape.rows());
            const bool there = i < spec.biases.size() && !spec.biases[i].empty();
            const std::vector<float> bias =
                there ? to_floats(spec.biases[i]) : std::vector<float>(rows, 0.0f);
            all.insert(all.end(), bias.begin(), bias.end());
            any = any || there;
        }
        return any ? all : std::vector<float>();
    }

    Status attention(Operation& o, const AttentionSpec& spec) {
        o.heads = spec.heads;
        o.kv_heads = spec.kv_heads;
        o.head_dim = spec.head_dim;
        o.window = spec.window;
        o.soft_cap = spec.soft_cap;
        o.scale = spec.scale != 0 ? spec.scale : 1 / std::sqrt(static_cast<float>(spec.head_dim));
        return check_head(spec.head_dim);
    }
    Status check_head(int head_dim) const {
        if (head_dim <= kMaxHeadDim && head_dim % 2 == 0) return {};
        return fail(
            ErrorCode::unsupported,
            fmt::format("heads of {} elements (the GPU takes even ones up to {})", head_dim, kMaxHeadDim),
            program_.name());
    }

    const Program& program_;
    ProgramWriter& to_;
    ProgramWriter::StepStorage& step_;
};

Result<ProgramWriter> ProgramWriter::write(const Program& program) {
    ProgramWriter writer;
    for (const CacheSpec& spec : program.caches())
        writer.caches_.push_back(
            {spec.kind == CacheSpec::Kind::stored, spec.kv_heads, spec.head_dim, spec.capacity});
    for (const Step& step : program.steps()) {
        StepStorage& storage = writer.storage_.emplace_back();
        storage.widths.assign(step.widths().begin(), step.widths().end());
        const std::vector<int> rows = max_rows_of(step);
        storage.max_rows.assign(rows.begin(), rows.end());
        for (const Step::Output& output : step.outputs()) storage.outputs.push_back(output.buffer.id);
        OperationWriter operations(program, writer, storage);
        for (const Op& op : step.ops()) CODA_CHECK(std::visit(operations, op));
    }
    for (const StepStorage& s : writer.storage_)
        writer.steps_.push_back({s.operations.data(), static_cast<int32_t>(s.operations.size()),
                                 s.widths.data(), s.max_rows.data(), static_cast<int32_t>(s.widths.size()),
                                 s.outputs.data(), static_cast<int32_t>(s.outputs.size()), s.vocabulary});
    return writer;
}

ProgramImage ProgramWriter::image() const {
    return {caches_.data(), static_cast<int32_t>(caches_.size()), steps_.data(),
            static_cast<int32_t>(steps_.size())};
}

}  // namespace coda::runtime::cuda
