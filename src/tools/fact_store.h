// Where the remember, recall and forget tools keep what the person said; the memory room stands behind it.
// Thread safety: as the implementation says.
#pragma once

#include "base/result.h"

#include <optional>
#include <string>
#include <vector>

namespace coda::tools {

class FactStore {
  public:
    virtual ~FactStore() = default;
    // Keeps `fact` (the person's words). A fact about the same thing is replaced, and then returned.
    virtual Result<std::optional<std::string>> remember(const std::string& fact, bool in_passing) = 0;
    // "My sister is Ada, not Ida": replaces what was told about the same and says `instead_of` (may be
    // empty). Where there is no such fact it is kept like any other.
    virtual Result<std::optional<std::string>> correct(const std::string& fact,
                                                       const std::string& instead_of) = 0;
    // The fact that answers `question`, or nothing.
    virtual Result<std::optional<std::string>> recall(const std::string& question) = 0;
    // All facts, oldest first.
    virtual Result<std::vector<std::string>> facts() = 0;
    // What was forgotten: the last fact, those about something, or all.
    virtual Result<std::vector<std::string>> forget_last() = 0;
    virtual Result<std::vector<std::string>> forget_about(const std::string& subject) = 0;
    virtual Result<std::vector<std::string>> forget_all() = 0;
    // True where facts outlive the conversation.
    virtual bool lasting() const = 0;
};

}  // namespace coda::tools
