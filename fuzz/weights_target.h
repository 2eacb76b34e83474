// What the fuzz targets of the weight formats share: parse, and read all that was accepted to its last byte.
#pragma once

#include "runtime/weights.h"

#include <cstdint>
#include <initializer_list>
#include <vector>

// `magic` is put in front, so that no time is spent on finding it.
inline int fuzz_weights(const uint8_t* data, size_t size, std::initializer_list<uint8_t> magic) {
    std::vector<uint8_t> file(magic);
    file.insert(file.end(), data, data + size);
    const auto weights = coda::runtime::Weights::parse(std::as_bytes(std::span(file)), "fuzz");
    if (!weights) return 0;
    for (const auto& tensor : (*weights)->tensors()) {
        if (coda::runtime::is_weight(tensor.dtype) && !tensor.empty()) coda::runtime::to_floats(tensor);
        (void)(*weights)->find(tensor.name);
    }
    return 0;
}
