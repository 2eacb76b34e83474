// The kernels, written once over a vector of 16 floats. Each kernels_<isa>.cpp defines that vector (struct
// Vector and the tile sizes) in an anonymous namespace, includes this
// file inside the same namespace, and hands out the table. Nothing here or there may call an inline function
// from another header: the linker could keep the copy that was compiled for a newer machine.
//
// No include guard and no includes on purpose.

template <PanelType type>
struct Format;

template <>
struct Format<PanelType::f32> {
    static constexpr int kBytesPerColumn = 64;
    static Vector column(const std::byte* panel, int k) {
        return Vector::load(reinterpret_cast<const float*>(panel) + k * kPanelRows);
    }
};
template <>
struct Format<PanelType::f16> {
    static constexpr int kBytesPerColumn = 32;
    static Vector column(const std::byte* panel, int k) {
        return Vector::load_f16(reinterpret_cast<const uint16_t*>(panel) + k * kPanelRows);
    }
};
template <>
struct Format<PanelType::bf16> {
    static constexpr int kBytesPerColumn = 32;
    static Vector column(const std::byte* panel, int k) {
        return Vector::load_bf16(reinterpret_cast<const uint16_t*>(panel) + k * kPanelRows);
    }
};

// --- products of few rows, straight from the packed weights ---

// One panel at a time, so that memory is read in one stream. A sum would wait for itself: each row has
// kChains, added up at the end.
template <int kRows>
struct Sums {
    static constexpr int kChains = kRows == 1 ? 4 : 2;
    Vector part[kRows][kChains];

    Sums() {
        for (int t = 0; t < kRows; ++t)
            for (int c = 0; c < kChains; ++c) part[t][c] = Vector::zero();
    }
    // Adds w x[t][i] to every row.
    template <int i>
    void add(Vector w, const float* x, size_t x_stride) {
        for (int t = 0; t < kRows; ++t)
            part[t][i % kChains] =
                fma(w, Vector::all(x[static_cast<size_t>(t) * x_stride + i]), part[t][i % kChains]);
    }
    Vector total(int t) const {
        if constexpr (kChains == 4)
            return (part[t][0] + part[t][1]) + (part[t][2] + part[t][3]);
        else
            return part[t][0] + part[t][1];
    }
};

template <PanelType type, int kRows>
void matvec_plain(const std::byte* panel, ConstRows x, int k, MutableRows y) {
    constexpr int kColumn = Format<type>::kBytesPerColumn;
    Sums<kRows> sums;
    int i = 0;
    for (; i + 4 <= k; i += 4) {
        prefetch<4 * kColumn>(panel + static_cast<size_t>(i) * kColumn);
        sums.template add<0>(Format<type>::column(panel, i), x.data + i, x.stride);
        sums.template add<1>(Format<type>::column(panel, i + 1), x.data + i, x.stride);
        sums.template add<2>(Format<type>::column(panel, i + 2), x.data + i, x.stride);
        sums.template add<3>(Format<type>::column(panel, i + 3), x.data + i, x.stride);
    }
    for (; i < k; ++i) sums.template add<0>(Format<type>::column(panel, i), x.data + i, x.stride);
    for (int t = 0; t < kRows; ++t) sums.total(t).store(y.data + static_cast<size_t>(t) * y.stride);
}

template <PanelType type, int kRows>
void matvec_rows(const std::byte* panels, size_t stride, int count, ConstRows x, int k, MutableRows y) {
    for (int p = 0; p < count; ++p, panels += stride, y.data += kPanelRows)
        matvec_plain<type, kRows>(panels, x, k, y);
}

template <PanelType type>
void matvec(const std::byte* panels, size_t stride, int count, ConstRows x, int rows, int k, MutableRows y) {
    switch (rows) {
        case 1:
            return matvec_rows<type, 1>(panels, stride, count, x, k, y);
        case 2:
            return matvec_rows<type, 2>(panels, stride, count, x, k, y);
        case 3:
            return matvec_rows<type, 3>(panels, stride, count, x, k, y);
        default:
            return matvec_rows<type, 4>(panels, stride, count, x, k, y);
    }
}

// --- unpacking ---

template <PanelType type>
void unpack_plain(const std::byte* panel, int first, int count, float* out) {
    for (int i = 0; i < count; ++i) Format<type>::column(panel, first + i).store(out + i * kPanelRows);
}

// --- products of many rows ---

