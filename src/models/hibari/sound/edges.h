// Cuts the silence around a clause while it streams: 8 ms stay before the first audible sample, a given time
// after the last one, faded in and out, so that clauses join without a click. Audible is what lies within 40
// dB of the clause's peak; the peak is taken over the first 1.5 s before anything leaves, and kept up to date
// after that. Thread safety: belongs to one thread.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace coda::models::hibari {

class EdgeTrimmer {
  public:
    // Returning false stops.
    using Emit = std::function<bool(std::span<const float>)>;

    // `tail`: samples at 24 kHz to keep after the last audible one. `emit` must outlive this object.
    EdgeTrimmer(size_t tail, const Emit& emit) : tail_(tail), emit_(emit) {}

    // Passes on what is certain not to be trailing silence. False when emit wanted no more.
    bool push(std::span<const float> samples);
    // The rest and the tail. Emits nothing where nothing was audible.
    bool finish();

  private:
    bool start();
    bool emit_audible();

    size_t tail_;
    const Emit& emit_;
    std::vector<float> held_;  // samples that have not left yet
    float peak_ = 0;
    bool started_ = false;
};

}  // namespace coda::models::hibari
