#include "monitor/host.h"

#include <algorithm>
#include <fstream>

#include <sys/statvfs.h>
#include <unistd.h>

namespace coda::monitor {
namespace {

constexpr size_t kLargestFile = 64 * 1024;

double per_second(uint64_t now, uint64_t before, double seconds) {
    return now > before && seconds > 0 ? static_cast<double>(now - before) / seconds : 0;
}

}  // namespace

Host::Host(Options options) : options_(std::move(options)) {
    if (const auto text = file("proc/self/cgroup"))
        cgroup_ = std::filesystem::path("sys/fs/cgroup") /
                  std::filesystem::path(parse_cgroup_path(*text)).relative_path();
}

std::optional<std::string> Host::file(const std::filesystem::path& path) const {
    std::ifstream in(options_.root / path, std::ios::binary);
    if (!in) return std::nullopt;
    std::string text(kLargestFile, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<size_t>(std::max<std::streamsize>(in.gcount(), 0)));
    if (text.empty()) return std::nullopt;
    return text;
}

Readings Host::read() {
    Readings out;
    const double seconds = since_last_.elapsed_ms() / 1000;
    since_last_.reset();
    read_processors(out);
    read_memory(out);
    read_process(seconds, out);
    read_cgroup(seconds, out);
    read_disk(out);
    read_heat(out);
    return out;
}

void Host::read_processors(Readings& out) {
    const auto text = file("proc/stat");
    const auto now = text ? parse_cpu_times(*text) : std::nullopt;
    if (now && last_cpu_) {
        const auto ticks = [](uint64_t later, uint64_t earlier) {
            return later > earlier ? static_cast<double>(later - earlier) : 0.0;
        };
        const double busy = ticks(now->busy, last_cpu_->busy), idle = ticks(now->idle, last_cpu_->idle);
        const double stolen = ticks(now->stolen, last_cpu_->stolen);
        if (const double all = busy + idle + stolen; all > 0) {
            out["cpu.load"] = busy / all;
            out["cpu.stolen"] = stolen / all;
        }
    }
    last_cpu_ = now;
    for (const char* what : {"cpu", "memory", "io"}) {
        const auto pressure = file(std::filesystem::path("proc/pressure") / what);
        const auto share = pressure ? parse_pressure(*pressure) : std::nullopt;
        if (share) out[std::string("pressure.") + what] = *share;
    }
}

void Host::read_memory(Readings& out) const {
    const auto text = file("proc/meminfo");
    if (!text) return;
    const auto amounts = parse_amounts(*text);
    const auto give = [&](const char* reading, const char* name) {
        if (const auto found = amounts.find(name); found != amounts.end())
            out[reading] = static_cast<double>(found->second);
    };
    give("memory.total_bytes", "MemTotal");
    give("memory.available_bytes", "MemAvailable");
    const auto all = out.find("memory.total_bytes"), available = out.find("memory.available_bytes");
    if (all != out.end() && available != out.end() && all->second > 0)
        out["memory.available_share"] = available->second / all->second;
    const auto total = amounts.find("SwapTotal"), free = amounts.find("SwapFree");
    if (total != amounts.end() && free != amounts.end() && total->second >= free->second)
        out["swap.used_bytes"] = static_cast<double>(total->second - free->second);
}

void Host::read_process(double seconds, Readings& out) {
    const auto text = file("proc/self/stat");
    const auto now = text ? parse_process(*text) : std::nullopt;
    if (now) {
        out["process.memory_bytes"] =
            static_cast<double>(now->resident_pages) * static_cast<double>(sysconf(_SC_PAGESIZE));
        out["process.threads"] = static_cast<double>(now->threads);
        if (last_process_) {
            out["process.cores"] = per_second(now->ticks, last_process_->ticks, seconds) /
                                   static_cast<double>(sysconf(_SC_CLK_TCK));
            out["process.major_faults"] = per_second(now->major_faults, last_process_->major_faults, seconds);
        }
    }
    last_process_ = now;
}

void Host::read_cgroup(double seconds, Readings& out) {
    if (cgroup_.empty()) return;
    const auto number = [&](const char* name) {
        const auto text = file(cgroup_ / name);
        return text ? parse_number(*text) : std::nullopt;
    };
    const auto used = number("memory.current"), limit = number("memory.max");
    if (used) out["cgroup.memory_bytes"] = *used;
    if (limit) out["cgroup.memory_limit_bytes"] = *limit;
    if (used && limit && *limit > 0) out["cgroup.memory_share"] = *used / *limit;
    const auto text = file(cgroup_ / "cpu.stat");
    if (!text) return;
    const auto amounts = parse_amounts(*text);
    const auto throttled = amounts.find("throttled_usec");
    if (throttled == amounts.end()) return;
    if (last_throttled_us_)
        out["cgroup.throttled"] =
            std::min(1.0, per_second(throttled->second, *last_throttled_us_, seconds) / 1e6);
    last_throttled_us_ = throttled->second;
}

void Host::read_disk(Readings& out) const {
    if (options_.disk.empty()) return;
    struct statvfs info {};
    if (statvfs(options_.disk.c_str(), &info) != 0) return;
    out["disk.free_bytes"] = static_cast<double>(info.f_bavail) * static_cast<double>(info.f_frsize);
    out["disk.total_bytes"] = static_cast<double>(info.f_blocks) * static_cast<double>(info.f_frsize);
    if (info.f_blocks > 0)
        out["disk.free_share"] = static_cast<double>(info.f_bavail) / static_cast<double>(info.f_blocks);
}

void Host::read_heat(Readings& out) const {
    constexpr int kMostZones = 64;
    std::optional<double> hottest;
    for (int zone = 0; zone < kMostZones; ++zone) {
        const std::string folder = "sys/class/thermal/thermal_zone" + std::to_string(zone);
        if (!std::filesystem::exists(options_.root / folder)) break;
        const auto text = file(std::filesystem::path(folder) / "temp");
        const auto millidegrees = text ? parse_number(*text) : std::nullopt;
        if (!millidegrees) continue;
        const double celsius = *millidegrees / 1000;
        constexpr double kNoSensor = -40;  // what is colder is not measured
        if (celsius > kNoSensor && (!hottest || celsius > *hottest)) hottest = celsius;
    }
    if (hottest) out["thermal.celsius"] = *hottest;
}

}  // namespace coda::monitor
