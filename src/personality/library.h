// Where characters come from: those that were built in (characters/*.toml), and the person's own folder.
// Thread safety: free functions without state.
#pragma once

#include "personality/character.h"

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace coda::personality {

inline constexpr const char* kDefaultCharacter = "coda";

struct PackagedCharacter {
    std::string_view id, text;
};
std::span<const PackagedCharacter> packaged_characters();

// The character of the file `wanted` where that is a path (it has a slash, or ends in .toml), else the one of
// that name: of `folder` first, then a packaged one. Fails with not_found (naming the nearest), or as
// parse_character.
Result<Character> load_character(const std::string& wanted, const std::filesystem::path& folder);

struct ListedCharacter {
    std::string id;               // what load_character takes
    std::string source;           // its file, or "packaged"
    Result<Character> character;  // or what is wrong with it
};
// The packaged ones, then those of `folder` by name. A folder that is not there is empty.
std::vector<ListedCharacter> list_characters(const std::filesystem::path& folder);

}  // namespace coda::personality
