#include "memory/vectors.h"

#include "base/result.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>

namespace coda::memory {
namespace {

// Written so that it compiles to 16-bit multiplications, eight at a time.
int32_t dot(const int8_t* a, const int8_t* b, size_t count) {
    int32_t sum = 0;
    for (size_t i = 0; i < count; ++i) sum += static_cast<int16_t>(a[i]) * static_cast<int16_t>(b[i]);
    return sum;
}

float length(std::span<const int8_t> vector) {
    return std::sqrt(static_cast<float>(dot(vector.data(), vector.data(), vector.size())));
}

std::vector<float> lengths_of(std::span<const std::vector<int8_t>> vectors) {
    std::vector<float> out;
    for (const std::vector<int8_t>& vector : vectors) out.push_back(length(vector));
    return out;
}

}  // namespace

std::vector<int8_t> quantized(std::span<const float> vector) {
    float most = 1e-9f;
    for (const float x : vector) most = std::max(most, std::abs(x));
    std::vector<int8_t> out;
    out.reserve(vector.size());
    for (const float x : vector) out.push_back(static_cast<int8_t>(std::lround(x * 127 / most)));
    return out;
}

void Vectors::add(int64_t id, std::span<const int8_t> vector) {
    if (width_ == 0) width_ = vector.size();
    if (vector.empty() || vector.size() != width_) return;
    places_.emplace(id, ids_.size());
    ids_.push_back(id);
    bytes_.insert(bytes_.end(), vector.begin(), vector.end());
    lengths_.push_back(std::max(length(vector), 1e-9f));
}

void Vectors::remove(int64_t id) {
    for (auto at = places_.find(id); at != places_.end(); at = places_.find(id)) {
        const size_t place = at->second, last = ids_.size() - 1;
        places_.erase(at);
        if (place != last) {
            const auto range = places_.equal_range(ids_[last]);
            const auto moved = std::find_if(range.first, range.second,
                                            [&](const auto& entry) { return entry.second == last; });
            CODA_ASSERT(moved != range.second);
            moved->second = place;
            ids_[place] = ids_[last];
            lengths_[place] = lengths_[last];
            std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(last * width_), width_,
                        bytes_.begin() + static_cast<std::ptrdiff_t>(place * width_));
        }
        ids_.pop_back();
        lengths_.pop_back();
        bytes_.resize(bytes_.size() - width_);
    }
}

void Vectors::clear() {
    *this = Vectors();
}

float Vectors::best(size_t at, std::span<const std::vector<int8_t>> vectors,
                    std::span<const float> lengths) const {
    float most = -1;
    for (size_t i = 0; i < vectors.size(); ++i)
        most =
            std::max(most, static_cast<float>(dot(bytes_.data() + at * width_, vectors[i].data(), width_)) /
                               (lengths_[at] * lengths[i]));
    return most;
}

std::vector<Vectors::Near> Vectors::nearest(std::span<const std::vector<int8_t>> vectors,
                                            size_t count) const {
    for (const std::vector<int8_t>& vector : vectors)
        if (vector.size() != width_) return {};
    const std::vector<float> lengths = lengths_of(vectors);
    std::vector<Near> all(ids_.size());
    for (size_t i = 0; i < ids_.size(); ++i) all[i] = {ids_[i], best(i, vectors, lengths)};
    // A fact of many chunks may fill more than one place.
    const size_t looked_at = std::min(all.size(), 4 * count);
    const auto closer = [](const Near& a, const Near& b) { return a.cosine > b.cosine; };
    std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(looked_at), all.end(), closer);
    std::vector<Near> out;
    std::unordered_set<int64_t> seen;
    for (size_t i = 0; i < looked_at && out.size() < count; ++i)
        if (seen.insert(all[i].id).second) out.push_back(all[i]);
    return out;
}

float Vectors::cosine(int64_t id, std::span<const std::vector<int8_t>> vectors) const {
    const std::vector<float> lengths = lengths_of(vectors);
    float most = -1;
    const auto range = places_.equal_range(id);
    for (auto at = range.first; at != range.second; ++at)
        if (std::all_of(vectors.begin(), vectors.end(), [&](const auto& v) { return v.size() == width_; }))
            most = std::max(most, best(at->second, vectors, lengths));
    return most;
}

std::vector<std::string> chunks_of(const std::string& text, size_t words, size_t overlap) {
    CODA_ASSERT(words > overlap);
    std::vector<std::pair<size_t, size_t>> places;  // of the words
    for (size_t at = 0; (at = text.find_first_not_of(" \t\r\n", at)) != std::string::npos;) {
        const size_t end = std::min(text.find_first_of(" \t\r\n", at), text.size());
        places.emplace_back(at, end);
        at = end;
    }
    if (places.size() <= words) return {text};
    std::vector<std::string> out;
    for (size_t first = 0;; first += words - overlap) {
        const size_t last = std::min(first + words, places.size()) - 1;
        out.push_back(text.substr(places[first].first, places[last].second - places[first].first));
        if (last + 1 == places.size()) return out;
    }
}

}  // namespace coda::memory
