// The models that come with Coda, as models.toml named them when this was built.
// Thread safety: free functions without state.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace coda::app {

struct PackagedFile {
    std::string file, sha256;
    uint64_t size = 0;
};

struct PackagedModel {
    std::string id, role, title, package, version, licence, source;
    bool by_default = true;  // fetched by script/bootstrap; else on first use
    std::vector<PackagedFile> files;

    uint64_t bytes() const;
    std::filesystem::path folder() const;
    // Every file is there with the right size. Contents are checked by script/fetch-models.
    Status installed() const;
};

std::vector<PackagedModel> packaged_models();

extern const char* const kModelsToml;

}  // namespace coda::app
