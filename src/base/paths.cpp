#include "base/paths.h"

#include <cstdlib>

namespace coda::paths {
namespace {

std::filesystem::path resolve(const char* own, const char* xdg, const char* fallback) {
    if (const char* value = std::getenv(own); value && *value) return value;
    // The XDG rules: a relative path is invalid and is to be ignored.
    if (const char* value = std::getenv(xdg); value && *value == '/')
        return std::filesystem::path(value) / "coda";
    const char* home = std::getenv("HOME");
    return std::filesystem::path(home && *home ? home : "/") / fallback / "coda";
}

}  // namespace

std::filesystem::path data_dir() {
    return resolve("CODA_DATA_DIR", "XDG_DATA_HOME", ".local/share");
}
std::filesystem::path config_dir() {
    return resolve("CODA_CONFIG_DIR", "XDG_CONFIG_HOME", ".config");
}
std::filesystem::path cache_dir() {
    return resolve("CODA_CACHE_DIR", "XDG_CACHE_HOME", ".cache");
}
std::filesystem::path state_dir() {
    return resolve("CODA_STATE_DIR", "XDG_STATE_HOME", ".local/state");
}

std::filesystem::path model_dir(const std::string& id) {
    return data_dir() / "models" / id;
}

}  // namespace coda::paths
