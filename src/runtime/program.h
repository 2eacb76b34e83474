// A model, written down once. A Program is a set of Steps over shared weights and caches; a Step is a list of
// fused operations over buffers, in the order they run. Nothing is computed here: a Backend compiles the
// Program, and what changes from run to run (tokens, lengths, sampling) comes with each run in StepInput
// (backend.h).
//
// Every buffer is a matrix of float rows and is written by exactly one operation. Its width is fixed when
// recorded; its number of rows follows at run time from the input: one row per token or feature row, conv1d
// divides it by its stride, select_rows keeps those the caller asked for (perhaps none: what follows then
// does nothing), mean_pool leaves one. How a backend lays buffers out, and which share memory, is its own
// business.
//
// What a weight file got wrong (a missing tensor, a wrong shape, an element type that no operation reads)
// does not stop the recording; the first such error is kept and compile() returns it. Ownership: a Program
// shares its Weights; Steps belong to the Program, and their addresses are stable. Thread safety: recorded by
// one thread; const afterwards.
#pragma once

#include "base/result.h"
#include "runtime/tensor.h"
#include "runtime/weights.h"

#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace coda::runtime {

// Names one buffer of a Step / one cache of a Program.
struct Buffer {
    int id = -1;
    bool operator==(const Buffer&) const = default;
};
struct Cache {
    int id = -1;
};

enum class Activation {
    none,
    relu,
    silu,
    gelu,       // x/2 (1 + erf(x / sqrt 2))
    gelu_tanh,  // its tanh approximation
};

// A key-value cache: `capacity` positions of kv_heads x head_dim keys and as many values.
struct CacheSpec {
    enum class Kind {
        growing,  // append_kv adds a position per row; State::length() counts them, truncate and fork act on
                  // them
        stored,   // store_kv replaces the whole content (cross-attention); its length is that of the last
                  // store
    };
    Kind kind = Kind::growing;
    int kv_heads = 0;
    int head_dim = 0;
    int capacity = 0;
};

// Rotary position embedding: pair i of each head turns by position * frequencies[i] and is multiplied by
// magnitude. All published scalings (linear, llama 3, YaRN) only change these numbers: see rope.h for
// functions that make them.
struct Rope {
    enum class Order {
        none,
        interleaved,  // pairs (2i, 2i + 1): what GGUF's llama architecture stores
        halves,       // pairs (i, i + pairs): GPT-NeoX, Qwen
    };
    Order order = Order::none;
    std::vector<float>
        frequencies;  // radians per position, one per pair; dimensions beyond 2 x pairs stay as they are
    float magnitude = 1;
};

// y = cap(scale * activation(concat_i(W_i x + b_i))) + residual, where cap(v) = soft_cap * tanh(v / soft_cap)
struct Linear {
    std::vector<TensorView> weights = {};  // W_i [out_i, in]; several are computed as one (q, k, v)
    std::vector<TensorView> biases = {};   // empty, or one per weight: [out_i], or a TensorView{} for no bias
    Activation activation = Activation::none;
    std::optional<Buffer> residual = {};  // [sum of out_i]
    float scale = 1;                      // granite
    float soft_cap = 0;                   // 0: none (gemma 2)
};

// A mixture of gated feed-forward networks: y = sum over the chosen e of p_e down_e(activation(gate_e x) *
// (up_e x)) + residual. p is the softmax over a row's router logits; the `used` experts with the largest are
// chosen (the lowest number on ties).
struct Experts {
    TensorView gate, up;  // [experts, hidden, width]
    TensorView down;      // [experts, width, hidden]
    int used = 0;         // per row
    Activation activation = Activation::silu;
    bool normalized = true;  // p of the chosen ones is divided by its sum
    std::optional<Buffer> residual = {};
};

struct AttentionSpec {
    int heads = 0;
    int kv_heads = 0;
    int head_dim = 0;
    float scale = 0;     // of q.k; 0: 1 / sqrt(head_dim)
    int window = 0;      // a causal query sees the last `window` positions, itself included; 0: all
    float soft_cap = 0;  // scores s (scaled) become soft_cap * tanh(s / soft_cap); 0: none
};

