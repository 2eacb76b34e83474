// Text as language models write it, made into text that can be read aloud: markdown, links, code, emoji and
// symbols become words or pauses or go. Plain sentences pass unchanged. Thread safety: a free function
// without state.
#pragma once

#include <string>
#include <string_view>

namespace coda::models::hibari {

std::string speakable(std::string_view text);

}  // namespace coda::models::hibari
