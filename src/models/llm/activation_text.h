// The text over which activation_check.h compares distributions: a story, a talk, facts with figures, code
// and other languages; written for this purpose. Thread safety: constant.
#pragma once

#include <span>
#include <string_view>

namespace coda::models::llm {

std::span<const std::string_view> activation_texts();

}  // namespace coda::models::llm
