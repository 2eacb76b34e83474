// The memory room's store, as the tools ask for it.
// Thread safety: as the store's, which must outlive this.
#pragma once

#include "memory/store.h"
#include "tools/fact_store.h"

namespace coda::assistant {

class SessionFacts final : public tools::FactStore {
  public:
    explicit SessionFacts(memory::Store& store) : store_(store) {}

    Result<std::optional<std::string>> remember(const std::string& fact) override;
    Result<std::optional<std::string>> recall(const std::string& question) override;
    Result<std::vector<std::string>> facts() override;
    Result<std::vector<std::string>> forget_last() override;
    Result<std::vector<std::string>> forget_about(const std::string& subject) override;
    Result<std::vector<std::string>> forget_all() override;

  private:
    memory::Store& store_;
};

}  // namespace coda::assistant
