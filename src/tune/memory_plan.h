// What of a GPU's memory goes where, decided before anything is loaded: a budget is a fraction of the card
// less what other processes hold of it; what does not fit is made smaller in a stated order, or refused with
// the figures. Thread safety: pure functions.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>

namespace coda::tune {

struct CardMemory {
    uint64_t total = 0;
    uint64_t others = 0;  // held by other processes
    double fraction = 0.9;
};

// What a model wants. Sizes in bytes.
struct MemoryDemand {
    uint64_t weights = 0;        // of everything that is no layer: tables, head, norms
    uint64_t layer = 0;          // of one layer's weights
    int layers = 0;              // weights of all: weights + layers x layer
    uint64_t kv_position = 0;    // of one position in the caches of all layers
    int context = 0;             // positions wanted
    int least_context = 0;       // fewer are of no use
    uint64_t workspace_row = 0;  // activations of one row of a prompt
    int batch = 0;               // rows of a prompt at once
    int least_batch = 0;
    uint64_t fixed = 0;  // context of the driver, graphs, other models
};

struct MemoryPlan {
    int context = 0, batch = 0;
    int layers_on_gpu = 0;  // the last ones; the rest stays with the CPU
    uint64_t budget = 0, needed = 0;
    std::string shrunk;  // what was made smaller, for people; empty: nothing

    uint64_t spare() const { return budget - needed; }
};

// Shrinks in this order: the context to no less than least_context, the batch to no less than least_batch,
// then layers leave the card (their caches with them). Fails with exhausted, naming the figures, where not
// even one layer fits.
Result<MemoryPlan> plan_memory(const CardMemory& card, const MemoryDemand& demand);

// Bytes that may be used: never more than the card has less the others' share.
uint64_t memory_budget(const CardMemory& card);

}  // namespace coda::tune
