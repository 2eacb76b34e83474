// What runs a Program. A Backend stands for a device; it compiles a Program into an Executable (weights
// repacked once, immutable, shared), and an Executable makes States, one per conversation, which hold all
// that changes: caches, activations, the last outputs. Thread safety: Backend and Executable may be used from
// any thread; several threads may run one Executable at the same time with different States. A State belongs
// to one thread at a time. Ownership: an Executable keeps its Program
// (and so its Weights) and the device alive, a State its Executable.
#pragma once

#include "base/cancel.h"
#include "base/result.h"
#include "runtime/program.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace coda::runtime {

// Whose work goes first when several runs share the device: the decision whether a turn is over, then
// hearing, then the first words of the answer. Looked at between operations; equals share.
enum class Priority { vad, stt, llm_first, tts, background };

struct Sampling {
    float temperature = 0;  // 0: the largest logit (after the penalty), the lowest token on ties
    int top_k = 0;          // 0: off
    float top_p = 1;
    float min_p = 0;
    float repetition_penalty =
        1;  // of tokens in `recent`: a positive logit is divided by it, a negative multiplied
    std::span<const int32_t> recent = {};
    // Bit t % 32 of word t / 32 allows token t; empty allows all. At least one must be allowed.
    std::span<const uint32_t> allowed = {};
    // The draw is a function of seed and of the position of the row that is sampled from, and of nothing
    // else.
    uint64_t seed = 0;
};

// Which rows select_rows keeps.
struct Rows {
    enum class Kind { last, none, all, listed } kind = Kind::last;
    std::span<const int32_t> list = {};  // ascending, of this run's rows
};

// What one run works on. Spans are read during the run only.
struct StepInput {
    std::span<const int32_t> tokens = {};  // for steps that embed: row r is at position State::length() + r
    std::span<const float> features = {};  // for steps with an input: rows x width
    Rows rows = {};
    Sampling sampling = {};
};

struct Sampled {
    int32_t token = -1;
    float logprob =
        0;  // natural log, under the softmax of the allowed logits before temperature and penalties
};

// A matrix of rows x width floats.
struct OutputView {
    std::span<const float> values;
    int rows = 0;
    int width = 0;
    std::span<const float> row(int r) const {
        return values.subspan(static_cast<size_t>(r) * static_cast<size_t>(width),
                              static_cast<size_t>(width));
    }
};

class State {
  public:
    virtual ~State() = default;
    // Positions held by the growing caches.
    virtual int length() const = 0;
    // Forgets positions from `length` on. Requires 0 <= length <= length().
    virtual void truncate(int length) = 0;
    // An independent State with the same caches. Fails with exhausted when memory does.
    virtual Result<std::unique_ptr<State>> fork() const = 0;
    // The named output of the last run, valid until the next; empty when that step has none of this name.
    virtual OutputView output(std::string_view name) const = 0;
    // Of the last run that sampled.
    virtual Sampled sampled() const = 0;
};

struct CompileOptions {
    // What activations are rounded to before they multiply weights. f32: not at all, or, where codes of
    // quantized weights are multiplied in bytes, to 16 bits with a scale per 32 columns, which is as
    // good (the relative error of a product is about 1e-5). bf16: to 8 bits of mantissa where the weights are
    // f16, bf16 or f32 and many rows are computed at once. int8: as bf16, and to 8 bits with a scale per 32
    // columns where the weights are quantized. The last two are taken only where they are faster and the
    // model's check against f32 holds.
    enum class Activations { f32, bf16, int8 };
    Activations activations = Activations::f32;
    // Quantized weights by name whose activations are rounded as for int8, the others' as `activations` says.
    std::vector<std::string> int8_weights = {};
};

class Executable {
  public:
    virtual ~Executable() = default;
    virtual Result<std::unique_ptr<State>> new_state() const = 0;
    // Runs one step. On failure the State's length is what it was before. Fails with cancelled (seen within
    // one operation), exhausted (a cache is full), invalid_argument (no rows or more than the step's maximum,
    // a token outside the vocabulary, features that are not whole rows, a row that is not there).
    virtual Status run(const Step& step, const StepInput& input, State& state, const Cancel& cancel,
                       Priority priority) const = 0;
    // The same Program with other options over the same packed weights, for comparisons. States are each
    // Executable's own. Fails with unsupported where a device cannot.
    virtual Result<std::shared_ptr<const Executable>> with(const CompileOptions&) const {
        return fail(ErrorCode::unsupported, "has one kind of activations", "device", "use the CPU");
    }
    // Bytes of repacked weights, and of caches and activations of one State when full.
    virtual size_t weight_bytes() const = 0;
    virtual size_t state_bytes() const = 0;
};

class Backend {
  public:
    virtual ~Backend() = default;
    // Fails with the Program's first recording error, unsupported, or exhausted.
    virtual Result<std::shared_ptr<const Executable>> compile(std::shared_ptr<const Program> program,
                                                              const CompileOptions& options) = 0;
    // Device, instruction set and threads, for people: "CPU, AVX-512 BF16, 2 threads".
    virtual const std::string& description() const = 0;
};

struct CpuOptions {
    int threads = 0;  // 0: what this process may use (affinity, cgroup v2 quota)
    std::string isa =
        {};  // as CODA_CPU in docs/configuration.md; empty: what that says, else the best there is
};
// The instruction sets of CpuOptions::isa that this machine has, the best first.
std::vector<std::string> cpu_instruction_sets();
// Fails with invalid_argument for an unknown instruction set, unsupported for one this machine lacks.
Result<std::unique_ptr<Backend>> create_cpu_backend(const CpuOptions& options);

// Bytes that one State of the program takes on the CPU backend when its caches are full, before it is
// compiled.
struct StateMemory {
    size_t caches = 0, activations = 0;
};
StateMemory cpu_state_memory(const Program& program);

// Plain loops in double precision on one thread: the truth that others are tested against. Slow.
std::unique_ptr<Backend> create_reference_backend();

}  // namespace coda::runtime
