#include "personality/library.h"

#include "base/file_map.h"
#include "base/nearest.h"

#include <algorithm>

#include <fmt/format.h>

namespace coda::personality {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostFiles = 1000;  // of a folder that are looked at

Result<Character> read_character(const fs::path& path) {
    CODA_TRY(const std::string text, read_file(path, kMaxCharacterFile));
    return parse_character(text, path.string());
}

const PackagedCharacter* find_packaged(std::string_view id) {
    const auto all = packaged_characters();
    const auto at = std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.id == id; });
    return at == all.end() ? nullptr : &*at;
}

Result<Character> parse_packaged(const PackagedCharacter& packaged) {
    return parse_character(packaged.text, fmt::format("characters/{}.toml", packaged.id));
}

std::vector<fs::path> own_files(const fs::path& folder) {
    std::vector<fs::path> files;
    std::error_code error;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
        if (at->path().extension() == ".toml") files.push_back(at->path());
        if (files.size() == kMostFiles) break;
    }
    std::sort(files.begin(), files.end());
    return files;
}

}  // namespace

Result<Character> load_character(const std::string& wanted, const fs::path& folder) {
    if (wanted.find('/') != std::string::npos || wanted.ends_with(".toml")) return read_character(wanted);
    const fs::path own = folder / (wanted + ".toml");
    std::error_code error;
    if (!wanted.empty() && fs::exists(own, error)) return read_character(own);
    if (const PackagedCharacter* packaged = find_packaged(wanted)) return parse_packaged(*packaged);
    std::vector<std::string> names;
    for (const PackagedCharacter& packaged : packaged_characters()) names.emplace_back(packaged.id);
    for (const fs::path& file : own_files(folder)) names.push_back(file.stem().string());
    const std::string meant = did_you_mean(wanted, names);
    return fail(ErrorCode::not_found, fmt::format("there is no character \"{}\"", wanted), "",
                meant.empty() ? fmt::format("there are {}", fmt::join(names, ", ")) : meant);
}

std::vector<ListedCharacter> list_characters(const fs::path& folder) {
    std::vector<ListedCharacter> out;
    for (const PackagedCharacter& packaged : packaged_characters())
        out.push_back({std::string(packaged.id), "packaged", parse_packaged(packaged)});
    for (const fs::path& file : own_files(folder))
        out.push_back({file.stem().string(), file.string(), read_character(file)});
    return out;
}

}  // namespace coda::personality
