// One turn and its parts as JSON, in the shapes that docs/commands.md promises.
// Thread safety: free functions without state.
#pragma once

#include "assistant/session.h"

#include <filesystem>
#include <optional>

#include <nlohmann/json.hpp>

namespace coda::app {

// The reply as a file, where it was written to one.
struct ReplyAudio {
    std::filesystem::path path;  // empty: not written
    int sample_rate = 0;
    double seconds = 0;
};

nlohmann::json to_json(const assistant::TurnReport& report, const assistant::Engine& engine,
                       const std::optional<ReplyAudio>& audio);
nlohmann::json to_json(const ReplyAudio& audio);
nlohmann::json to_json(const assistant::DeviceInfo& device);

}  // namespace coda::app
