// The table of kernels that one instruction set offers. Everything a CPU program computes goes through it.
//
// Weights come in panels: 16 output rows side by side, so that lane i of a vector belongs to row i and no sum
// ever runs across lanes. A panel of K columns of f32, f16 or bf16 is K x 16 elements. Quantized weights stay
// codes of a few bits; their layout is written where it is made, in panel_codes.h.
// Keys in the cache are panels of 16 positions over head_dim columns, values panels of 16 dimensions over
// positions: linear layers, scores and weighted sums are then all the same product, y[t][16 p + i] = sum_k
// x[t][k] W_p[k][i].
//
// Rules for the files that fill the table: see kernels_body.h. Thread safety: pure functions; the tables are
// constant.
#pragma once

#include <cstddef>
#include <cstdint>

namespace coda::runtime::cpu {

inline constexpr int kPanelRows = 16;
inline constexpr int kBlock = 32;      // columns of activations that share a scale
inline constexpr int kMatvecRows = 4;  // rows of x that matvec takes at once

enum class PanelType {
    f32,
    f16,
    bf16,
    // Codes from here on, named as in GGUF.
    q8_0,
    q4_0,
    q4_1,
    q5_0,
    q5_1,
    q2_k,
    q3_k,
    q4_k,
    q5_k,
    q6_k,
    iq4_nl,
    iq4_xs,
    mxfp4,
};
inline constexpr int kPlainTypes = 3, kCodedTypes = 13;

enum class Function { none, relu, silu, gelu, gelu_tanh };  // runtime::Activation, in its order

// `rows` rows of floats, `stride` apart.
struct ConstRows {
    const float* data;
    size_t stride;
};
struct MutableRows {
    float* data;
    size_t stride;
};

// y[t][16 p + i] for `count` panels that lie `stride` bytes apart and 1 to kMatvecRows rows.
using Matvec = void (*)(const std::byte* panels, size_t stride, int count, ConstRows x, int rows, int k,
                        MutableRows y);
// Columns [first, first + count) of a panel as count x 16 floats.
using Unpack = void (*)(const std::byte* panel, int first, int count, float* out);

struct Kernels {
    const char* isa;
    Matvec matvec[kPlainTypes];
    Unpack unpack[kPlainTypes];
    // y[t][0..16 panels) (+)= sum_k x[t][k] w[panel][k][i]; f32 panels of k columns, one or two, any number
    // of rows.
    void (*gemm)(ConstRows x, int rows, int k, const float* const* w, int panels, bool accumulate,
                 MutableRows y);
    // out[t][c] = function(tile[t][c] + bias[c]) + residual[t][c]; bias and residual may be null.
    void (*finish)(ConstRows tile, int rows, int columns, const float* bias, Function function,
                   ConstRows residual, MutableRows out);
    // The tile's columns are 16 of gate, 16 of up, ...: out[t][c] = function(gate) * up.
    void (*finish_gated)(ConstRows tile, int rows, int columns, Function function, MutableRows out);
    void (*rms_norm)(const float* x, int width, const float* weight, float epsilon, const float* residual,
                     float* out);
    void (*layer_norm)(const float* x, int width, const float* weight, const float* bias, float epsilon,
                       float* out);
    // In place: probabilities of x * scale.
    void (*softmax)(float* x, int count, float scale);
    // The sum of exp(x[i] - largest), and the largest.
    float (*sum_exp)(const float* x, int count, float* largest);
    void (*add)(const float* x, int count, float* to);
    void (*scale)(float factor, int count, float* x);
    // x = cap tanh(factor x / cap)
    void (*soft_cap)(float factor, float cap, int count, float* x);
    void (*to_f16)(const float* x, int count, uint16_t* out);
};

const Kernels& baseline_kernels();  // x86-64-v2
const Kernels& avx2_kernels();      // AVX2, FMA, F16C
const Kernels& avx512_kernels();    // AVX-512 F, BW, DQ, VL

// --- codes times activations in bytes (see planes_body.h) ---

struct CodedPanels {
    const std::byte* data;
    size_t stride;
    int count;
};

struct PlaneKernels {
    struct Planes {
        int rows;     // of x that belong together: a stretch of rows that is multiplied by itself starts at a
                      // multiple
        int x_bytes;  // that 32 columns of a row take
        // Rows of k floats, k a multiple of 32, to rows x k / 32 x x_bytes.
        void (*round_rows)(ConstRows x, int rows, int k, std::byte* out);
        // y[t][16 p + i] = sum_k x[t][k] W_p[k][i], by PanelType less kPlainTypes. Null where that gains
        // nothing.
        void (*multiply[kCodedTypes])(const CodedPanels& panels, int k, const std::byte* x, int rows,
                                      MutableRows y);
    };
    Planes one, two;  // 8 bits of activation, 16 bits
};

const PlaneKernels& avx2_planes();
const PlaneKernels& avxvnni_planes();
const PlaneKernels& avx512vl_planes();  // the same code as avxvnni in the other encoding
const PlaneKernels& avx512vnni_planes();

// --- q8_0 as its file has it ---

// For few rows of x: a long prompt is faster from panels, but those must be packed first.
struct FileRowKernels {
    static constexpr int kMostRows = 32;  // of x that are worth it
    int x_bytes;                          // that 32 columns of a row of x take
    // Rows of k floats, k a multiple of 32, to rows x k / 32 x x_bytes, each row by itself.
    void (*round_rows)(ConstRows x, int rows, int k, std::byte* out);
    // y[t][i] = sum_k x[t][k] w[i][k] for `count` rows of weights that lie `stride` bytes apart.
    void (*multiply)(const std::byte* rows, size_t stride, int count, int k, const std::byte* x, int x_rows,
                     MutableRows y);
};

// To the last bit what avx2_planes, and what those with VNNI, make of the same matrix in panels; both run by
// AVX2.
const FileRowKernels& avx2_file_rows();
const FileRowKernels& vnni_file_rows();

// --- many rows at once in BF16, where the machine multiplies it ---

// Weight panels for these are columns in pairs, K/2 x 16 x 2 (what vdpbf16ps and an AMX tile both read);
// activations are rows of K; K padded with zeros to a multiple of 32. A float is nearly (2^-16) the sum of
// two BF16, its rounding and what that left: three products of such halves stand in for one of floats.
inline constexpr int kBf16Rows = 32;  // gemm may read and write up to a multiple of these

struct Bf16Kernels {
    bool split_pays;  // three products here are faster than one in floats
    // Rows of k floats to padded_k bf16 and, where `low` is given, their rest.
    void (*round_rows)(ConstRows x, int rows, int k, int padded_k, uint16_t* high, uint16_t* low);
    // count x 16 floats to count/2 x 16 x 2 bf16, and again the rest; count is even.
    void (*pair_columns)(const float* panel, int count, uint16_t* high, uint16_t* low);
    // y[t][i] (+)= sum_k x[t][k] w[k][i] over one or two panels; k a multiple of 32, x_stride in elements.
    void (*gemm)(const uint16_t* x, size_t x_stride, int rows, int k, const uint16_t* const* w, int panels,
                 bool accumulate, MutableRows y);
};

const Bf16Kernels& avx512_bf16_kernels();
const Bf16Kernels& amx_kernels();

}  // namespace coda::runtime::cpu
