// What turns a text into a vector such that texts of like meaning lie close together. The memory room
// declares it, whoever has a model fills it in. Thread safety: as the implementation says.
#pragma once

#include "base/cancel.h"
#include "base/result.h"

#include <string>
#include <vector>

namespace coda::memory {

class Embedder {
  public:
    virtual ~Embedder() = default;
    // A vector of length 1; always of the same width.
    virtual Result<std::vector<float>> embed(const std::string& text, const Cancel& cancel) = 0;
    // Vectors of embedders with different names are not compared.
    virtual const std::string& name() const = 0;
};

}  // namespace coda::memory
