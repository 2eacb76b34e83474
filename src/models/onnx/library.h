// ONNX Runtime's shared library, opened at run time. Looked for at CODA_ONNXRUNTIME (a file), else as
// libonnxruntime.so* in the model folder "onnxruntime"; the highest version there wins.
// Ownership: a Library keeps the environment that sessions live in; the code itself stays mapped until the
// program ends, because the library's threads and statics do not survive being unmapped. Thread safety:
// immutable after open.
#pragma once

#include "base/result.h"
#include "models/onnx/abi.h"

#include <filesystem>
#include <memory>
#include <string>

namespace coda::models::onnx {

class Library {
  public:
    // `file` empty: looked for as above. Fails with not_found (mend: script/bootstrap) or unsupported (a
    // library that is too old, or none).
    static Result<std::shared_ptr<const Library>> open(const std::filesystem::path& file = {});
    ~Library();
    Library(const Library&) = delete;
    Library& operator=(const Library&) = delete;

    const abi::Api& api() const { return api_; }
    const abi::Env* env() const { return env_; }
    const std::string& version() const { return version_; }
    const std::filesystem::path& file() const { return file_; }

    // Turns a status of the library into ours and frees it. `where` names the network's file.
    Status check(abi::Status* status, const std::string& where) const;

  private:
    Library() = default;

    abi::Api api_;
    abi::Env* env_ = nullptr;
    std::string version_;
    std::filesystem::path file_;
};

}  // namespace coda::models::onnx
