// Stored token texts and their ids. Looked up by view, without a copy. Thread safety: that of a standard map.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace coda::models::llm {

struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

using TokenTable = std::unordered_map<std::string, int32_t, TextHash, std::equal_to<>>;

}  // namespace coda::models::llm