template <int kRows, int kPanels>
void gemm_tile(const float* x, size_t x_stride, int k, const float* const* w, bool accumulate, float* y,
               size_t y_stride) {
    Vector sum[kRows][kPanels];
    for (int t = 0; t < kRows; ++t)
        for (int p = 0; p < kPanels; ++p)
            sum[t][p] = accumulate ? Vector::load(y + static_cast<size_t>(t) * y_stride + p * kPanelRows)
                                   : Vector::zero();
    for (int i = 0; i < k; ++i) {
        Vector column[kPanels];
        for (int p = 0; p < kPanels; ++p) column[p] = Vector::load(w[p] + i * kPanelRows);
        for (int t = 0; t < kRows; ++t) {
            const Vector value = Vector::all(x[static_cast<size_t>(t) * x_stride + static_cast<size_t>(i)]);
            for (int p = 0; p < kPanels; ++p) sum[t][p] = fma(value, column[p], sum[t][p]);
        }
    }
    for (int t = 0; t < kRows; ++t)
        for (int p = 0; p < kPanels; ++p)
            sum[t][p].store(y + static_cast<size_t>(t) * y_stride + p * kPanelRows);
}

template <int kPanels>
void gemm_panels(ConstRows x, int rows, int k, const float* const* w, bool accumulate, MutableRows y) {
    const float* from = x.data;
    float* to = y.data;
    int left = rows;
    for (; left >= kGemmRows; left -= kGemmRows) {
        gemm_tile<kGemmRows, kPanels>(from, x.stride, k, w, accumulate, to, y.stride);
        from += kGemmRows * x.stride;
        to += kGemmRows * y.stride;
    }
    for (; left >= 4 && kGemmRows > 4; left -= 4) {
        gemm_tile<4, kPanels>(from, x.stride, k, w, accumulate, to, y.stride);
        from += 4 * x.stride;
        to += 4 * y.stride;
    }
    for (; left > 0; --left) {
        gemm_tile<1, kPanels>(from, x.stride, k, w, accumulate, to, y.stride);
        from += x.stride;
        to += y.stride;
    }
}

void gemm(ConstRows x, int rows, int k, const float* const* w, int panels, bool accumulate, MutableRows y) {
    if (panels == 2 && kGemmPanels == 2) return gemm_panels<2>(x, rows, k, w, accumulate, y);
    for (int p = 0; p < panels; ++p)
        gemm_panels<1>(x, rows, k, w + p, accumulate, {y.data + p * kPanelRows, y.stride});
}

// --- functions ---

// Cephes' expf: 2^n times a polynomial in the rest; relative error about 2^-23.
Vector exp(Vector x) {
    x = min(max(x, Vector::all(-87.33654f)), Vector::all(88.02969f));
    const Vector n = round(x * Vector::all(1.44269504f));
    const Vector r = fma(n, Vector::all(2.12194440e-4f), fma(n, Vector::all(-0.693359375f), x));
    Vector p = Vector::all(1.9875691500e-4f);
    p = fma(p, r, Vector::all(1.3981999507e-3f));
    p = fma(p, r, Vector::all(8.3334519073e-3f));
    p = fma(p, r, Vector::all(4.1665795894e-2f));
    p = fma(p, r, Vector::all(1.6666665459e-1f));
    p = fma(p, r, Vector::all(5.0000001201e-1f));
    return fma(p, r * r, r + Vector::all(1.0f)) * power_of_two(n);
}

// Abramowitz and Stegun 7.1.26, absolute error 1.5e-7.
Vector erf(Vector x) {
    const Vector size = abs(x);
    const Vector t = Vector::all(1.0f) / fma(size, Vector::all(0.3275911f), Vector::all(1.0f));
    Vector p = Vector::all(1.061405429f);
    p = fma(p, t, Vector::all(-1.453152027f));
    p = fma(p, t, Vector::all(1.421413741f));
    p = fma(p, t, Vector::all(-0.284496736f));
    p = fma(p, t, Vector::all(0.254829592f));
    return copy_sign(Vector::all(1.0f) - p * t * exp(Vector::zero() - size * size), x);
}

Vector sigmoid(Vector x) {
    return Vector::all(1.0f) / (Vector::all(1.0f) + exp(Vector::zero() - x));
}

template <Function function>
Vector apply(Vector x) {
    if constexpr (function == Function::relu) return max(x, Vector::zero());
    if constexpr (function == Function::silu) return x * sigmoid(x);
    if constexpr (function == Function::gelu)
        return x * Vector::all(0.5f) * (Vector::all(1.0f) + erf(x * Vector::all(0.70710678f)));
    if constexpr (function == Function::gelu_tanh) {  // (1 + tanh u) / 2 = sigmoid(2 u)
        const Vector cubic = fma(x * x * x, Vector::all(0.044715f), x);
        return x * sigmoid(cubic * Vector::all(2 * 0.79788456f));
    }
    return x;
}

// --- what follows a product ---

template <Function function>
Vector finish_vector(Vector value, const float* bias, const float* residual) {
    if (bias) value = value + Vector::load(bias);
    value = apply<function>(value);
    return residual ? value + Vector::load(residual) : value;
}

