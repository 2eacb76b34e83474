#include "models/llm/architecture.h"

namespace coda::models::llm {

namespace {

using runtime::Activation;
using Order = runtime::Rope::Order;
using Windows = Architecture::Windows;

// Queries and keys of the llama kin are stored with each head's pairs side by side; the others as published.
constexpr Architecture kArchitectures[] = {
    {.name = "llama", .rope_order = Order::interleaved, .windows = Windows::every_layer},  // Mistral's window
    {.name = "qwen2"},
    {.name = "qwen3", .qk_norms = true},
    {.name = "qwen3moe", .qk_norms = true, .mixture = true},
    {.name = "gemma", .activation = Activation::gelu_tanh, .scales_embeddings = true},
    {.name = "gemma2",
     .activation = Activation::gelu_tanh,
     .scales_embeddings = true,
     .post_norms = true,
     .windows = Windows::but_each_nth,
     .window_period = 2,
     .default_window = 4096,
     .scaled_by_width_at = 46},
    {.name = "gemma3",
     .activation = Activation::gelu_tanh,
     .scales_embeddings = true,
     .qk_norms = true,
     .post_norms = true,
     .windows = Windows::but_each_nth,
     .window_period = 6,
     .window_rope_base = 10000,
     .scaled_by_width_at = 62},
    {.name = "phi3", .fused_gate_up = true, .windows = Windows::every_layer},
    {.name = "smollm3", .rope_order = Order::interleaved, .unrotated_period = 4},
    {.name = "granite", .rope_order = Order::interleaved, .rope_is_switchable = true},
};

}  // namespace

const Architecture* find_architecture(std::string_view name) {
    for (const Architecture& known : kArchitectures) {
        if (known.name == name) return &known;
    }
    return nullptr;
}

std::string supported_architectures() {
    std::string names;
    for (const Architecture& known : kArchitectures) {
        if (!names.empty()) names += ", ";
        names += known.name;
    }
    return names;
}

}  // namespace coda::models::llm
