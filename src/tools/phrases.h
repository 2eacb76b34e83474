// Pieces of the sentences that tools say. Thread safety: pure functions.
#pragma once

#include <string>
#include <vector>

namespace coda::tools {

// With a capital where it begins with a small letter of ASCII.
std::string capitalized(std::string text);
// "a", "a and b", "a, b and c".
std::string enumeration(const std::vector<std::string>& parts);

}  // namespace coda::tools
