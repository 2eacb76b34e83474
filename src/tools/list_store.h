// Where lists of things are kept: shopping, to-do, any other by its name. Thread safety: as the
// implementation says.
#pragma once

#include "base/result.h"

#include <string>
#include <vector>

namespace coda::tools {

class ListStore {
  public:
    static constexpr size_t kMostItems = 500;  // of one list; add() fails with exhausted

    virtual ~ListStore() = default;
    virtual Status add(const std::string& list, const std::string& item) = 0;
    // In the order in which they were added; empty for a list that nobody has begun.
    virtual Result<std::vector<std::string>> items(const std::string& list) = 0;
    // Takes out the item that reads exactly so.
    virtual Status remove(const std::string& list, const std::string& item) = 0;
    // The lists that hold something.
    virtual Result<std::vector<std::string>> lists() = 0;
};

}  // namespace coda::tools
