// The architectures of language models that this build runs, as data: what sets each apart from the others
// and is not said by its file. They are one decoder (decoder_program.h): norms, rotated grouped-query
// attention over a cache, a gated feed-forward network, residuals. Thread safety: constants and pure
// functions.
#pragma once

#include "runtime/program.h"

#include <string>
#include <string_view>

namespace coda::models::llm {

struct Architecture {
    std::string_view name;  // general.architecture, and the first part of its keys
    runtime::Rope::Order rope_order = runtime::Rope::Order::halves;
    runtime::Activation activation = runtime::Activation::silu;
    bool scales_embeddings = false;  // by sqrt(width)
    bool qk_norms = false;           // of each query and key head, before the rotation
    bool post_norms = false;         // of what attention and feed-forward network add, before it is added
    bool fused_gate_up = false;      // ffn_up holds the gate's rows, then its own
    bool mixture = false;  // experts are required; where they are not, a file may have them (Mixtral)

    enum class Windows {
        none,         // the key, where there is one, is not heeded
        every_layer,  // all layers have the file's window
        but_each_nth  // but layers n - 1, 2 n - 1, ... (n: window_period), which see everything
    };
    Windows windows = Windows::none;
    int window_period = 0;
    int default_window = 0;           // where the file gives none
    float window_rope_base = 0;       // of layers with a window, unscaled; 0: rotated as the others are
    int unrotated_period = 0;         // layers n - 1, 2 n - 1, ... have no rotation; 0: all have
    bool rope_is_switchable = false;  // rope.scaling.finetuned = false means no rotation at all (granite)
    int scaled_by_width_at = 0;       // with so many layers scores are scaled by 1 / sqrt(width / heads)
};

// Null for one that this build does not know.
const Architecture* find_architecture(std::string_view name);

// Their names, for messages: "llama, qwen2, ...".
std::string supported_architectures();

}  // namespace coda::models::llm
