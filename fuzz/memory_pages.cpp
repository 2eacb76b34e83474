// The page scan that salvages a damaged memory file.
#include "memory/salvage.h"

#include <cstddef>
#include <cstdint>
#include <span>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    coda::memory::scan_pages(std::as_bytes(std::span(data, size)));
    return 0;
}
