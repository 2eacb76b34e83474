// A weight file of any format, recorded as Whisper's network.
#include "models/whisper/network.h"

#include <cstddef>
#include <cstdint>
#include <span>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    auto weights = coda::runtime::Weights::parse(std::as_bytes(std::span(data, size)), "file");
    if (weights) (void)coda::models::whisper::record(*weights);
    return 0;
}
