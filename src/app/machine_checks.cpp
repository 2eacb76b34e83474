#include "app/machine_checks.h"

#include "base/clock.h"
#include "base/paths.h"

#include <chrono>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

namespace coda::app {
namespace {

namespace fs = std::filesystem;

struct Place {
    const char* id;
    fs::path folder;
    const char* variable;
};

std::vector<Place> written_places() {
    return {{"files.config", paths::config_dir(), "CODA_CONFIG_DIR"},
            {"files.cache", paths::cache_dir(), "CODA_CACHE_DIR"},
            {"files.state", paths::state_dir(), "CODA_STATE_DIR"}};
}

// The folder itself, or the nearest one above it in which it would be made.
fs::path nearest_existing(fs::path path) {
    std::error_code error;
    while (!fs::exists(path, error) && path.has_relative_path()) path = path.parent_path();
    return path;
}

CheckResult writable(const Place& place) {
    const Stopwatch watch;
    const fs::path there = nearest_existing(fs::absolute(place.folder));
    std::error_code error;
    std::string wrong;
    if (!fs::is_directory(there, error)) {
        wrong = there.string() + " is no folder";
    } else if (::access(there.c_str(), W_OK | X_OK) != 0) {
        wrong = there.string() + " cannot be written to";
    }
    if (wrong.empty()) return {place.id, Health::ok, place.folder.string(), {}, watch.elapsed_ms()};
    return {place.id, Health::failed, wrong,
            fmt::format("mend its permissions, or set {} to another folder", place.variable),
            watch.elapsed_ms()};
}

CheckResult free_space() {
    const Stopwatch watch;
    constexpr const char* kId = "disk.space";
    constexpr double kMiB = 1024.0 * 1024.0, kWarnMiB = 1024, kFailMiB = 64;
    const fs::path there = nearest_existing(fs::absolute(paths::state_dir()));
    std::error_code error;
    const fs::space_info space = fs::space(there, error);
    if (error) return {kId, Health::skipped, there.string() + ": " + error.message(), {}, watch.elapsed_ms()};
    const double mebibytes = static_cast<double>(space.available) / kMiB;
    CheckResult result{kId,
                       Health::ok,
                       fmt::format("{:.0f} MiB free in {}", mebibytes, there.string()),
                       {},
                       watch.elapsed_ms()};
    if (mebibytes < kWarnMiB) {
        result.health = mebibytes < kFailMiB ? Health::failed : Health::warning;
        result.mend = "free some space, or set CODA_STATE_DIR to a folder on another disk";
    }
    return result;
}

// A clock before this release was begun has lost its battery or its time server.
CheckResult clock_is_set() {
    const Stopwatch watch;
    using namespace std::chrono;
    const year_month_day today{floor<days>(system_clock::now())};
    const std::string date =
        fmt::format("{:04}-{:02}-{:02}", static_cast<int>(today.year()), static_cast<unsigned>(today.month()),
                    static_cast<unsigned>(today.day()));
    if (today.year() >= year{2025}) return {"clock.set", Health::ok, date, {}, watch.elapsed_ms()};
    return {"clock.set", Health::failed, "the clock says " + date,
            "set the clock, or switch on its time server", watch.elapsed_ms()};
}

class MachineCheck final : public Component {
  public:
    std::string name() const override { return "machine"; }

    std::vector<CheckResult> check() override {
        std::vector<CheckResult> results;
        for (const Place& place : written_places()) results.push_back(writable(place));
        results.push_back(free_space());
        results.push_back(clock_is_set());
        return results;
    }
};

}  // namespace

std::vector<std::unique_ptr<Component>> machine_components() {
    std::vector<std::unique_ptr<Component>> components;
    components.push_back(std::make_unique<MachineCheck>());
    return components;
}

}  // namespace coda::app
