// The border between Coda and its CUDA plug-in, a shared object that is opened only where there is a driver.
// Plain structs and handles cross it, never a std type, an exception or ownership: whatever a pointer here
// points to belongs to who made it and is read during the call only, and what the plug-in makes is given back
// to the plug-in. Both sides compile this header; kAbiVersion and the build id say whether they are the same.
// Thread safety: as runtime/backend.h says of Backend, Executable and State.
#pragma once

#include <cstddef>
#include <cstdint>

namespace coda::runtime::cuda {

inline constexpr uint32_t kAbiVersion = 1;
inline constexpr const char* kEntryPoint = "coda_cuda_plugin";

// What can go wrong over there, in the terms of base/result.h.
enum class Fault : int32_t {
    none,
    unsupported,
    exhausted,    // device memory
    unavailable,  // no device, driver too old
    lost,         // the context is gone; nothing more will run in this process
    cancelled,
    internal,
};
struct Failure {
    Fault fault;
    char text[500];
};

struct DeviceFacts {
    char name[128];
    char uuid[40];
    int32_t compute_major, compute_minor;
    int32_t multiprocessors;
    int32_t driver_version, runtime_version;  // 13000 is 13.0
    int64_t memory_bytes, free_bytes, l2_bytes;
};
struct Measurements {
    double read_bytes_per_second;  // of a buffer many times the L2
    double copy_bytes_per_second;  // device to device, read and written counted
    double launch_seconds;         // one empty kernel in a graph of many
};

enum class Format : int32_t { f32, f16, bf16, q8_0, q4_0, q4_1, q4_k, q5_k, q6_k };

// Rows of `columns` elements as tensor.h lays them out, in host memory.
struct Matrix {
    const void* data;
    int64_t rows, columns;
    Format format;
};
struct Vector {
    const float* data;  // null: none
    int64_t size;
};

// Numbered as runtime::Activation and runtime::Rope::Order.
enum class Function : int32_t { none, relu, silu, gelu, gelu_tanh };
enum class RopeOrder : int32_t { none, interleaved, halves };

enum class OperationKind : int32_t {
    embed,           // weights: table, then positions and segment (rows 0 where there is none); scale
    input,           //
    add_positions,   // weights: table
    conv1d,          // weights: [out, kernel x in], turned so that a window is one stretch; bias; stride
    rms_norm,        // a: weight; residual
    layer_norm,      // a, b: weight, bias
    linear,          // weights; a: bias of all; function; scale; soft_cap; residual
    gate_up,         // weights: gate, up; function
    append_kv,       // out: queries; cache, heads; rope; a, b: norms of queries and keys
    store_kv,        // cache
    attention,       // cache, heads, scale, window, soft_cap
    self_attention,  // heads, kv_heads, head_dim, scale, soft_cap
    select_rows,
    mean_pool,
    normalize,
    sample,
};

struct Operation {
    OperationKind kind;
    int32_t x, out, residual, cache;  // -1: none
    const Matrix* weights;
    int32_t weight_count;
    Vector a, b;
    Vector rope_frequencies;
    RopeOrder rope_order;
    Function function;
    float rope_magnitude, epsilon, scale, soft_cap;
    int32_t stride, kernel, heads, kv_heads, head_dim, window;
};
struct CacheImage {
    int32_t stored;  // 1: replaced by store_kv; 0: grows
    int32_t kv_heads, head_dim, capacity;
};
struct StepImage {
    const Operation* operations;
    int32_t operation_count;
    const int32_t* widths;    // by buffer
    const int32_t* max_rows;  // by buffer
    int32_t buffer_count;
    const int32_t* outputs;  // buffers
    int32_t output_count;
    int32_t vocabulary;  // width of the logits that are sampled from; 0: none
};
struct ProgramImage {
    const CacheImage* caches;
    int32_t cache_count;
    const StepImage* steps;
    int32_t step_count;
};

struct Draw {
    float temperature, top_p, min_p, repetition_penalty;
    int32_t top_k;
    const int32_t* recent;  // without repeats, all within the vocabulary
    int32_t recent_count;
    const uint32_t* allowed;  // null: all
    int32_t allowed_words;
    uint64_t seed;
};
struct Run {
    int32_t step;
    int32_t length;         // positions in the growing caches
    const int32_t* rows;    // by buffer, of this run
    const int32_t* tokens;  // or
    const float* features;
    int32_t input_rows;
    const int32_t* selected;  // rows that select_rows keeps
    int32_t selected_count;
    Draw draw;
    int32_t (*cancelled)(const void* context);
    const void* cancel_context;
};
struct Ran {
    int32_t token;
    float logprob;
    const float* const* outputs;  // of the step, in host memory of the state, valid until its next run
};

// For tests: what shall go wrong, and at which call from now on (1: the next).
enum class Injection : int32_t {
    failed_allocation,
    lost_context,  // a kernel that traps, so that the context is gone in truth
};

struct Device;
struct LoadedProgram;
struct ProgramState;

struct Api {
    uint32_t abi_version;
    uint32_t size;  // of this struct
    const char* build_id;

    // All return null or false on failure, which they describe.
    Device* (*open)(DeviceFacts* facts, Failure* failure);
    void (*close)(Device* device);
    bool (*measure)(Device* device, Measurements* measurements, Failure* failure);
    LoadedProgram* (*compile)(Device* device, const ProgramImage* program, Failure* failure);
    void (*release)(LoadedProgram* program);
    void (*bytes)(const LoadedProgram* program, uint64_t* weights, uint64_t* state);
    ProgramState* (*create_state)(const LoadedProgram* program, Failure* failure);
    // `length`: positions of the growing caches that count.
    ProgramState* (*fork_state)(const ProgramState* state, int32_t length, Failure* failure);
    void (*destroy_state)(ProgramState* state);
    bool (*run)(ProgramState* state, const Run* run, Ran* ran, Failure* failure);
    void (*inject)(Device* device, Injection what, int64_t call);
};

// Null when the plug-in does not speak that version.
using EntryPoint = const Api* (*)(uint32_t abi_version);

}  // namespace coda::runtime::cuda
