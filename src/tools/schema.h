// The few shapes of JSON schema that the built-in tools are described with, and the reading of arguments that
// follow one. Thread safety: pure functions.
#pragma once

#include <string>
#include <utility>

#include <nlohmann/json.hpp>

namespace coda::tools {

inline nlohmann::json text_argument(const char* description) {
    return {{"type", "string"}, {"description", description}, {"maxLength", 2000}};
}
inline nlohmann::json object_schema(nlohmann::json properties, nlohmann::json required) {
    return {{"type", "object"}, {"properties", std::move(properties)}, {"required", std::move(required)}};
}
// Empty where it is left out.
inline std::string text_of(const nlohmann::json& arguments, const char* name) {
    return arguments.contains(name) ? arguments[name].get<std::string>() : std::string();
}

}  // namespace coda::tools
