// The list of programs that may run, as a stranger wrote it.
#include "tools/programs.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto list = coda::tools::parse_programs({reinterpret_cast<const char*>(data), size}, "fuzz");
    if (!list) return 0;
    for (const coda::tools::Program& program : *list) {
        CODA_ASSERT(!program.argv.empty() && program.argv.front().starts_with('/'));
        CODA_ASSERT(!coda::tools::spoken_names(program).empty());
    }
    return 0;
}
