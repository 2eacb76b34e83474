// Arbitrary bytes as a time zone file, and as sentence patterns.
#include "tools/patterns.h"
#include "tools/time_zone.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto zone = coda::tools::TimeZone::parse(std::as_bytes(std::span(data, size)), "fuzz");
    for (const long long at : {-5'000'000'000LL, 0LL, 1'795'000'000LL, 9'000'000'000LL})
        if (zone) zone->offset_at(std::chrono::sys_seconds(std::chrono::seconds(at)));
    const auto patterns =
        coda::tools::Patterns::parse({reinterpret_cast<const char*>(data), size}, "fuzz", {});
    const std::string words[] = {"what", "time", "is", "it"};
    if (patterns) patterns->match(words, [](std::string_view) { return true; });
    return 0;
}