template <Function function>
void finish_row(const float* tile, int columns, const float* bias, const float* residual, float* out) {
    int c = 0;
    for (; c + kPanelRows <= columns; c += kPanelRows)
        finish_vector<function>(Vector::load(tile + c), bias ? bias + c : nullptr,
                                residual ? residual + c : nullptr)
            .store(out + c);
    if (c == columns) return;
    alignas(64) float padded_bias[kPanelRows] = {}, padded_residual[kPanelRows] = {}, result[kPanelRows];
    for (int i = 0; i < columns - c; ++i) {
        if (bias) padded_bias[i] = bias[c + i];
        if (residual) padded_residual[i] = residual[c + i];
    }
    finish_vector<function>(Vector::load(tile + c), padded_bias, padded_residual).store(result);
    for (int i = 0; i < columns - c; ++i) out[c + i] = result[i];
}

template <Function function>
void finish_rows(ConstRows tile, int rows, int columns, const float* bias, ConstRows residual,
                 MutableRows out) {
    for (int t = 0; t < rows; ++t) {
        const auto row = static_cast<size_t>(t);
        finish_row<function>(tile.data + row * tile.stride, columns, bias,
                             residual.data ? residual.data + row * residual.stride : nullptr,
                             out.data + row * out.stride);
    }
}

void finish(ConstRows tile, int rows, int columns, const float* bias, Function function, ConstRows residual,
            MutableRows out) {
    switch (function) {
        case Function::none:
            return finish_rows<Function::none>(tile, rows, columns, bias, residual, out);
        case Function::relu:
            return finish_rows<Function::relu>(tile, rows, columns, bias, residual, out);
        case Function::silu:
            return finish_rows<Function::silu>(tile, rows, columns, bias, residual, out);
        case Function::gelu:
            return finish_rows<Function::gelu>(tile, rows, columns, bias, residual, out);
        case Function::gelu_tanh:
            return finish_rows<Function::gelu_tanh>(tile, rows, columns, bias, residual, out);
    }
}

template <Function function>
void finish_gated_rows(ConstRows tile, int rows, int columns, MutableRows out) {
    for (int t = 0; t < rows; ++t) {
        const float* from = tile.data + static_cast<size_t>(t) * tile.stride;
        float* to = out.data + static_cast<size_t>(t) * out.stride;
        for (int c = 0; c < columns; c += kPanelRows, from += 2 * kPanelRows) {
            const Vector value = apply<function>(Vector::load(from)) * Vector::load(from + kPanelRows);
            if (c + kPanelRows <= columns) {
                value.store(to + c);
                continue;
            }
            alignas(64) float result[kPanelRows];
            value.store(result);
            for (int i = 0; i < columns - c; ++i) to[c + i] = result[i];
        }
    }
}

void finish_gated(ConstRows tile, int rows, int columns, Function function, MutableRows out) {
    switch (function) {
        case Function::none:
            return finish_gated_rows<Function::none>(tile, rows, columns, out);
        case Function::relu:
            return finish_gated_rows<Function::relu>(tile, rows, columns, out);
        case Function::silu:
            return finish_gated_rows<Function::silu>(tile, rows, columns, out);
        case Function::gelu:
            return finish_gated_rows<Function::gelu>(tile, rows, columns, out);
        case Function::gelu_tanh:
            return finish_gated_rows<Function::gelu_tanh>(tile, rows, columns, out);
    }
}

// --- rows ---

float sum_of_squares(const float* x, int count, float mean) {
    Vector sum = Vector::zero();
    const Vector center = Vector::all(mean);
    int i = 0;
    for (; i + kPanelRows <= count; i += kPanelRows) {
        const Vector v = Vector::load(x + i) - center;
        sum = fma(v, v, sum);
    }
    float total = sum.sum();
    for (; i < count; ++i) total += (x[i] - mean) * (x[i] - mean);
    return total;
}

float sum_of(const float* x, int count) {
    Vector sum = Vector::zero();
    int i = 0;
    for (; i + kPanelRows <= count; i += kPanelRows) sum = sum + Vector::load(x + i);
    float total = sum.sum();
    for (; i < count; ++i) total += x[i];
    return total;
}

void rms_norm(const float* x, int width, const float* weight, float epsilon, const float* residual,
              float* out) {
    const float scale =
        1.0f / __builtin_sqrtf(sum_of_squares(x, width, 0) / static_cast<float>(width) + epsilon);
    const Vector by = Vector::all(scale);
    int i = 0;
    for (; i + kPanelRows <= width; i += kPanelRows) {
        Vector v = Vector::load(x + i) * by * Vector::load(weight + i);
        if (residual) v = v + Vector::load(residual + i);
        v.store(out + i);
    }
    for (; i < width; ++i) out[i] = x[i] * scale * weight[i] + (residual ? residual[i] : 0.0f);
}

