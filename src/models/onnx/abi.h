// The part of ONNX Runtime's C interface that Coda uses. OrtApi is a table of function pointers to which
// releases only ever append, so a slot's index never changes once its version is out (ONNX Runtime asserts
// that at its own build). Each slot is declared here with its index in the table of API version 16;
// library_test calls every one. This is the only file that knows the layout.
#pragma once

#include <cstddef>
#include <cstdint>

namespace coda::models::onnx::abi {

// Asked for at load: any library from 1.16 on answers.
inline constexpr uint32_t kApiVersion = 16;

// Opaque objects of the library.
struct Allocator;
struct Env;
struct MemoryInfo;
struct RunOptions;
struct Session;
struct SessionOptions;
struct Status;
struct TensorTypeAndShapeInfo;
struct TypeInfo;
struct Value;

enum LoggingLevel : int { kLogFatal = 4 };
enum GraphOptimizationLevel : int { kOptimizeAll = 99 };
enum AllocatorType : int { kArenaAllocator = 1 };
enum MemoryType : int { kMemoryDefault = 0 };
enum ElementDataType : int { kElementFloat = 1, kElementInt64 = 7 };
enum ErrorCode : int {
    kInvalidArgument = 2,
    kNoSuchFile = 3,
    kNoModel = 4,
    kInvalidProtobuf = 7,
    kInvalidGraph = 10
};

// What OrtGetApiBase() returns.
struct ApiBase {
    const void* (*get_api)(uint32_t version);  // null when the library is older than `version`
    const char* (*get_version_string)();
};
using GetApiBase = const ApiBase* (*)();

// A slot of the table: its index and its signature. A null Status means success.
template <size_t Index, class Signature>
struct Slot;
template <size_t Index, class R, class... Args>
struct Slot<Index, R(Args...)> {
    using Function = R (*)(Args...);
    static constexpr size_t kIndex = Index;
    Function function = nullptr;

    void bind(const void* table) { function = static_cast<const Function*>(table)[Index]; }
    R operator()(Args... args) const { return function(args...); }
};

struct Api {
    // Status
    Slot<1, int(const Status*)> get_error_code;
    Slot<2, const char*(const Status*)> get_error_message;
    Slot<93, void(Status*)> release_status;
    // Environment, allocator, memory
    Slot<3, Status*(LoggingLevel, const char* id, Env**)> create_env;
    Slot<92, void(Env*)> release_env;
    Slot<78, Status*(Allocator**)> get_default_allocator;
    Slot<76, Status*(Allocator*, void*)> allocator_free;
    Slot<69, Status*(AllocatorType, MemoryType, MemoryInfo**)> create_cpu_memory_info;
    Slot<94, void(MemoryInfo*)> release_memory_info;
    // Session options
    Slot<10, Status*(SessionOptions**)> create_session_options;
    Slot<23, Status*(SessionOptions*, GraphOptimizationLevel)> set_graph_optimization_level;
    Slot<24, Status*(SessionOptions*, int)> set_intra_op_threads;
    Slot<25, Status*(SessionOptions*, int)> set_inter_op_threads;
    Slot<130, Status*(SessionOptions*, const char* key, const char* value)> add_config_entry;
    Slot<100, void(SessionOptions*)> release_session_options;
    // Session
    Slot<7, Status*(const Env*, const char* path, const SessionOptions*, Session**)> create_session;
    Slot<95, void(Session*)> release_session;
    Slot<30, Status*(const Session*, size_t*)> get_input_count;
    Slot<31, Status*(const Session*, size_t*)> get_output_count;
    Slot<33, Status*(const Session*, size_t, TypeInfo**)> get_input_type;
    Slot<34, Status*(const Session*, size_t, TypeInfo**)> get_output_type;
    Slot<36, Status*(const Session*, size_t, Allocator*, char**)> get_input_name;
    Slot<37, Status*(const Session*, size_t, Allocator*, char**)> get_output_name;
    Slot<9,
         Status*(Session*, const RunOptions*, const char* const* input_names, const Value* const* inputs,
                 size_t input_count, const char* const* output_names, size_t output_count, Value** outputs)>
        run;
    // Run options
    Slot<39, Status*(RunOptions**)> create_run_options;
    Slot<46, Status*(RunOptions*)> set_terminate;
    Slot<97, void(RunOptions*)> release_run_options;
    // Tensors
    Slot<49, Status*(const MemoryInfo*, void* data, size_t bytes, const int64_t* shape, size_t rank,
                     ElementDataType, Value**)>
        create_tensor;
    Slot<51, Status*(Value*, void**)> get_tensor_data;
    Slot<65, Status*(const Value*, TensorTypeAndShapeInfo**)> get_tensor_type_and_shape;
    Slot<96, void(Value*)> release_value;
    Slot<55, Status*(const TypeInfo*, const TensorTypeAndShapeInfo**)> cast_to_tensor_info;
    Slot<98, void(TypeInfo*)> release_type_info;
    Slot<60, Status*(const TensorTypeAndShapeInfo*, ElementDataType*)> get_element_type;
    Slot<61, Status*(const TensorTypeAndShapeInfo*, size_t*)> get_dimension_count;
    Slot<62, Status*(const TensorTypeAndShapeInfo*, int64_t*, size_t)> get_dimensions;
    Slot<64, Status*(const TensorTypeAndShapeInfo*, size_t*)> get_element_count;
    Slot<99, void(TensorTypeAndShapeInfo*)> release_tensor_info;

    // Calls `visit` with every slot above.
    template <class Visit>
    void for_each_slot(Visit&& visit) {
        visit(get_error_code), visit(get_error_message), visit(release_status);
        visit(create_env), visit(release_env), visit(get_default_allocator), visit(allocator_free);
        visit(create_cpu_memory_info), visit(release_memory_info);
        visit(create_session_options), visit(set_graph_optimization_level), visit(set_intra_op_threads);
        visit(set_inter_op_threads), visit(add_config_entry), visit(release_session_options);
        visit(create_session), visit(release_session), visit(get_input_count), visit(get_output_count);
        visit(get_input_type), visit(get_output_type), visit(get_input_name), visit(get_output_name),
            visit(run);
        visit(create_run_options), visit(set_terminate), visit(release_run_options);
        visit(create_tensor), visit(get_tensor_data), visit(get_tensor_type_and_shape), visit(release_value);
        visit(cast_to_tensor_info), visit(release_type_info), visit(get_element_type),
            visit(get_dimension_count);
        visit(get_dimensions), visit(get_element_count), visit(release_tensor_info);
    }
};

}  // namespace coda::models::onnx::abi
