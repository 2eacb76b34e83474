// The file of what a character adapted to, as damage or a stranger left it.
#include "personality/changes.h"

#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace coda::personality;
    const auto changes = parse_changes({reinterpret_cast<const char*>(data), size});
    if (!changes) return 0;
    (void)adapted({}, *changes, {}, Time(std::chrono::days(20000)));
    if (!parse_changes(print_changes(*changes))) __builtin_trap();
    return 0;
}
