// The hyper-parameters that a GGUF keeps under its architecture's name ("qwen3.block_count"), each checked as
// it is read. Thread safety: const over an immutable Weights, which must outlive it.
#pragma once

#include "base/result.h"
#include "runtime/weights.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace coda::models::llm {

class ArchitectureKeys {
  public:
    ArchitectureKeys(const runtime::Weights& weights, std::string_view architecture)
        : weights_(weights), architecture_(architecture) {}

    const runtime::Weights& weights() const { return weights_; }
    std::string name(std::string_view key) const;
    bool has(std::string_view key) const;

    // Fail with bad_format and name the key: missing (the first), no integer, or outside [low, high].
    Result<int> require(std::string_view key, int64_t low, int64_t high) const;
    Result<int> integer(std::string_view key, int64_t low, int64_t high, int64_t otherwise) const;
    // Positive and finite where it is there.
    Result<float> number(std::string_view key, double otherwise) const;
    std::string_view text(std::string_view key, std::string_view otherwise) const;

    // Errors about one key (without the architecture's name) of this file.
    tl::unexpected<Error> bad(std::string_view key, std::string what) const;
    tl::unexpected<Error> unsupported(std::string_view key, std::string what, std::string mend) const;

  private:
    const runtime::Weights& weights_;
    std::string architecture_;
};

}  // namespace coda::models::llm
