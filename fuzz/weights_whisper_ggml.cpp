// whisper.cpp's ggml.
#include "weights_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    return fuzz_weights(data, size, {'l', 'm', 'g', 'g'});
}
