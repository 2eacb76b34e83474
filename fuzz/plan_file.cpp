// A plan file may hold any bytes; what is taken from it is written and read again as the same.
#include "tune/plan_file.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace coda::tune;
    const auto plans = parse_plans({reinterpret_cast<const char*>(data), size}, "plans");
    if (!plans) return 0;
    for (const Plan& plan : *plans)
        for (const auto& [setting, value] : plan.settings)
            if (!may_be_planned(setting, value)) std::abort();
    const auto again = parse_plans(to_json_text(*plans), "plans");
    if (!again || again->size() != plans->size()) std::abort();
    return 0;
}
