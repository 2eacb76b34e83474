// The parsers of /proc and cgroup texts take any bytes, and what they give can be counted with.
#include "monitor/proc_text.h"

#include <cmath>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace coda::monitor;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto times = parse_cpu_times(text)) {
        // A sum that wrapped round would be smaller than its largest part can be.
        if (times->busy > UINT64_MAX / 2 || times->idle > UINT64_MAX / 2) std::abort();
    }
    if (const auto share = parse_pressure(text)) {
        if (!(*share >= 0 && *share <= 1)) std::abort();
    }
    if (const auto number = parse_number(text)) {
        if (!std::isfinite(*number)) std::abort();
    }
    static_cast<void>(parse_process(text));
    static_cast<void>(parse_cgroup_path(text));
    if (parse_amounts(text).size() > 256) std::abort();
    return 0;
}
