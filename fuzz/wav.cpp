#include "audio/wav.h"

#include <cmath>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto sound = coda::audio::parse_wav(std::as_bytes(std::span(data, size)), "fuzz");
    if (!sound) return 0;
    if (sound->samples.size() > size) std::abort();
    for (const float sample : sound->samples)
        if (!(std::abs(sample) <= 1.0F)) std::abort();
    return 0;
}
