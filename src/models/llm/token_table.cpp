#include "models/llm/token_table.h"

#include <bit>
#include <functional>

namespace coda::models::llm {

namespace {

uint32_t hash_of(std::string_view text) {
    return static_cast<uint32_t>(std::hash<std::string_view>()(text));
}

}  // namespace

TokenTable::TokenTable(size_t texts) : slots_(std::bit_ceil(2 * texts + 2)) {}

// Where `text` is, or would be put.
size_t TokenTable::slot_of(std::string_view text, uint32_t hash) const {
    const size_t mask = slots_.size() - 1;
    for (size_t at = hash & mask;; at = (at + 1) & mask) {
        const Slot& slot = slots_[at];
        if (slot.number < 0) return at;
        if (slot.hash == hash && std::string_view(texts_).substr(slot.begin, slot.size) == text) return at;
    }
}

int32_t TokenTable::find(std::string_view text) const {
    return slots_[slot_of(text, hash_of(text))].number;
}

std::pair<int32_t, bool> TokenTable::insert(std::string_view text, int32_t number) {
    CODA_ASSERT(number >= 0 && texts_.size() + text.size() <= kMostBytes);
    const uint32_t hash = hash_of(text);
    size_t at = slot_of(text, hash);
    if (slots_[at].number >= 0) return {slots_[at].number, false};
    if (2 * (used_ + 1) > slots_.size()) {
        grow();
        at = slot_of(text, hash);
    }
    slots_[at] = {static_cast<uint32_t>(texts_.size()), static_cast<uint32_t>(text.size()), hash, number};
    texts_ += text;
    ++used_;
    return {number, true};
}

void TokenTable::grow() {
    std::vector<Slot> old(2 * slots_.size());
    old.swap(slots_);
    const size_t mask = slots_.size() - 1;
    for (const Slot& slot : old) {
        if (slot.number < 0) continue;
        size_t at = slot.hash & mask;
        while (slots_[at].number >= 0) at = (at + 1) & mask;
        slots_[at] = slot;
    }
}

}  // namespace coda::models::llm
