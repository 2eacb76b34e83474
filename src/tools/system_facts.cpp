#include "tools/system_facts.h"

#include "tools/moments.h"
#include "tools/schema.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <thread>

#include <fmt/format.h>
#include <sys/statvfs.h>

namespace coda::tools {
namespace {

using nlohmann::json;

constexpr size_t kLongest = 64 * 1024;  // of a file that is read whole

std::string contents(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::string text(kLongest, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<size_t>(std::max<std::streamsize>(file.gcount(), 0)));
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
    return text;
}

template <class Number>
std::optional<Number> leading_number(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end == text.data()) return std::nullopt;
    return value;
}

std::optional<int64_t> kilobytes_of(std::string_view meminfo, std::string_view key) {
    for (size_t at = 0; at < meminfo.size();) {
        const size_t end = std::min(meminfo.find('\n', at), meminfo.size());
        const std::string_view line = meminfo.substr(at, end - at);
        at = end + 1;
        if (line.starts_with(key)) return leading_number<int64_t>(line.substr(key.size()));
    }
    return std::nullopt;
}

// "7.6 gigabytes", "512 megabytes": as disks and memory are sold, in powers of ten.
std::string spoken_bytes(double bytes) {
    const auto with = [](double value, const char* unit) {
        return value < 10 ? fmt::format("{:.1f} {}", value, unit) : fmt::format("{:.0f} {}", value, unit);
    };
    if (bytes >= 1e12) return with(bytes / 1e12, "terabytes");
    if (bytes >= 1e9) return with(bytes / 1e9, "gigabytes");
    return with(bytes / 1e6, "megabytes");
}

ToolResult unknown(const char* what) {
    return {fmt::format("This computer doesn't tell me its {}.", what), {{"unknown", what}}};
}

ToolResult memory_sentence(const std::filesystem::path& root) {
    const auto memory = read_memory(contents(root / "proc/meminfo"));
    if (!memory) return unknown("memory");
    return {fmt::format("{} of memory are free, of {}.",
                        spoken_bytes(static_cast<double>(memory->available_bytes)),
                        spoken_bytes(static_cast<double>(memory->total_bytes))),
            {{"total_bytes", memory->total_bytes}, {"available_bytes", memory->available_bytes}}};
}

ToolResult load_sentence(const std::filesystem::path& root) {
    const auto load = read_load(contents(root / "proc/loadavg"));
    if (!load) return unknown("load");
    const unsigned cores = std::max(1u, std::thread::hardware_concurrency());
    const long percent = std::lround(*load * 100 / cores);
    return {fmt::format("The processors are about {} percent busy.", percent),
            {{"load", *load}, {"cores", cores}, {"percent", percent}}};
}

ToolResult disk_sentence(const std::filesystem::path& root) {
    struct statvfs disk {};
    if (statvfs(root.c_str(), &disk) != 0 || disk.f_blocks == 0) return unknown("disk space");
    const double unit = static_cast<double>(disk.f_frsize), free = static_cast<double>(disk.f_bavail) * unit,
                 total = static_cast<double>(disk.f_blocks) * unit;
    return {fmt::format("{} are free on the disk, of {}.", spoken_bytes(free), spoken_bytes(total)),
            {{"free_bytes", free}, {"total_bytes", total}}};
}

ToolResult battery_sentence(const std::filesystem::path& root) {
    const auto battery = read_battery(root);
    if (!battery) return {"This computer has no battery that I can see.", {{"battery", nullptr}}};
    const char* status = battery->status == "Charging"      ? " and charging"
                         : battery->status == "Discharging" ? ", not plugged in"
                                                            : "";
    return {fmt::format("The battery is at {} percent{}.", battery->percent, status),
            {{"percent", battery->percent}, {"status", battery->status}}};
}

ToolResult uptime_sentence(const std::filesystem::path& root) {
    const auto uptime = read_uptime(contents(root / "proc/uptime"));
    if (!uptime) return unknown("uptime");
    return {fmt::format("This computer has been running for {}.",
                        spoken_time_left(std::chrono::seconds(*uptime))),
            {{"seconds", *uptime}}};
}

Result<ToolResult> tell(const json& arguments, const std::filesystem::path& root) {
    const std::string what = text_of(arguments, "what");
    if (what == "memory") return memory_sentence(root);
    if (what == "disk") return disk_sentence(root);
    if (what == "battery") return battery_sentence(root);
    if (what == "uptime") return uptime_sentence(root);
    if (what == "load") return load_sentence(root);
    ToolResult all = load_sentence(root);
    json data = {{"load", all.data}};
    for (const auto& [name, part] :
         {std::pair{"memory", memory_sentence(root)}, {"disk", disk_sentence(root)}}) {
        all.say += " " + part.say;
        data[name] = part.data;
    }
    all.data = std::move(data);
    return all;
}

}  // namespace

std::optional<MemoryFacts> read_memory(std::string_view meminfo) {
    constexpr int64_t kMost = int64_t{1} << 43;  // kilobytes; beyond it the text is no meminfo
    const auto total = kilobytes_of(meminfo, "MemTotal:"), available = kilobytes_of(meminfo, "MemAvailable:");
    if (!total || !available || *total <= 0 || *total > kMost || *available < 0 || *available > *total)
        return std::nullopt;
    return MemoryFacts{*total * 1024, *available * 1024};
}

std::optional<double> read_load(std::string_view loadavg) {
    const auto load = leading_number<double>(loadavg);
    return load && std::isfinite(*load) && *load >= 0 && *load < 1e6 ? load : std::nullopt;
}

std::optional<int64_t> read_uptime(std::string_view uptime) {
    const auto seconds = leading_number<int64_t>(uptime);
    return seconds && *seconds >= 0 && *seconds < int64_t{1} << 40 ? seconds : std::nullopt;
}

std::optional<BatteryFacts> read_battery(const std::filesystem::path& root) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(root / "sys/class/power_supply", error)) {
        if (contents(entry.path() / "type") != "Battery") continue;
        if (contents(entry.path() / "scope") == "Device") continue;  // of a mouse
        const auto percent = leading_number<int>(contents(entry.path() / "capacity"));
        if (!percent || *percent < 0 || *percent > 100) continue;
        return BatteryFacts{*percent, contents(entry.path() / "status").substr(0, 40)};
    }
    return std::nullopt;
}

void add_system_facts(Registry& registry, const std::filesystem::path& root) {
    Tool tool{"system_facts",
              "This computer's load, memory, disk space, battery or uptime.",
              object_schema(
                  {{"what",
                    {{"type", "string"}, {"enum", {"load", "memory", "disk", "battery", "uptime", "all"}}}}},
                  {"what"}),
              Safety::read,
              std::chrono::milliseconds(1000),
              {},
              [root](const json& arguments, const ToolContext&) { return tell(arguments, root); },
              "say how this computer is doing"};
    CODA_ASSERT(registry.add(std::move(tool)));
}

std::optional<Call> system_call(const Recognition& command) {
    if (command.name != "system.facts") return std::nullopt;
    const auto what = command.fixed.find("what");
    return Call{"system_facts", {{"what", what == command.fixed.end() ? "all" : what->second}}};
}

}  // namespace coda::tools
