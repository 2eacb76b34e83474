// CTranslate2's model.bin, version 6.
#include "weights_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    return fuzz_weights(data, size, {6, 0, 0, 0});
}
