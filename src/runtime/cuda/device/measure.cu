#include "runtime/cuda/device/measure.cuh"

#include <algorithm>
#include <vector>

namespace coda::runtime::cuda {
namespace {

constexpr int kRepeats = 9, kEmptyKernels = 200;
constexpr size_t kMostBytes = size_t{1} << 30;

__global__ void fill_kernel(uint4* data, size_t count) {
    const size_t step = static_cast<size_t>(gridDim.x) * blockDim.x;
    for (size_t i = static_cast<size_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += step) {
        const auto seed = static_cast<uint32_t>(i) * 2654435761u;
        data[i] = {seed, seed ^ 0x9e3779b9u, seed * 3, ~seed};
    }
}

__global__ void read_kernel(const uint4* data, size_t count, uint32_t* result) {
    const size_t step = static_cast<size_t>(gridDim.x) * blockDim.x;
    uint32_t sum = 0;
    size_t i = static_cast<size_t>(blockIdx.x) * blockDim.x + threadIdx.x;
    for (; i + 3 * step < count; i += 4 * step) {
        const uint4 a = __ldcs(data + i), b = __ldcs(data + i + step), c = __ldcs(data + i + 2 * step),
                    d = __ldcs(data + i + 3 * step);
        sum ^= a.x ^ a.y ^ a.z ^ a.w ^ b.x ^ b.y ^ b.z ^ b.w ^ c.x ^ c.y ^ c.z ^ c.w ^ d.x ^ d.y ^ d.z ^ d.w;
    }
    for (; i < count; i += step) sum ^= __ldcs(data + i).x;
    if (sum == 0x12345678u) *result = sum;
}

__global__ void empty_kernel() {}

struct Timer {
    cudaStream_t stream = nullptr;
    cudaEvent_t begin = nullptr, end = nullptr;
    Timer() {
        check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "making a stream");
        check(cudaEventCreate(&begin), "making an event");
        check(cudaEventCreate(&end), "making an event");
    }
    ~Timer() {
        cudaEventDestroy(begin);
        cudaEventDestroy(end);
        cudaStreamDestroy(stream);
    }
    // Median seconds of `work`.
    template <class Work>
    double time(Work&& work) {
        std::vector<float> milliseconds;
        work();
        for (int i = 0; i < kRepeats; ++i) {
            float taken = 0;
            check(cudaEventRecord(begin, stream), "timing");
            work();
            check(cudaEventRecord(end, stream), "timing");
            check(cudaEventSynchronize(end), "timing");
            check(cudaEventElapsedTime(&taken, begin, end), "timing");
            milliseconds.push_back(taken);
        }
        std::nth_element(milliseconds.begin(), milliseconds.begin() + kRepeats / 2, milliseconds.end());
        return milliseconds[kRepeats / 2] * 1e-3;
    }
};

}  // namespace

Measurements measure_device(Device& device) {
    size_t free = 0, total = 0;
    check(cudaMemGetInfo(&free, &total), "asking for the device's memory");
    const size_t bytes = std::min(kMostBytes, free / 4) / 4096 * 4096, count = bytes / sizeof(uint4);
    Buffer from(device, bytes, "a measurement"), to(device, bytes, "a measurement"),
        result(device, sizeof(uint32_t), "a measurement");
    Timer timer;
    const int blocks = device.multiprocessors * 8;
    fill_kernel<<<blocks, 512, 0, timer.stream>>>(from.as<uint4>(), count);
    Measurements m{};
    m.read_bytes_per_second = static_cast<double>(bytes) / timer.time([&] {
        read_kernel<<<blocks, 512, 0, timer.stream>>>(from.as<uint4>(), count, result.as<uint32_t>());
    });
    m.copy_bytes_per_second = 2 * static_cast<double>(bytes) / timer.time([&] {
        check(cudaMemcpyAsync(to.as<void>(), from.as<void>(), bytes, cudaMemcpyDeviceToDevice, timer.stream),
              "copying");
    });
    cudaGraph_t graph = nullptr;
    cudaGraphExec_t launched = nullptr;
    check(cudaStreamBeginCapture(timer.stream, cudaStreamCaptureModeThreadLocal), "capturing");
    for (int i = 0; i < kEmptyKernels; ++i) empty_kernel<<<1, 32, 0, timer.stream>>>();
    check(cudaStreamEndCapture(timer.stream, &graph), "capturing");
    check(cudaGraphInstantiate(&launched, graph, 0), "making a graph");
    m.launch_seconds = timer.time([&] {
        check(cudaGraphLaunch(launched, timer.stream), "starting a graph");
    }) / kEmptyKernels;
    cudaGraphExecDestroy(launched);
    cudaGraphDestroy(graph);
    return m;
}

}  // namespace coda::runtime::cuda
