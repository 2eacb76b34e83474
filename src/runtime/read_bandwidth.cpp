#include "runtime/read_bandwidth.h"

#include "base/clock.h"
#include "base/memory.h"
#include "runtime/cpu/host.h"
#include "runtime/cpu/packed.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <barrier>
#include <cstring>
#include <thread>
#include <vector>

namespace coda::runtime {
namespace {

// Several sums, so that none waits for the one before.
uint64_t read_all(const std::byte* from, size_t bytes) {
    constexpr size_t kLanes = 16;
    std::array<uint64_t, kLanes> sums{};
    for (size_t at = 0; at + sizeof sums <= bytes; at += sizeof sums) {
        std::array<uint64_t, kLanes> line;
        std::memcpy(line.data(), from + at, sizeof line);
        for (size_t i = 0; i < kLanes; ++i) sums[i] += line[i];
    }
    uint64_t total = 0;
    for (const uint64_t sum : sums) total += sum;
    return total;
}

}  // namespace

int usable_threads() {
    return cpu::usable_cores();
}

double measure_read_bandwidth(int threads, size_t bytes) {
    constexpr int kPasses = 8;
    constexpr size_t kPage = 4096;
    const auto parts = static_cast<size_t>(std::max(threads, 1));
    const size_t part =
        std::max<size_t>(std::min(bytes, static_cast<size_t>(available_memory().bytes / 4)) / parts,
                         size_t{16} << 20) /
        kPage * kPage;
    cpu::WeightMemory memory;  // on huge pages, as weights are
    const auto taken = memory.take(part * parts);
    if (!taken) return 0;
    std::byte* const data = *taken;
    std::array<double, kPasses> seconds{};
    std::atomic<uint64_t> sum{0};
    std::barrier together(static_cast<std::ptrdiff_t>(parts));
    const auto work = [&](size_t index) {
        std::memset(data + index * part, 1, part);
        for (double& time : seconds) {
            together.arrive_and_wait();
            const Stopwatch watch;
            sum += read_all(data + index * part, part);
            together.arrive_and_wait();
            if (index == 0) time = watch.elapsed_ms() / 1000;
        }
    };
    std::vector<std::jthread> others;
    for (size_t i = 1; i < parts; ++i) others.emplace_back(work, i);
    work(0);
    others.clear();
    const double best = *std::min_element(seconds.begin(), seconds.end());
    return sum > 0 && best > 0 ? static_cast<double>(part * parts) / best : 0;
}

}  // namespace coda::runtime
