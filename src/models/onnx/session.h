// Networks in ONNX files, run by ONNX Runtime on the CPU. The library is opened at run time (onnx/library.h),
// so a missing one costs the parts that need it, not the program's start. Ownership: a Session owns the
// network, its threads and its arena; inputs are borrowed for the length of one run; Outputs own what a run
// produced. Thread safety: Session is immutable after open and run may be called from several threads;
// Outputs belong to one.
#pragma once

#include "base/cancel.h"
#include "base/result.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace coda::models::onnx {

enum class ElementType { float32, int64, other };

// What the network declares of an input or output; a dimension of -1 is free.
struct TensorInfo {
    std::string name;
    ElementType type = ElementType::other;
    std::vector<int64_t> shape;
};

// One named input of a run: a row-major tensor over borrowed memory. An empty shape is a scalar.
class Input {
  public:
    static constexpr size_t kMaxRank = 6;

    // `values` holds exactly the product of `shape`. `name` must outlive the run.
    Input(const char* name, std::span<const float> values, std::initializer_list<int64_t> shape);
    Input(const char* name, std::span<const int64_t> values, std::initializer_list<int64_t> shape);

    const char* name() const { return name_; }
    ElementType type() const { return type_; }
    const void* data() const { return data_; }
    size_t bytes() const { return bytes_; }
    std::span<const int64_t> shape() const { return {shape_.data(), rank_}; }

  private:
    void set_shape(size_t count, std::initializer_list<int64_t> shape);

    const char* name_;
    ElementType type_;
    const void* data_;
    size_t bytes_;
    size_t rank_ = 0;
    std::array<int64_t, kMaxRank> shape_{};
};

// The results of one run, in the order in which they were asked for. Views live as long as this object.
class Outputs {
  public:
    Outputs(Outputs&&) noexcept;
    Outputs& operator=(Outputs&&) noexcept;
    ~Outputs();

    size_t size() const;
    const std::vector<int64_t>& shape(size_t index) const;
    // The values of output `index`, row-major; asserts that it has this type.
    std::span<const float> floats(size_t index) const;
    std::span<const int64_t> int64s(size_t index) const;

  private:
    friend class Session;
    struct Impl;
    explicit Outputs(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

struct SessionOptions {
    int threads = 1;  // inside one operation; the threads never spin, operations run one after the other
    // Products of bytes without saturation on processors without VNNI, as they are with it. Not every network
    // can be opened so (ONNX Runtime 1.32 fails where two products share a weight).
    bool exact_bytes = false;
};

class Session {
  public:
    // Fails with not_found (the file, or the library: mend is script/bootstrap), bad_format (no network, a
    // damaged one, or one that needs a newer library), invalid_argument (threads < 1).
    static Result<std::unique_ptr<Session>> open(const std::filesystem::path& file,
                                                 const SessionOptions& options);
    ~Session();

    const std::vector<TensorInfo>& inputs() const;
    const std::vector<TensorInfo>& outputs() const;

    // Computes the outputs named in `wanted` (NUL-terminated, at least one). Fails with invalid_argument when
    // names, types or shapes do not fit the network, and with cancelled when `cancel` was set before or
    // during the run; a cancelled run ends after the operation it is in.
    Result<Outputs> run(std::span<const Input> inputs, std::span<const char* const> wanted,
                        const Cancel& cancel) const;
    Result<Outputs> run(std::initializer_list<Input> inputs, std::initializer_list<const char*> wanted,
                        const Cancel& cancel) const {
        return run(std::span(inputs.begin(), inputs.size()), std::span(wanted.begin(), wanted.size()),
                   cancel);
    }
    // The same for networks too short to be worth stopping (VAD): nothing watches a Cancel.
    Result<Outputs> run(std::initializer_list<Input> inputs, std::initializer_list<const char*> wanted) const;

  private:
    struct Impl;
    explicit Session(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace coda::models::onnx
