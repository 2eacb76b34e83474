// safetensors: the input is taken as it is, as the format has no magic.
#include "weights_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    return fuzz_weights(data, size, {});
}
