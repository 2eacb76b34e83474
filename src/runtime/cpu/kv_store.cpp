#include "runtime/cpu/kv_store.h"

#include <algorithm>
#include <cstring>

namespace coda::runtime::cpu {
namespace {

constexpr size_t kLanes = kPanelRows;

size_t round_up(int n) {
    return (static_cast<size_t>(n) + kLanes - 1) / kLanes * kLanes;
}

}  // namespace

size_t KvStore::bytes_for(const CacheSpec& spec) {
    const size_t heads = static_cast<size_t>(spec.kv_heads);
    const size_t dims = static_cast<size_t>(spec.head_dim) + round_up(spec.head_dim);
    return heads * round_up(spec.capacity) * dims * sizeof(uint16_t);
}

Result<KvStore> KvStore::make(const CacheSpec& spec) {
    KvStore store;
    store.heads_ = spec.kv_heads;
    store.head_dim_ = spec.head_dim;
    store.head_panels_ = static_cast<int>(round_up(spec.head_dim) / kLanes);
    store.positions_ = round_up(spec.capacity);
    CODA_TRY(store.memory_, AlignedBytes::make(bytes_for(spec)));
    store.keys_ = reinterpret_cast<uint16_t*>(store.memory_.data());
    store.values_ = store.keys_ + static_cast<size_t>(spec.kv_heads) * store.positions_ *
                                      static_cast<size_t>(spec.head_dim);
    return store;
}

size_t KvStore::key_at(int head, int position) const {
    const size_t block =
        static_cast<size_t>(head) * (positions_ / kLanes) + static_cast<size_t>(position) / kLanes;
    return block * static_cast<size_t>(head_dim_) * kLanes + static_cast<size_t>(position) % kLanes;
}

size_t KvStore::value_at(int head, int position, int panel) const {
    const size_t row =
        static_cast<size_t>(head * head_panels_ + panel) * positions_ + static_cast<size_t>(position);
    return row * kLanes;
}

void KvStore::put(const Kernels& kernels, int position, const float* keys, const float* values,
                  Scratch& scratch) {
    const int width = heads_ * head_dim_;
    auto* halves = reinterpret_cast<uint16_t*>(scratch.floats(static_cast<size_t>(width)));
    kernels.to_f16(keys, width, halves);
    for (int h = 0; h < heads_; ++h) {
        uint16_t* out = keys_ + key_at(h, position);
        for (int d = 0; d < head_dim_; ++d)
            out[static_cast<size_t>(d) * kLanes] = halves[static_cast<size_t>(h * head_dim_ + d)];
    }
    kernels.to_f16(values, width, halves);
    for (int h = 0; h < heads_; ++h)
        for (int p = 0; p < head_panels_; ++p) {
            const int first = p * kPanelRows, count = std::min(kPanelRows, head_dim_ - first);
            std::memcpy(values_ + value_at(h, position, p), halves + h * head_dim_ + first,
                        static_cast<size_t>(count) * sizeof(uint16_t));
        }
}

Panels KvStore::keys(int head, int first, int last) const {
    const int count = static_cast<int>(round_up(last) / kLanes) - first / kPanelRows;
    return {PanelType::f16, reinterpret_cast<const std::byte*>(keys_ + key_at(head, first)),
            panel_bytes(PanelType::f16, head_dim_), count};
}

Panels KvStore::values(int head, int first) const {
    return {PanelType::f16, reinterpret_cast<const std::byte*>(values_ + value_at(head, first, 0)),
            positions_ * kLanes * sizeof(uint16_t), head_panels_};
}

void KvStore::copy_from(const KvStore& other, int positions) {
    stored = other.stored;
    const size_t panels = round_up(positions) / kLanes, dims = static_cast<size_t>(head_dim_);
    for (int h = 0; h < heads_; ++h) {
        std::memcpy(keys_ + key_at(h, 0), other.keys_ + key_at(h, 0),
                    panels * dims * kLanes * sizeof(uint16_t));
        for (int p = 0; p < head_panels_; ++p)
            std::memcpy(values_ + value_at(h, 0, p), other.values_ + value_at(h, 0, p),
                        static_cast<size_t>(positions) * kLanes * sizeof(uint16_t));
    }
}

}  // namespace coda::runtime::cpu
