#include "models/hibari/data/string_table.h"

#include <bit>
#include <cstring>

namespace coda::models::hibari {

namespace {

constexpr size_t kMaxKey = 0xFFFF;

// Multiply and fold, eight bytes at a time; the constants are odd with well-spread bits.
uint32_t hash_of(std::string_view key) {
    uint64_t h = key.size() * 0x9E3779B97F4A7C15u;
    const char* p = key.data();
    size_t left = key.size();
    while (left > 0) {
        uint64_t block = 0;
        const size_t n = left < 8 ? left : 8;
        std::memcpy(&block, p, n);
        h = (h ^ block) * 0xD6E8FEB86659FD93u;
        h ^= h >> 32;
        p += n;
        left -= n;
    }
    return static_cast<uint32_t>(h * 0x9E3779B97F4A7C15u >> 32);
}

}  // namespace

std::string_view StringTable::key_of(const Slot& slot) const {
    const size_t at = slot.key - 1;
    const size_t length = static_cast<unsigned char>(keys_[at]) |
                          static_cast<size_t>(static_cast<unsigned char>(keys_[at + 1])) << 8;
    return std::string_view(keys_).substr(at + 2, length);
}

// The slot that holds the key, or the empty one where it would go.
size_t StringTable::slot_for(std::string_view key, uint32_t hash) const {
    const size_t mask = slots_.size() - 1;
    size_t i = hash & mask;
    while (slots_[i].key != 0 && (slots_[i].hash != hash || key_of(slots_[i]) != key)) i = (i + 1) & mask;
    return i;
}

std::optional<uint32_t> StringTable::find(std::string_view key) const {
    const Slot& slot = slots_[slot_for(key, hash_of(key))];
    if (slot.key == 0) return std::nullopt;
    return slot.value;
}

void StringTable::insert(std::string_view key, uint32_t value) {
    if (key.size() > kMaxKey || keys_.size() > UINT32_MAX - kMaxKey - 4) return;
    if ((size_ + 1) * 4 > slots_.size() * 3) rehash(slots_.size() * 2);
    const uint32_t hash = hash_of(key);
    Slot& slot = slots_[slot_for(key, hash)];
    slot.value = value;
    if (slot.key != 0) return;
    slot.hash = hash;
    slot.key = static_cast<uint32_t>(keys_.size() + 1);
    keys_.push_back(static_cast<char>(key.size() & 0xFF));
    keys_.push_back(static_cast<char>(key.size() >> 8));
    keys_.append(key);
    ++size_;
}

void StringTable::rehash(size_t wanted) {
    std::vector<Slot> old(std::bit_ceil(wanted < 16 ? size_t{16} : wanted));
    old.swap(slots_);
    const size_t mask = slots_.size() - 1;
    for (const Slot& slot : old) {
        if (slot.key == 0) continue;
        size_t i = slot.hash & mask;
        while (slots_[i].key != 0) i = (i + 1) & mask;
        slots_[i] = slot;
    }
}

}  // namespace coda::models::hibari
