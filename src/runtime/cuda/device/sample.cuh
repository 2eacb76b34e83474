// A token drawn from logits on the device, by the rules of runtime/sample.h. Thread safety: pure functions.
#pragma once

#include "runtime/cuda/device/common.cuh"

namespace coda::runtime::cuda {

// Lies in page-locked host memory, so that a captured graph reads what the host wrote before the run.
struct DrawParameters {
    float temperature, top_p, min_p, repetition_penalty;
    int32_t top_k, recent_count, masked, position;
    uint64_t seed;
};
struct DrawResult {
    int32_t token;
    float logprob;
};

inline constexpr int kSampleBlocks = 32;
struct SamplePart {
    float largest, sum;  // sum of exponentials relative to the largest
    int32_t token;
    int32_t reserved;
};
struct SampleArguments {
    const float* logits;
    int vocabulary;
    const DrawParameters* draw;  // host memory, as the next two
    const int32_t* recent;
    const uint32_t* allowed;
    float* values;       // [vocabulary] scratch
    SamplePart* parts;   // [kSampleBlocks]
    int32_t* arrived;    // zeroed once, left as found
    DrawResult* result;  // host memory
};
void sample(const Stream& stream, const SampleArguments& arguments);

}  // namespace coda::runtime::cuda
