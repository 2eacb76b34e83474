// Reading the package's tables: plain or gzip-compressed JSON files.
// Thread safety: free functions without state.
#pragma once

#include "base/result.h"

#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

namespace coda::models::hibari {

// The bytes of `file`, inflated when its name ends in .gz. Refuses more than 256 MB of text.
Result<std::string> read_asset(const std::filesystem::path& file);

// gzip (RFC 1952) to plain bytes; `name` stands for the file in errors.
Result<std::string> gunzip(std::string_view bytes, const std::string& name);

// A small table, keys in the file's order.
Result<nlohmann::ordered_json> read_json(const std::filesystem::path& file);
Result<nlohmann::ordered_json> parse_json(std::string_view text, const std::string& name);

// The one way that a broken table is reported.
tl::unexpected<Error> bad_table(const std::string& name, const std::string& what);

}  // namespace coda::models::hibari
