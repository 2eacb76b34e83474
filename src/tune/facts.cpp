#include "tune/facts.h"

#include "runtime/read_bandwidth.h"
#include "tune/identity.h"

#include <algorithm>

#include <fmt/format.h>

namespace coda::tune {

Result<CpuFacts> measure_cpu(runtime::Backend& backend, int threads, int rounds, const Cancel& cancel,
                             const std::function<void(const std::string&)>& progress) {
    constexpr GemmShape kShape{256, 2048, 2048};
    constexpr size_t kReadBytes = size_t{256} << 20;
    CpuFacts facts;
    facts.identity = cpu_identity();
    facts.threads = threads > 0 ? threads : runtime::usable_threads();
    for (int count = 1;; count = std::min(2 * count, facts.threads)) {
        if (cancel.cancelled()) return fail(ErrorCode::cancelled, "was cancelled");
        progress(fmt::format("what {} threads read of memory", count));
        facts.reads.push_back({count, runtime::measure_read_bandwidth(count, kReadBytes)});
        if (count >= facts.threads) break;
    }
    for (const GemmKind& kind : cpu_gemm_kinds()) {
        progress(fmt::format("products in {}", kind.name));
        CODA_TRY(GemmSpeed speed, measure_gemm(backend, kShape, kind, rounds, cancel));
        facts.rates.push_back({kind.name, speed});
    }
    return facts;
}

}  // namespace coda::tune
