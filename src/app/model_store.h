// The models that a person added beside the packaged ones: links or copies in
// $XDG_DATA_HOME/coda/models/added, and the settings that make one of them the default. Thread safety: none;
// one command at a time.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace coda::app {

struct AddedModel {
    std::string name;              // of the file or folder
    std::filesystem::path path;    // in the store
    std::filesystem::path target;  // what it is a link to; empty for a copy
    uint64_t bytes = 0;
    bool broken = false;  // the target is gone
};

std::vector<AddedModel> added_models();

// Links (or copies) a file or folder into the store under `name`, or its own where that is empty. Fails when
// the name is taken by another.
Result<AddedModel> store_model(const std::filesystem::path& model, const std::string& name, bool copy);
// Takes it out of the store; the target of a link stays.
Status forget_model(const AddedModel& model);

// Writes one value into the configuration file.
Status change_setting(const std::filesystem::path& file, const std::string& name, const std::string& value);

}  // namespace coda::app
