// What this machine's processor gives, by measurement. Thread safety: free function; uses all threads.
#pragma once

#include "base/cancel.h"
#include "base/result.h"
#include "tune/gemm.h"

#include <functional>
#include <string>
#include <vector>

namespace coda::tune {

struct CpuFacts {
    std::string identity;  // as cpu_identity()
    int threads = 0;       // of the rates below
    struct Read {
        int threads;
        double bytes_per_second;
    };
    std::vector<Read> reads;  // by 1, 2, 4 ... threads
    struct Rate {
        std::string kind;
        GemmSpeed speed;
    };
    std::vector<Rate> rates;  // of a matrix product that fills the caches
};

// Some seconds. `progress` is told what is measured. Fails as running does.
Result<CpuFacts> measure_cpu(runtime::Backend& backend, int threads, int rounds, const Cancel& cancel,
                             const std::function<void(const std::string&)>& progress);

}  // namespace coda::tune
