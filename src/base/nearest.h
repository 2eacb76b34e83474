// The name that a person probably meant, for messages about unknown ones.
// Thread safety: free functions without state.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace coda {

// Insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b`
// (Damerau-Levenshtein, restricted; bytes, not characters).
size_t edit_distance(std::string_view a, std::string_view b);

// The closest of `candidates`, or empty when none is within a third of the name's length.
std::string nearest_name(std::string_view name, std::span<const std::string> candidates);

// "did you mean llm.context?", or empty.
std::string did_you_mean(std::string_view name, std::span<const std::string> candidates);

}  // namespace coda
