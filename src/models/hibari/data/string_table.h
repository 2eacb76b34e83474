// A hash table from short strings to 32-bit values for tables of some hundred thousand entries: keys lie one
// after the other in one arena, so that it costs 12 bytes a slot and loads without an allocation per entry.
// Thread safety: immutable after the last insert.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace coda::models::hibari {

class StringTable {
  public:
    explicit StringTable(size_t expected = 0) { rehash(expected * 3 / 2); }

    // The last value given for a key is kept. Keys longer than 65,535 bytes are not taken.
    void insert(std::string_view key, uint32_t value);
    std::optional<uint32_t> find(std::string_view key) const;
    bool contains(std::string_view key) const { return find(key).has_value(); }
    size_t size() const { return size_; }
    size_t memory() const { return keys_.capacity() + slots_.capacity() * sizeof(Slot); }

  private:
    struct Slot {
        uint32_t hash = 0;
        uint32_t key = 0;  // offset into keys_ plus one; 0: empty
        uint32_t value = 0;
    };
    std::string_view key_of(const Slot& slot) const;
    size_t slot_for(std::string_view key, uint32_t hash) const;
    void rehash(size_t wanted);

    std::string keys_;  // per key: two bytes of length, then the bytes
    std::vector<Slot> slots_;
    size_t size_ = 0;
};

}  // namespace coda::models::hibari
