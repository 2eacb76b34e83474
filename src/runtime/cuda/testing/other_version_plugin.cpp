// A plug-in that speaks another version of the border, for plugin_test.cpp.
#include "runtime/cuda/abi.h"

extern "C" __attribute__((visibility("default"))) const coda::runtime::cuda::Api* coda_cuda_plugin(uint32_t) {
    static const coda::runtime::cuda::Api api = [] {
        coda::runtime::cuda::Api empty{};
        empty.abi_version = coda::runtime::cuda::kAbiVersion + 1;
        empty.size = sizeof(empty);
        empty.build_id = "another-build";
        return empty;
    }();
    return &api;
}
