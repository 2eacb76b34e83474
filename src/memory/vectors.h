// Vectors of many facts, a byte per number, searched from end to end: 100,000 of 384 are 38 MB and a few
// milliseconds, and nothing has to be kept in order.
// Thread safety: none. Ownership: owns all it holds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace coda::memory {

// A vector of length 1 as bytes: value = byte * scale, which is what makes its length 1 again.
std::vector<int8_t> quantized(std::span<const float> vector);

class Vectors {
  public:
    // A fact may have several (one for each chunk of its text). Vectors of another width than the first are
    // left out.
    void add(int64_t id, std::span<const int8_t> vector);
    void remove(int64_t id);
    void clear();
    size_t size() const { return ids_.size(); }

    struct Near {
        int64_t id = 0;
        float cosine = 0;
    };
    // The `count` facts nearest to any of the vectors, each with its largest cosine, nearest first.
    std::vector<Near> nearest(std::span<const std::vector<int8_t>> vectors, size_t count) const;
    // The largest cosine of this fact's chunks to any of the vectors; -1 where it has none.
    float cosine(int64_t id, std::span<const std::vector<int8_t>> vectors) const;

  private:
    float best(size_t at, std::span<const std::vector<int8_t>> vectors, std::span<const float> lengths) const;

    size_t width_ = 0;
    std::vector<int8_t> bytes_;   // [size][width]
    std::vector<float> lengths_;  // of the bytes as they are
    std::vector<int64_t> ids_;
    std::unordered_multimap<int64_t, size_t> places_;
};

// `text` in pieces of at most `words` words, each sharing `overlap` with the one before; at least one piece.
std::vector<std::string> chunks_of(const std::string& text, size_t words = 200, size_t overlap = 50);

}  // namespace coda::memory
