// Texts and their numbers: what a tokenizer looks up a few hundred thousand times while it loads, and once
// per pair of neighbours afterwards. Open addressing over one block of text, so that a look-up touches two
// lines of memory. Thread safety: that of a standard container.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace coda::models::llm {

class TokenTable {
  public:
    // Bytes of all texts together.
    static constexpr size_t kMostBytes = size_t{1} << 31;

    // Room for `texts` without growing.
    explicit TokenTable(size_t texts = 0);

    // The number of `text`, -1 when it is not there.
    int32_t find(std::string_view text) const;
    // Its number, which is `number` when it was not there; and whether it was not. Requires room in
    // kMostBytes.
    std::pair<int32_t, bool> insert(std::string_view text, int32_t number);

  private:
    struct Slot {
        uint32_t begin = 0, size = 0;
        uint32_t hash = 0;
        int32_t number = -1;  // -1: empty
    };
    size_t slot_of(std::string_view text, uint32_t hash) const;
    void grow();

    std::string texts_;
    std::vector<Slot> slots_;  // a power of two of them, at most half full
    size_t used_ = 0;
};

}  // namespace coda::models::llm
