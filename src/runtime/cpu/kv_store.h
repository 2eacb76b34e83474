// One cache of one State: keys and values as half-precision panels that the product kernels read as they lie.
// Thread safety: none beyond what put says; the run that owns the State splits its own work.
#pragma once

#include "runtime/cpu/packed.h"
#include "runtime/cpu/product.h"

namespace coda::runtime::cpu {

class KvStore {
  public:
    static Result<KvStore> make(const CacheSpec& spec);

    // One row of kv_heads x head_dim keys and one of values at `position`. Different positions may be put at
    // the same time; `scratch` is the caller's.
    void put(const Kernels& kernels, int position, const float* keys, const float* values, Scratch& scratch);
    // Panels of 16 positions over head_dim columns, from `first` (a multiple of 16) up to `last`.
    Panels keys(int head, int first, int last) const;
    // Panels of 16 dimensions whose columns are positions, from `first` on.
    Panels values(int head, int first) const;
    void copy_from(const KvStore& other, int positions);

    int stored = 0;  // positions of a stored cache
    static size_t bytes_for(const CacheSpec& spec);

  private:
    size_t key_at(int head, int position) const;  // of dimension 0; the next is 16 further
    size_t value_at(int head, int position, int panel) const;

    int heads_ = 0, head_dim_ = 0, head_panels_ = 0;
    size_t positions_ = 0;  // rounded up to 16
    AlignedBytes memory_;   // keys, then values
    uint16_t* keys_ = nullptr;
    uint16_t* values_ = nullptr;
};

}  // namespace coda::runtime::cpu
