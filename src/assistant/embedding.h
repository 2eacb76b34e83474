// MiniLM as the memory room's embedder.
// Thread safety: as MiniLm. Ownership: shares the model.
#pragma once

#include "memory/embedder.h"
#include "models/minilm/minilm.h"

#include <memory>
#include <utility>

namespace coda::assistant {

class MiniLmEmbedder final : public memory::Embedder {
  public:
    explicit MiniLmEmbedder(std::shared_ptr<const models::MiniLm> model) : model_(std::move(model)) {}

    Result<std::vector<float>> embed(const std::string& text, const Cancel& cancel) override {
        return model_->embed(text, cancel);
    }
    const std::string& name() const override { return name_; }

  private:
    std::shared_ptr<const models::MiniLm> model_;
    std::string name_ = "all-MiniLM-L6-v2";
};

}  // namespace coda::assistant
