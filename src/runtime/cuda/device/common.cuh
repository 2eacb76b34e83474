// What all of the plug-in shares: errors (thrown here, caught at the border in plugin.cu), device memory that
// frees itself, and launches. Thread safety: Device from any thread; a Buffer belongs to its owner.
#pragma once

#include "runtime/cuda/abi.h"

#include <atomic>
#include <cstdarg>
#include <cstdio>
#include <utility>

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

namespace coda::runtime::cuda {

// The only thing that is thrown in the plug-in, and never out of it.
struct Thrown {
    Failure failure;
};
[[noreturn]] inline void raise(Fault fault, const char* format, ...) {
    Thrown thrown{};
    thrown.failure.fault = fault;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(thrown.failure.text, sizeof(thrown.failure.text), format, arguments);
    va_end(arguments);
    throw thrown;
}

inline Fault fault_of(cudaError_t error) {
    switch (error) {
        case cudaErrorMemoryAllocation:
            return Fault::exhausted;
        case cudaErrorNoDevice:
        case cudaErrorInsufficientDriver:
        case cudaErrorDevicesUnavailable:
        case cudaErrorSystemDriverMismatch:
        case cudaErrorCompatNotSupportedOnDevice:
            return Fault::unavailable;
        case cudaErrorNoKernelImageForDevice:
        case cudaErrorInvalidPtx:
        case cudaErrorUnsupportedPtxVersion:
            return Fault::unsupported;
        default:
            return Fault::lost;
    }
}

inline void check(cudaError_t error, const char* doing) {
    if (error == cudaSuccess) return;
    cudaGetLastError();  // what is not sticky is told once
    raise(fault_of(error), "CUDA error %d while %s: %s", static_cast<int>(error), doing,
          cudaGetErrorString(error));
}

struct Device {
    int ordinal = 0;
    int multiprocessors = 0;
    int shared_bytes = 0;   // of a block, at most
    bool overlaps = false;  // the code waits for what it needs (griddepcontrol), so launches may overlap
    std::atomic<int64_t> allocations_left{-1};  // until one fails, for tests
    std::atomic<bool> lose_context{false};

    void use() const { check(cudaSetDevice(ordinal), "choosing the device"); }
};

// Device memory.
class Buffer {
  public:
    Buffer() = default;
    Buffer(Device& device, size_t bytes, const char* what) : bytes_(bytes) {
        if (bytes == 0) return;
        if (device.allocations_left >= 0 && device.allocations_left-- == 0)
            raise(Fault::exhausted, "no room for %s: an allocation failure was asked for", what);
        const cudaError_t error = cudaMalloc(&data_, bytes);
        if (error == cudaErrorMemoryAllocation) {
            cudaGetLastError();
            size_t free = 0, total = 0;
            cudaMemGetInfo(&free, &total);
            raise(Fault::exhausted, "no room for %s: %.2f GB are needed, %.2f of %.2f GB are free", what,
                  static_cast<double>(bytes) * 1e-9, static_cast<double>(free) * 1e-9,
                  static_cast<double>(total) * 1e-9);
        }
        check(error, "taking memory");
    }
    Buffer(Buffer&& other) noexcept
        : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    Buffer& operator=(Buffer&& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    ~Buffer() {
        if (data_) cudaFree(data_);
    }

    template <class T>
    T* as() const {
        return static_cast<T*>(data_);
    }
    size_t bytes() const { return bytes_; }

  private:
    void* data_ = nullptr;
    size_t bytes_ = 0;
};

// Page-locked host memory that kernels can read and write.
class HostBuffer {
  public:
    HostBuffer() = default;
    explicit HostBuffer(size_t bytes) : bytes_(bytes) {
        if (bytes) check(cudaHostAlloc(&data_, bytes, cudaHostAllocMapped), "locking host memory");
    }
    HostBuffer(HostBuffer&& other) noexcept
        : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    HostBuffer& operator=(HostBuffer&& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    ~HostBuffer() {
        if (data_) cudaFreeHost(data_);
    }
    template <class T>
    T* as() const {
        return static_cast<T*>(data_);
    }
    size_t bytes() const { return bytes_; }

  private:
    void* data_ = nullptr;
    size_t bytes_ = 0;
};

// Where work goes. `overlap`: a kernel may start while the one before it ends (programmatic dependent
// launch); every kernel waits with wait_for_previous() before it reads what others wrote.
struct Stream {
    cudaStream_t handle = nullptr;
    bool overlap = false;
};

template <class... Parameters, class... Arguments>
void launch(const Stream& stream, void (*kernel)(Parameters...), dim3 grid, int threads, size_t shared,
            Arguments&&... arguments) {
    cudaLaunchConfig_t config{};
    config.gridDim = grid;
    config.blockDim = dim3(static_cast<unsigned>(threads));
    config.dynamicSmemBytes = shared;
    config.stream = stream.handle;
    cudaLaunchAttribute attribute{};
    attribute.id = cudaLaunchAttributeProgrammaticStreamSerialization;
    attribute.val.programmaticStreamSerializationAllowed = 1;
    config.attrs = &attribute;
    config.numAttrs = stream.overlap ? 1 : 0;
    check(cudaLaunchKernelEx(&config, kernel, std::forward<Arguments>(arguments)...), "starting a kernel");
}

// A kernel whose blocks may take more than 48 KB of shared memory.
template <class Kernel>
void allow_shared(Kernel kernel, int bytes) {
    check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes),
          "raising the limit of shared memory");
}

__device__ inline void wait_for_previous() {
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}
__device__ inline void let_next_start() {
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;");
#endif
}

__device__ inline float warp_sum(float value) {
    for (int apart = 16; apart > 0; apart /= 2) value += __shfl_xor_sync(~0u, value, apart);
    return value;
}
__device__ inline float warp_max(float value) {
    for (int apart = 16; apart > 0; apart /= 2) value = fmaxf(value, __shfl_xor_sync(~0u, value, apart));
    return value;
}

// The same value in every thread; `scratch` holds 33 floats. All threads of the block, in whole warps.
__device__ inline float block_sum(float value, float* scratch) {
    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32, warps = blockDim.x / 32;
    value = warp_sum(value);
    __syncthreads();
    if (lane == 0) scratch[warp] = value;
    __syncthreads();
    if (warp == 0) {
        const float total = warp_sum(lane < warps ? scratch[lane] : 0);
        if (lane == 0) scratch[32] = total;
    }
    __syncthreads();
    return scratch[32];
}

__device__ inline float activate(float x, Function function) {
    switch (function) {
        case Function::none:
            return x;
        case Function::relu:
            return x > 0 ? x : 0;
        case Function::silu:
            return x / (1 + expf(-x));
        case Function::gelu:
            return x * 0.5f * (1 + erff(x * 0.70710678118654752f));
        case Function::gelu_tanh:
            return x * 0.5f * (1 + tanhf(0.7978845608028654f * (x + 0.044715f * x * x * x)));
    }
    return x;
}

}  // namespace coda::runtime::cuda
