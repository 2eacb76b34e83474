// The memory room's store, as the tools ask for it. Keeps count of what a turn changed, so that a turn that
// was none can be taken back. Thread safety: as the store's, which must outlive this.
#pragma once

#include "memory/store.h"
#include "tools/fact_store.h"

#include <vector>

namespace coda::assistant {

class SessionFacts final : public tools::FactStore {
  public:
    SessionFacts(memory::Store& store, bool lasting) : store_(store), lasting_(lasting) {}

    Result<std::optional<std::string>> remember(const std::string& fact, bool in_passing) override;
    Result<std::optional<std::string>> correct(const std::string& fact,
                                               const std::string& instead_of) override;
    Result<std::optional<std::string>> recall(const std::string& question) override;
    Result<std::vector<std::string>> facts() override;
    Result<std::vector<std::string>> forget_last() override;
    Result<std::vector<std::string>> forget_about(const std::string& subject) override;
    Result<std::vector<std::string>> forget_all() override;
    bool lasting() const override { return lasting_; }

    void begin_turn();
    // Makes everything since begin_turn undone.
    Status undo();

  private:
    Result<std::optional<std::string>> keep(memory::Added added);
    Result<std::vector<std::string>> forget(const std::vector<memory::Fact>& facts);

    memory::Store& store_;
    const bool lasting_;
    std::vector<int64_t> added_;
    std::vector<memory::Fact> removed_;
};

}  // namespace coda::assistant
