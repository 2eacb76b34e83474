// How a model's rotary position embedding is stretched beyond the context that it was first trained for, as
// its GGUF says. Thread safety: plain values and pure functions.
#pragma once

#include "models/llm/architecture_keys.h"
#include "runtime/program.h"
#include "runtime/rope.h"

#include <vector>

namespace coda::models::llm {

struct RopeScaling {
    enum class Kind {
        none,
        linear,    // positions divided by factor
        yarn,      // see runtime/rope.h
        longrope,  // short_factors, or long_factors once a conversation may outgrow original_context (Phi-3)
        dynamic,   // the base grows with the context beyond original_context (NTK-aware)
    };
    Kind kind = Kind::none;
    runtime::Rope::Order order = runtime::Rope::Order::none;
    int dims = 0;  // of a head that are rotated; even
    float base = 10000;
    float factor = 1;
    int original_context = 0;
    float beta_fast = 32, beta_slow = 1;  // yarn
    float magnitude = 1;                  // before yarn's own
    std::vector<float> factors = {};      // one per pair, whatever the kind (Llama 3.1); or empty
    std::vector<float> short_factors = {}, long_factors = {};

    // For a conversation of up to `context` tokens.
    runtime::Rope rope(int context) const;
};

// Fails with unsupported for a scaling that is not known, bad_format for a broken key or tensor.
Result<RopeScaling> read_rope_scaling(const ArchitectureKeys& keys, runtime::Rope::Order order, int head_dim,
                                      int trained_context);

}  // namespace coda::models::llm
