#include "app/machine_speed.h"

#include "base/file_map.h"
#include "base/log.h"
#include "base/paths.h"
#include "runtime/read_bandwidth.h"

#include <ctime>
#include <filesystem>
#include <fstream>
#include <optional>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace coda::app {
namespace {

constexpr size_t kLongestFile = 4096;

std::filesystem::path kept_in() {
    return paths::cache_dir() / "machine.json";
}

std::string cpu_name() {
    std::ifstream info("/proc/cpuinfo");
    for (std::string line; std::getline(info, line);) {
        if (!line.starts_with("model name")) continue;
        const size_t colon = line.find(": ");
        if (colon != std::string::npos) return line.substr(colon + 2);
    }
    return "CPU";
}

std::optional<MachineSpeed> kept() {
    const auto text = read_file(kept_in(), kLongestFile);
    if (!text) return std::nullopt;
    const auto json = nlohmann::json::parse(*text, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) return std::nullopt;
    const auto read = json.find("read_bytes_per_second"), threads = json.find("threads"),
               cpu = json.find("cpu"), date = json.find("date");
    const bool whole = read != json.end() && read->is_number() && threads != json.end() &&
                       threads->is_number_integer() && cpu != json.end() && cpu->is_string() &&
                       date != json.end() && date->is_string();
    if (!whole || !(read->get<double>() > 0)) return std::nullopt;
    return MachineSpeed{read->get<double>(), threads->get<int>(), cpu->get<std::string>(),
                        date->get<std::string>()};
}

void keep(const MachineSpeed& speed) {
    const nlohmann::json json = {{"read_bytes_per_second", speed.read_bytes_per_second},
                                 {"threads", speed.threads},
                                 {"cpu", speed.cpu},
                                 {"date", speed.date}};
    std::error_code ignored;
    std::filesystem::create_directories(kept_in().parent_path(), ignored);
    if (const Status written = write_file_atomic(kept_in(), json.dump(2) + "\n"); !written)
        log::debug("{}", written.error().message());
}

}  // namespace

std::string MachineSpeed::text() const {
    return fmt::format("{:.1f} GB/s read by {} thread{}, measured on {}", read_bytes_per_second / 1e9,
                       threads, threads == 1 ? "" : "s", date);
}

Result<MachineSpeed> machine_speed(int threads, Remembered remembered) {
    if (threads == 0) threads = runtime::usable_threads();
    const std::string cpu = cpu_name();
    if (remembered == Remembered::yes) {
        const auto known = kept();
        if (known && known->threads == threads && known->cpu == cpu) return *known;
    }
    MachineSpeed speed{runtime::measure_read_bandwidth(threads), threads, cpu,
                       fmt::format("{:%Y-%m-%d}", fmt::localtime(std::time(nullptr)))};
    if (!(speed.read_bytes_per_second > 0))
        return fail(ErrorCode::exhausted, "no memory to measure with", "memory", "close other programs");
    keep(speed);
    return speed;
}

}  // namespace coda::app
