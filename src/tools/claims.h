// Claims in a language model's reply that nothing stands behind: a deed that no tool did, a state of the
// world that nobody looked up. The rules are data (claims.txt). Thread safety: immutable after create.
#pragma once

#include "base/result.h"
#include "tools/patterns.h"

#include <string_view>

namespace coda::tools {

enum class Claim { none, action, live };

class Claims {
  public:
    static Result<Claims> create();
    // What the clause claims. Talk of what could be done, and general knowledge, claim nothing.
    Claim in(std::string_view clause) const;

  private:
    Patterns patterns_;
};

}  // namespace coda::tools
