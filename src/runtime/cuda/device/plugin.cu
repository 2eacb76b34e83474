// The border: every function of the table catches what is thrown behind it.
#include "runtime/cuda/device/executable.cuh"
#include "runtime/cuda/device/measure.cuh"

#include <cstring>
#include <exception>

namespace coda::runtime::cuda {
namespace {

constexpr int kOldestMajor = 8;

// What `body` returns, or nothing and the failure.
template <class Body>
auto guarded(Failure* failure, Body&& body) -> decltype(body()) {
    try {
        return body();
    } catch (const Thrown& thrown) {
        *failure = thrown.failure;
    } catch (const std::bad_alloc&) {
        *failure = {Fault::exhausted, "memory ran out"};
    } catch (const std::exception& error) {
        failure->fault = Fault::internal;
        std::snprintf(failure->text, sizeof(failure->text), "%s", error.what());
    }
    return {};
}

void describe(int ordinal, DeviceFacts& facts) {
    cudaDeviceProp properties{};
    check(cudaGetDeviceProperties(&properties, ordinal), "asking for the device's properties");
    std::snprintf(facts.name, sizeof(facts.name), "%.127s", properties.name);
    const auto* id = reinterpret_cast<const unsigned char*>(properties.uuid.bytes);
    for (int i = 0; i < 16; ++i) std::snprintf(facts.uuid + 2 * i, 3, "%02x", id[i]);
    facts.compute_major = properties.major;
    facts.compute_minor = properties.minor;
    facts.multiprocessors = properties.multiProcessorCount;
    facts.l2_bytes = properties.l2CacheSize;
    check(cudaDriverGetVersion(&facts.driver_version), "asking for the driver's version");
    check(cudaRuntimeGetVersion(&facts.runtime_version), "asking for the runtime's version");
    size_t free = 0, total = 0;
    check(cudaMemGetInfo(&free, &total), "asking for the device's memory");
    facts.free_bytes = static_cast<int64_t>(free);
    facts.memory_bytes = static_cast<int64_t>(total);
}

Device* open(DeviceFacts* facts, Failure* failure) {
    return guarded(failure, [&]() -> Device* {
        int count = 0;
        check(cudaGetDeviceCount(&count), "looking for devices");
        if (count == 0) raise(Fault::unavailable, "there is no CUDA device");
        auto device = std::make_unique<Device>();
        device->use();
        describe(device->ordinal, *facts);
        if (facts->compute_major < kOldestMajor)
            raise(Fault::unsupported, "%s has compute capability %d.%d; 8.0 is the oldest that is supported",
                  facts->name, facts->compute_major, facts->compute_minor);
        device->multiprocessors = facts->multiprocessors;
        device->overlaps = code_version() >= 90;
        check(cudaDeviceGetAttribute(&device->shared_bytes, cudaDevAttrMaxSharedMemoryPerBlockOptin,
                                     device->ordinal),
              "asking for shared memory");
        prepare_products(*device);
        prepare_attention(*device);
        return device.release();
    });
}

void close(Device* device) {
    delete device;
}

bool measure(Device* device, Measurements* measurements, Failure* failure) {
    return guarded(failure, [&] {
        device->use();
        *measurements = measure_device(*device);
        return true;
    });
}

LoadedProgram* compile(Device* device, const ProgramImage* image, Failure* failure) {
    return guarded(failure, [&] {
        device->use();
        return new LoadedProgram(*device, *image);
    });
}

void release(LoadedProgram* program) {
    Failure ignored{};
    guarded(&ignored, [&] {
        program->device.use();
        return true;
    });
    delete program;
}

void bytes(const LoadedProgram* program, uint64_t* weights, uint64_t* state) {
    *weights = program->weight_bytes;
    *state = program->state_bytes;
}

ProgramState* create_state(const LoadedProgram* program, Failure* failure) {
    return guarded(failure, [&] {
        program->device.use();
        return new ProgramState(*program);
    });
}

ProgramState* fork_state(const ProgramState* state, int32_t length, Failure* failure) {
    return guarded(failure, [&] {
        state->program.device.use();
        auto copy = std::make_unique<ProgramState>(state->program);
        copy->copy_caches(*state, length);
        return copy.release();
    });
}

void destroy_state(ProgramState* state) {
    Failure ignored{};
    guarded(&ignored, [&] {
        state->program.device.use();
        return true;
    });
    delete state;
}

bool run(ProgramState* state, const Run* input, Ran* ran, Failure* failure) {
    return guarded(failure, [&] {
        state->program.device.use();
        *ran = state->run(*input);
        return true;
    });
}

void inject(Device* device, Injection what, int64_t call) {
    if (what == Injection::failed_allocation) device->allocations_left = call - 1;
    if (what == Injection::lost_context) device->lose_context = true;
}

constexpr Api kApi{kAbiVersion, sizeof(Api), CODA_CUDA_BUILD_ID, open,       close,         measure, compile,
                   release,     bytes,       create_state,       fork_state, destroy_state, run,     inject};

}  // namespace
}  // namespace coda::runtime::cuda

extern "C" __attribute__((visibility("default"))) const coda::runtime::cuda::Api* coda_cuda_plugin(
    uint32_t abi_version) {
    return abi_version == coda::runtime::cuda::kAbiVersion ? &coda::runtime::cuda::kApi : nullptr;
}
