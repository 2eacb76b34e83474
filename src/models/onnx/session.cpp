#include "models/onnx/session.h"

#include "models/onnx/library.h"

#include <functional>
#include <optional>
#include <stop_token>
#include <system_error>
#include <utility>

namespace coda::models::onnx {
namespace {

// A handle of the library that goes back through its release slot.
template <class T>
class Handle {
  public:
    using Release = void (*)(T*);
    Handle() = default;
    explicit Handle(Release release) : release_(release) {}
    Handle(Handle&& other) noexcept
        : release_(other.release_), object_(std::exchange(other.object_, nullptr)) {}
    Handle& operator=(Handle&& other) noexcept {
        std::swap(release_, other.release_);
        std::swap(object_, other.object_);
        return *this;
    }
    ~Handle() {
        if (object_) release_(object_);
    }
    T* get() const { return object_; }
    T** out() { return &object_; }

  private:
    Release release_ = nullptr;
    T* object_ = nullptr;
};

ElementType element_type(abi::ElementDataType type) {
    switch (type) {
        case abi::kElementFloat:
            return ElementType::float32;
        case abi::kElementInt64:
            return ElementType::int64;
        default:
            return ElementType::other;
    }
}

Result<std::vector<int64_t>> read_shape(const Library& library, const abi::TensorTypeAndShapeInfo* info,
                                        const std::string& where) {
    size_t rank = 0;
    CODA_CHECK(library.check(library.api().get_dimension_count(info, &rank), where));
    std::vector<int64_t> shape(rank);
    CODA_CHECK(library.check(library.api().get_dimensions(info, shape.data(), rank), where));
    return shape;
}

// The declaration of one input (or output) of a network.
template <class GetName, class GetType>
Result<TensorInfo> read_tensor_info(const Library& library, const abi::Session* session, size_t index,
                                    const GetName& get_name, const GetType& get_type,
                                    const std::string& where) {
    const abi::Api& api = library.api();
    abi::Allocator* allocator = nullptr;
    CODA_CHECK(library.check(api.get_default_allocator(&allocator), where));
    char* name = nullptr;
    CODA_CHECK(library.check(get_name(session, index, allocator, &name), where));
    TensorInfo tensor;
    tensor.name = name;
    CODA_CHECK(library.check(api.allocator_free(allocator, name), where));

    Handle<abi::TypeInfo> type(api.release_type_info.function);
    CODA_CHECK(library.check(get_type(session, index, type.out()), where));
    const abi::TensorTypeAndShapeInfo* info = nullptr;
    CODA_CHECK(library.check(api.cast_to_tensor_info(type.get(), &info), where));
    if (!info) return tensor;  // a sequence or a map: nothing of ours has one
    abi::ElementDataType element{};
    CODA_CHECK(library.check(api.get_element_type(info, &element), where));
    tensor.type = element_type(element);
    CODA_TRY(tensor.shape, read_shape(library, info, where));
    return tensor;
}

}  // namespace

Input::Input(const char* name, std::span<const float> values, std::initializer_list<int64_t> shape)
    : name_(name), type_(ElementType::float32), data_(values.data()), bytes_(values.size_bytes()) {
    set_shape(values.size(), shape);
}

Input::Input(const char* name, std::span<const int64_t> values, std::initializer_list<int64_t> shape)
    : name_(name), type_(ElementType::int64), data_(values.data()), bytes_(values.size_bytes()) {
    set_shape(values.size(), shape);
}

void Input::set_shape(size_t count, std::initializer_list<int64_t> shape) {
    CODA_ASSERT(shape.size() <= kMaxRank);
    int64_t product = 1;
    for (const int64_t dimension : shape) {
        CODA_ASSERT(dimension >= 0);
        shape_[rank_++] = dimension;
        product *= dimension;
    }
    CODA_ASSERT(product == static_cast<int64_t>(count));
}

struct Outputs::Impl {
    struct Tensor {
        Handle<abi::Value> value;
        ElementType type = ElementType::other;
        std::vector<int64_t> shape;
        const void* data = nullptr;
        size_t count = 0;
    };
    std::shared_ptr<const Library> library;
    std::vector<Tensor> tensors;
};

Outputs::Outputs(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Outputs::Outputs(Outputs&&) noexcept = default;
Outputs& Outputs::operator=(Outputs&&) noexcept = default;
Outputs::~Outputs() = default;

size_t Outputs::size() const {
    return impl_->tensors.size();
}

const std::vector<int64_t>& Outputs::shape(size_t index) const {
    CODA_ASSERT(index < size());
    return impl_->tensors[index].shape;
}

std::span<const float> Outputs::floats(size_t index) const {
    CODA_ASSERT(index < size() && impl_->tensors[index].type == ElementType::float32);
    return {static_cast<const float*>(impl_->tensors[index].data), impl_->tensors[index].count};
}

std::span<const int64_t> Outputs::int64s(size_t index) const {
    CODA_ASSERT(index < size() && impl_->tensors[index].type == ElementType::int64);
    return {static_cast<const int64_t*>(impl_->tensors[index].data), impl_->tensors[index].count};
}

struct Session::Impl {
    std::shared_ptr<const Library> library;
    Handle<abi::MemoryInfo> memory;
    Handle<abi::Session> session;
    std::vector<TensorInfo> inputs, outputs;
    std::string where;

    Status load(const std::filesystem::path& file, const SessionOptions& options);
    Status describe();
    Result<Outputs> run(std::span<const Input> given, std::span<const char* const> wanted,
                        const Cancel* cancel) const;
    Status read(Outputs::Impl::Tensor& tensor) const;
};

Status Session::Impl::load(const std::filesystem::path& file, const SessionOptions& options) {
    const abi::Api& api = library->api();
    Handle<abi::SessionOptions> settings(api.release_session_options.function);
    CODA_CHECK(library->check(api.create_session_options(settings.out()), where));
    CODA_CHECK(library->check(api.set_graph_optimization_level(settings.get(), abi::kOptimizeAll), where));
    CODA_CHECK(library->check(api.set_intra_op_threads(settings.get(), options.threads), where));
    CODA_CHECK(library->check(api.set_inter_op_threads(settings.get(), 1), where));
    CODA_CHECK(
        library->check(api.add_config_entry(settings.get(), "session.intra_op.allow_spinning", "0"), where));
    if (options.exact_bytes)
        CODA_CHECK(
            library->check(api.add_config_entry(settings.get(), "session.x64quantprecision", "1"), where));
    memory = Handle<abi::MemoryInfo>(api.release_memory_info.function);
    CODA_CHECK(library->check(
        api.create_cpu_memory_info(abi::kArenaAllocator, abi::kMemoryDefault, memory.out()), where));
    session = Handle<abi::Session>(api.release_session.function);
    return library->check(api.create_session(library->env(), file.c_str(), settings.get(), session.out()),
                          where);
}

Status Session::Impl::describe() {
    const abi::Api& api = library->api();
    size_t input_count = 0, output_count = 0;
    CODA_CHECK(library->check(api.get_input_count(session.get(), &input_count), where));
    CODA_CHECK(library->check(api.get_output_count(session.get(), &output_count), where));
    for (size_t i = 0; i < input_count; ++i) {
        CODA_TRY(TensorInfo info,
                 read_tensor_info(*library, session.get(), i, api.get_input_name, api.get_input_type, where));
        inputs.push_back(std::move(info));
    }
    for (size_t i = 0; i < output_count; ++i) {
        CODA_TRY(TensorInfo info, read_tensor_info(*library, session.get(), i, api.get_output_name,
                                                   api.get_output_type, where));
        outputs.push_back(std::move(info));
    }
    return {};
}

Status Session::Impl::read(Outputs::Impl::Tensor& tensor) const {
    const abi::Api& api = library->api();
    Handle<abi::TensorTypeAndShapeInfo> info(api.release_tensor_info.function);
    CODA_CHECK(library->check(api.get_tensor_type_and_shape(tensor.value.get(), info.out()), where));
    abi::ElementDataType element{};
    CODA_CHECK(library->check(api.get_element_type(info.get(), &element), where));
    tensor.type = element_type(element);
    CODA_TRY(tensor.shape, read_shape(*library, info.get(), where));
    CODA_CHECK(library->check(api.get_element_count(info.get(), &tensor.count), where));
    void* data = nullptr;
    CODA_CHECK(library->check(api.get_tensor_data(tensor.value.get(), &data), where));
    tensor.data = data;
    return {};
}

Result<Outputs> Session::Impl::run(std::span<const Input> given, std::span<const char* const> wanted,
                                   const Cancel* cancel) const {
    CODA_ASSERT(!wanted.empty());
    const abi::Api& api = library->api();
    std::vector<Handle<abi::Value>> tensors;
    std::vector<const char*> names;
    std::vector<const abi::Value*> values;
    tensors.reserve(given.size()), names.reserve(given.size()), values.reserve(given.size());
    for (const Input& input : given) {
        Handle<abi::Value>& tensor = tensors.emplace_back(api.release_value.function);
        const auto type = input.type() == ElementType::float32 ? abi::kElementFloat : abi::kElementInt64;
        // The library takes inputs as mutable memory but does not write to them.
        CODA_CHECK(
            library->check(api.create_tensor(memory.get(), const_cast<void*>(input.data()), input.bytes(),
                                             input.shape().data(), input.shape().size(), type, tensor.out()),
                           where));
        names.push_back(input.name());
        values.push_back(tensor.get());
    }

    Handle<abi::RunOptions> options(api.release_run_options.function);
    std::optional<std::stop_callback<std::function<void()>>> on_cancel;
    if (cancel) {
        CODA_CHECK(library->check(api.create_run_options(options.out()), where));
        on_cancel.emplace(cancel->token(), [&api, run_options = options.get()] {
            if (abi::Status* status = api.set_terminate(run_options)) api.release_status(status);
        });
        if (cancel->cancelled()) return fail(ErrorCode::cancelled, "the run was cancelled", where);
    }
    std::vector<abi::Value*> results(wanted.size(), nullptr);
    const Status status = library->check(api.run(session.get(), options.get(), names.data(), values.data(),
                                                 values.size(), wanted.data(), wanted.size(), results.data()),
                                         where);
    auto produced = std::make_unique<Outputs::Impl>();
    produced->library = library;
    for (abi::Value* result : results) {
        auto& tensor = produced->tensors.emplace_back();
        tensor.value = Handle<abi::Value>(api.release_value.function);
        *tensor.value.out() = result;
    }
    if (cancel && cancel->cancelled()) return fail(ErrorCode::cancelled, "the run was cancelled", where);
    if (!status) return tl::unexpected(status.error());
    for (auto& tensor : produced->tensors) CODA_CHECK(read(tensor));
    return Outputs(std::move(produced));
}

Session::Session(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Session::~Session() = default;

Result<std::unique_ptr<Session>> Session::open(const std::filesystem::path& file,
                                               const SessionOptions& options) {
    if (options.threads < 1) return fail(ErrorCode::invalid_argument, "a session needs at least one thread");
    std::error_code error;
    if (!std::filesystem::is_regular_file(file, error))
        return fail(ErrorCode::not_found, "there is no such file", file.string(), "run script/bootstrap");
    auto impl = std::make_unique<Impl>();
    impl->where = file.string();
    CODA_TRY(impl->library, Library::open());
    if (Status status = impl->load(file, options); !status) {
        Error reason = std::move(status.error());
        // The library gives its general code for a file that is no network at all.
        reason.code = ErrorCode::bad_format;
        reason.mend = "run script/bootstrap to fetch the file again";
        return tl::unexpected(std::move(reason));
    }
    CODA_CHECK(impl->describe());
    return std::unique_ptr<Session>(new Session(std::move(impl)));
}

const std::vector<TensorInfo>& Session::inputs() const {
    return impl_->inputs;
}
const std::vector<TensorInfo>& Session::outputs() const {
    return impl_->outputs;
}

Result<Outputs> Session::run(std::span<const Input> inputs, std::span<const char* const> wanted,
                             const Cancel& cancel) const {
    return impl_->run(inputs, wanted, &cancel);
}

Result<Outputs> Session::run(std::initializer_list<Input> inputs,
                             std::initializer_list<const char*> wanted) const {
    return impl_->run(std::span(inputs.begin(), inputs.size()), std::span(wanted.begin(), wanted.size()),
                      nullptr);
}

}  // namespace coda::models::onnx