void layer_norm(const float* x, int width, const float* weight, const float* bias, float epsilon,
                float* out) {
    const float mean = sum_of(x, width) / static_cast<float>(width);
    const float scale =
        1.0f / __builtin_sqrtf(sum_of_squares(x, width, mean) / static_cast<float>(width) + epsilon);
    const Vector by = Vector::all(scale), center = Vector::all(mean);
    int i = 0;
    for (; i + kPanelRows <= width; i += kPanelRows)
        fma((Vector::load(x + i) - center) * by, Vector::load(weight + i), Vector::load(bias + i))
            .store(out + i);
    for (; i < width; ++i) out[i] = (x[i] - mean) * scale * weight[i] + bias[i];
}

float largest_of(const float* x, int count) {
    int i = 0;
    float largest = x[0];
    if (count >= kPanelRows) {
        Vector best = Vector::load(x);
        for (i = kPanelRows; i + kPanelRows <= count; i += kPanelRows) best = max(best, Vector::load(x + i));
        largest = best.largest();
    }
    for (; i < count; ++i) largest = x[i] > largest ? x[i] : largest;
    return largest;
}

// x[i] = exp(scale * (x[i] - largest)) where `out` is given; returns their sum.
float exp_and_sum(const float* x, int count, float largest, float scale, float* out) {
    const Vector top = Vector::all(largest), by = Vector::all(scale);
    Vector sum = Vector::zero();
    int i = 0;
    for (; i + kPanelRows <= count; i += kPanelRows) {
        const Vector e = exp((Vector::load(x + i) - top) * by);
        sum = sum + e;
        if (out) e.store(out + i);
    }
    float total = sum.sum();
    if (i == count) return total;
    alignas(64) float rest[kPanelRows] = {};
    for (int j = 0; j < count - i; ++j) rest[j] = (x[i + j] - largest) * scale;
    exp(Vector::load(rest)).store(rest);
    for (int j = 0; j < count - i; ++j) {
        total += rest[j];
        if (out) out[i + j] = rest[j];
    }
    return total;
}

void scale_by(float factor, int count, float* x) {
    const Vector by = Vector::all(factor);
    int i = 0;
    for (; i + kPanelRows <= count; i += kPanelRows) (Vector::load(x + i) * by).store(x + i);
    for (; i < count; ++i) x[i] *= factor;
}

// tanh u = 1 - 2 / (exp(2 u) + 1)
void soft_cap(float factor, float cap, int count, float* x) {
    const Vector by = Vector::all(2 * factor / cap), top = Vector::all(cap), one = Vector::all(1.0f);
    const auto capped = [&](Vector v) { return top * (one - Vector::all(2.0f) / (exp(v * by) + one)); };
    int i = 0;
    for (; i + kPanelRows <= count; i += kPanelRows) capped(Vector::load(x + i)).store(x + i);
    if (i == count) return;
    alignas(64) float rest[kPanelRows] = {};
    for (int j = 0; j < count - i; ++j) rest[j] = x[i + j];
    capped(Vector::load(rest)).store(rest);
    for (int j = 0; j < count - i; ++j) x[i + j] = rest[j];
}

// Requires scale > 0.
void softmax(float* x, int count, float scale) {
    const float total = exp_and_sum(x, count, largest_of(x, count), scale, x);
    scale_by(1.0f / total, count, x);
}

float sum_exp(const float* x, int count, float* largest) {
    *largest = largest_of(x, count);
    return exp_and_sum(x, count, *largest, 1.0f, nullptr);
}

void add(const float* x, int count, float* to) {
    int i = 0;
    for (; i + kPanelRows <= count; i += kPanelRows)
        (Vector::load(to + i) + Vector::load(x + i)).store(to + i);
    for (; i < count; ++i) to[i] += x[i];
}

void to_f16(const float* x, int count, uint16_t* out) {
    int i = 0;
    for (; i + kPanelRows <= count; i += kPanelRows) Vector::load(x + i).store_f16(out + i);
    if (i == count) return;
    alignas(64) float rest[kPanelRows] = {};
    alignas(32) uint16_t halves[kPanelRows];
    for (int j = 0; j < count - i; ++j) rest[j] = x[i + j];
    Vector::load(rest).store_f16(halves);
    for (int j = 0; j < count - i; ++j) out[i + j] = halves[j];
}

constexpr Kernels kTable = {
    kIsa,
    {matvec<PanelType::f32>, matvec<PanelType::f16>, matvec<PanelType::bf16>},
    {unpack_plain<PanelType::f32>, unpack_plain<PanelType::f16>, unpack_plain<PanelType::bf16>},
    gemm,
    finish,
    finish_gated,
    rms_norm,
    layer_norm,
    softmax,
    sum_exp,
    add,
    scale_by,
    soft_cap,
    to_f16,
};
