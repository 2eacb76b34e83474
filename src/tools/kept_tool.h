// Adding tools that keep something in a file which processes share (timers, lists): they may have to wait for
// its lock. Thread safety: as Registry::add.
#pragma once

#include "tools/registry.h"
#include "tools/schema.h"

#include <utility>

namespace coda::tools {

// `properties` and `required` as object_schema takes them; `ability` and `topics` as in Tool.
inline void add_kept(Registry& registry, const char* name, const char* description, nlohmann::json properties,
                     nlohmann::json required, Safety safety, std::vector<std::string> topics,
                     decltype(Tool::run) run, std::string ability = {}) {
    Tool tool{name,
              description,
              object_schema(std::move(properties), std::move(required)),
              safety,
              std::chrono::milliseconds(6000),
              std::move(topics),
              std::move(run)};
    tool.ability = std::move(ability);
    CODA_ASSERT(registry.add(std::move(tool)));
}

}  // namespace coda::tools