// The operations. Each names the buffers it reads and writes; a Step's methods below fill them in.
namespace op {
struct Embed {
    Buffer out;
    TensorView table, positions, segment;
    float scale;
};
struct Input {
    Buffer out;
};
struct AddPositions {
    Buffer x, out;
    TensorView table;
};
struct Conv1d {
    Buffer x, out;
    TensorView weight, bias;
    int stride;
    Activation activation;
};
struct RmsNorm {
    Buffer x, out;
    TensorView weight;
    float epsilon;
    std::optional<Buffer> residual;
};
struct LayerNorm {
    Buffer x, out;
    TensorView weight, bias;
    float epsilon;
};
struct Linear {
    Buffer x, out;
    runtime::Linear spec;
};
struct GateUp {
    Buffer x, out;
    TensorView gate, up;
    Activation activation;
};
struct Experts {
    Buffer x, router, out;
    runtime::Experts spec;
};
struct AppendKv {
    Buffer qkv, q;
    Cache cache;
    int heads;
    Rope rope;
    TensorView q_norm, k_norm;
    float norm_epsilon;
};
struct StoreKv {
    Buffer kv;
    Cache cache;
};
struct Attention {
    Buffer q, out;
    Cache cache;
    AttentionSpec spec;
};
struct SelfAttention {
    Buffer qkv, out;
    AttentionSpec spec;
};
struct SelectRows {
    Buffer x, out;
};
struct MeanPool {
    Buffer x, out;
};
struct Normalize {
    Buffer x, out;
};
struct Sample {
    Buffer logits;
};
}  // namespace op

using Op = std::variant<op::Embed, op::Input, op::AddPositions, op::Conv1d, op::RmsNorm, op::LayerNorm,
                        op::Linear, op::GateUp, op::Experts, op::AppendKv, op::StoreKv, op::Attention,
                        op::SelfAttention, op::SelectRows, op::MeanPool, op::Normalize, op::Sample>;

class Program;

class Step {
  public:
    // --- where rows come from: exactly one of these, first ---

    struct EmbedOptions {
        TensorView positions = {};  // [positions, width]: row (position of the token) is added
        TensorView segment = {};    // [segments, width]: row 0 is added (BERT's token type)
        float scale = 1;            // multiplies the token's row (gemma)
    };
    // One row per token: table[token]; table [vocabulary, width].
    Buffer embed(const TensorView& table, const EmbedOptions& options);
    Buffer embed(const TensorView& table) { return embed(table, EmbedOptions()); }
    // The rows of StepInput::features, each `width` floats.
    Buffer input(int width);

    // --- operations on rows ---

    // x[r] + table[r]; table [positions, width], at least as many as rows.
    Buffer add_positions(Buffer x, const TensorView& table);
    // Along the rows, zero-padded by kernel / 2 at both ends: out[t] = activation(b + sum W[:, c, k] x[t
    // stride + k - kernel / 2, c]); weight [out, in, kernel], bias [out] or empty.
    Buffer conv1d(Buffer x, const TensorView& weight, const TensorView& bias, int stride,
                  Activation activation);
    // weight [width]; x / sqrt(mean(x^2) + epsilon) * weight, plus `residual` where given.
    Buffer rms_norm(Buffer x, const TensorView& weight, float epsilon, std::optional<Buffer> residual = {});
    Buffer layer_norm(Buffer x, const TensorView& weight, const TensorView& bias, float epsilon);
    Buffer linear(Buffer x, const Linear& spec);
    // activation(gate x) * (up x); both [width_out, width].
    Buffer gate_up(Buffer x, const TensorView& gate, const TensorView& up, Activation activation);

    // `router`: a row of logits, one per expert, for every row of x.
    Buffer experts(Buffer x, Buffer router, const Experts& spec);

    // --- attention ---

