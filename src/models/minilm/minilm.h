// Sentence embeddings by all-MiniLM-L6-v2 (Apache-2.0; Wang et al. 2020, Reimers and Gurevych 2019): texts
// that mean the same lie close together. A BERT encoder on Coda's own runtime, the mean of its last rows,
// made one long; the vectors are those of sentence-transformers. The size of the network is read from its
// file. Thread safety: embed may be called from any thread, one runs at a time. Ownership: borrows the
// backend's device through the compiled program.
#pragma once

#include "base/cancel.h"
#include "base/result.h"
#include "runtime/backend.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace coda::models {

class MiniLm {
  public:
    static constexpr int kMaxTokens = 256;  // what it was trained with; the end of a longer text is not read

    // `folder` holds model.safetensors and vocab.txt. Fails as Weights::open does, and with bad_format for a
    // network that is no BERT or does not fit its vocabulary.
    static Result<std::shared_ptr<MiniLm>> open(const std::filesystem::path& folder,
                                                runtime::Backend& backend);
    ~MiniLm();

    // A vector of width() floats and length 1.
    Result<std::vector<float>> embed(const std::string& text, const Cancel& cancel) const;
    std::vector<int32_t> tokens(const std::string& text) const;
    int width() const;

  private:
    struct Impl;
    explicit MiniLm(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace coda::models
