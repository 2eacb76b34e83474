#include "models/llm/rope_scaling.h"

#include "models/llm/unicode.h"

#include <cmath>

#include <fmt/format.h>

namespace coda::models::llm {

namespace {

constexpr int64_t kMostContext = int64_t{1} << 30;

// One factor per pair from a tensor; empty where the file has none.
Result<std::vector<float>> read_factors(const ArchitectureKeys& keys, const char* name, int pairs) {
    const runtime::TensorView* tensor = keys.weights().find(name);
    if (tensor == nullptr) return std::vector<float>();
    const std::string where = fmt::format("{}: {}", keys.weights().path(), name);
    const auto bad = [&](std::string what) {
        return fail(ErrorCode::bad_format, std::move(what), where, "fetch or convert the model again");
    };
    if (tensor->shape.elements() != pairs || !runtime::is_weight(tensor->dtype))
        return bad(fmt::format("has shape {}, where {} factors are needed", to_string(tensor->shape), pairs));
    std::vector<float> factors = runtime::to_floats(*tensor);
    for (const float factor : factors) {
        if (!std::isfinite(factor) || factor <= 0) return bad("holds a factor that is not positive");
    }
    return factors;
}

Result<RopeScaling::Kind> read_kind(const ArchitectureKeys& keys) {
    using Kind = RopeScaling::Kind;
    const std::string_view type = keys.text("rope.scaling.type", "linear");
    if (keys.weights().find("rope_factors_long.weight") != nullptr) return Kind::longrope;
    if (type == "none") return Kind::none;
    if (type == "linear") return Kind::linear;
    if (type == "yarn") return Kind::yarn;
    if (type == "longrope" || type == "su") return Kind::longrope;
    if (type == "dynamic") return Kind::dynamic;
    return keys.unsupported("rope.scaling.type",
                            fmt::format("rope scaling '{}' is not supported", printable(type)),
                            "use a model scaled by one of none, linear, yarn, longrope, dynamic");
}

Status read_longrope(const ArchitectureKeys& keys, RopeScaling& scaling) {
    CODA_TRY(scaling.long_factors, read_factors(keys, "rope_factors_long.weight", scaling.dims / 2));
    CODA_TRY(scaling.short_factors, read_factors(keys, "rope_factors_short.weight", scaling.dims / 2));
    for (const auto& [name, factors] : {std::pair{"rope_factors_long.weight", &scaling.long_factors},
                                        {"rope_factors_short.weight", &scaling.short_factors}}) {
        if (factors->empty()) return tl::unexpected(keys.weights().get(name).error());
    }
    return {};
}

// NTK-aware: high frequencies stay, the lowest is interpolated (as transformers' "dynamic" does for one pass
// over `context` tokens).
float dynamic_base(const RopeScaling& scaling, int context) {
    if (context <= scaling.original_context || scaling.dims <= 2) return scaling.base;
    const double stretch = static_cast<double>(scaling.factor) * context / scaling.original_context -
                           (static_cast<double>(scaling.factor) - 1);
    const double exponent = scaling.dims / (scaling.dims - 2.0);
    return static_cast<float>(scaling.base * std::pow(std::max(1.0, stretch), exponent));
}

}  // namespace

runtime::Rope RopeScaling::rope(int context) const {
    runtime::Rope rope;
    rope.order = order;
    rope.magnitude = magnitude;
    const float used_base = kind == Kind::dynamic ? dynamic_base(*this, context) : base;
    std::vector<float> frequencies = runtime::rope_frequencies(used_base, dims);
    if (!factors.empty()) frequencies = runtime::scale_by_factors(std::move(frequencies), factors);
    switch (kind) {
        case Kind::none:
        case Kind::dynamic:
            break;
        case Kind::linear:
            frequencies = runtime::scale_linear(std::move(frequencies), factor);
            break;
        case Kind::yarn:
            rope.magnitude *= runtime::yarn_magnitude(factor);
            frequencies = runtime::scale_yarn(std::move(frequencies), {.factor = factor,
                                                                       .base = base,
                                                                       .beta_fast = beta_fast,
                                                                       .beta_slow = beta_slow,
                                                                       .original_context = original_context});
            break;
        case Kind::longrope:
            frequencies = runtime::scale_by_factors(
                std::move(frequencies), context > original_context ? long_factors : short_factors);
            break;
    }
    rope.frequencies = std::move(frequencies);
    return rope;
}

Result<RopeScaling> read_rope_scaling(const ArchitectureKeys& keys, runtime::Rope::Order order, int head_dim,
                                      int trained_context) {
    RopeScaling scaling;
    scaling.order = order;
    CODA_TRY(scaling.dims, keys.integer("rope.dimension_count", 2, head_dim, head_dim));
    if (scaling.dims % 2 != 0)
        return keys.bad("rope.dimension_count",
                        fmt::format("{} elements are rotated in pairs", scaling.dims));
    CODA_TRY(scaling.base, keys.number("rope.freq_base", 10000));
    CODA_TRY(scaling.kind, read_kind(keys));
    CODA_TRY(scaling.factors, read_factors(keys, "rope_freqs.weight", scaling.dims / 2));
    // The older key stands for linear scaling without naming it.
    CODA_TRY(const float old_factor, keys.number("rope.scale_linear", 1));
    CODA_TRY(scaling.factor, keys.number("rope.scaling.factor", old_factor));
    CODA_TRY(scaling.magnitude, keys.number("rope.scaling.attn_factor", 1));
    CODA_TRY(scaling.beta_fast, keys.number("rope.scaling.yarn_beta_fast", 32));
    CODA_TRY(scaling.beta_slow, keys.number("rope.scaling.yarn_beta_slow", 1));
    CODA_TRY(scaling.original_context,
             scaling.kind == RopeScaling::Kind::yarn
                 ? keys.require("rope.scaling.original_context_length", 1, kMostContext)
                 : keys.integer("rope.scaling.original_context_length", 1, kMostContext, trained_context));
    if (scaling.kind == RopeScaling::Kind::longrope) CODA_CHECK(read_longrope(keys, scaling));
    for (const int context : {scaling.original_context, scaling.original_context + 1, trained_context}) {
        for (const float frequency : scaling.rope(context).frequencies) {
            if (!std::isfinite(frequency)) return keys.bad("rope.freq_base", "gives no finite frequencies");
        }
    }
    return scaling;
}

}  // namespace coda::models::llm