    struct QkNorm {
        TensorView q = {}, k = {};  // [head_dim] rms norms of each head before the rotation (qwen3, gemma3)
        float epsilon = 0;
    };
    // Splits rows of `heads` queries, then kv_heads keys, then kv_heads values (each head_dim wide, as the
    // cache says); rotates queries and keys for the rows' positions, appends keys and values to the growing
    // `cache`, and returns the queries.
    Buffer append_kv(Buffer qkv, int heads, Cache cache, const Rope& rope, const QkNorm& norm);
    Buffer append_kv(Buffer qkv, int heads, Cache cache, const Rope& rope) {
        return append_kv(qkv, heads, cache, rope, QkNorm());
    }
    // Replaces the content of the stored `cache` by rows of kv_heads keys, then kv_heads values.
    void store_kv(Buffer kv, Cache cache);
    // Queries against a cache: causal over a growing one (row r sees everything up to its own position), all
    // of a stored one. kv_heads and head_dim of `spec` must be the cache's. Returns [heads x head_dim].
    Buffer attention(Buffer q, Cache cache, const AttentionSpec& spec);
    // Every row sees every row of this run (encoders); qkv as in append_kv.
    Buffer self_attention(Buffer qkv, const AttentionSpec& spec);

    // --- what comes out ---

    // The rows that StepInput::rows asks for. Before the last norm and the vocabulary matrix, so that both
    // work on no more rows than needed.
    Buffer select_rows(Buffer x);
    Buffer mean_pool(Buffer x);  // one row: the mean of all
    Buffer normalize(Buffer x);  // each row to Euclidean length 1 (a zero row stays zero)
    // Picks a token from the last row of logits as StepInput::sampling says; State::sampled() holds it.
    void sample(Buffer logits);
    // Keeps `buffer` readable after a run as State::output(name).
    void output(std::string name, Buffer buffer);

    // --- for backends ---

    struct Output {
        std::string name;
        Buffer buffer;
    };
    const std::string& name() const { return name_; }
    int index() const { return index_; }
    int max_rows() const { return max_rows_; }
    std::span<const Op> ops() const { return ops_; }
    std::span<const int> widths() const { return widths_; }  // by Buffer::id
    std::span<const Output> outputs() const { return outputs_; }
    bool takes_tokens() const;
    bool appends() const;  // has an append_kv, so a run moves State::length()

  private:
    friend class Program;
    Step(Program& program, std::string name, int index, int max_rows)
        : program_(program), name_(std::move(name)), index_(index), max_rows_(max_rows) {}
    Buffer new_buffer(int64_t width);
    int width(Buffer buffer) const;
    void expect_matrix(const TensorView& tensor, int64_t columns, const char* role);
    void expect_vector(const TensorView& tensor, int64_t length, const char* role);
    void expect_stack(const TensorView& tensor, const Shape& shape, const char* role);
    void expect(bool condition, const std::string& what, const std::string& where);

    Program& program_;
    std::string name_;
    int index_;
    int max_rows_;
    std::vector<Op> ops_;
    std::vector<int> widths_;
    std::vector<Output> outputs_;
};

class Program {
  public:
    Program(std::string name, std::shared_ptr<const Weights> weights);
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    Cache add_cache(const CacheSpec& spec);
    // `max_rows`: the most tokens or feature rows of one run.
    Step& add_step(std::string name, int max_rows);

    // The tensor of that name; when it is missing, an empty view, and compile() will fail and name it.
    TensorView weight(std::string_view name);
    // The same, but an empty view is all that happens.
    TensorView optional_weight(std::string_view name) const;

    const std::string& name() const { return name_; }
    const std::shared_ptr<const Weights>& weights() const { return weights_; }
    std::span<const CacheSpec> caches() const { return caches_; }  // by Cache::id
    const std::deque<Step>& steps() const { return steps_; }
    // The first error met while recording.
    const Status& status() const { return status_; }
    void set_error(Error error);  // kept when it is the first

  private:
    std::string name_;
    std::shared_ptr<const Weights> weights_;
    std::vector<CacheSpec> caches_;
    std::deque<Step> steps_;
    Status status_;
};

}  // namespace coda::runtime
