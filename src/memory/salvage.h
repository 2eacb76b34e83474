// What can still be read of a damaged memory file: first what SQLite finds, row by row, then what lies in
// pages that its tree no longer leads to. The pages' own layout is that of sqlite.org/fileformat2.html; a
// record counts only where its columns agree with one another, so that stray bytes give no facts. Thread
// safety: pure functions.
#pragma once

#include "base/result.h"
#include "memory/store.h"

#include <cstddef>
#include <filesystem>
#include <span>
#include <vector>

namespace coda::memory {

// In the order of their ids, each id once. The file is not changed. Fails only where it cannot be opened at
// all.
Result<std::vector<Fact>> salvage(const std::filesystem::path& path);

// Facts in the leaf pages of `file`, whichever tree they belong to. Any bytes are fine.
std::vector<Fact> scan_pages(std::span<const std::byte> file);

}  // namespace coda::memory
