#include "monitor/proc_text.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <vector>

namespace coda::monitor {
namespace {

constexpr std::string_view kBlanks = " \t";

std::string_view next_line(std::string_view& text) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return line;
}

std::string_view next_word(std::string_view& line) {
    const size_t begin = line.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) return line = {};
    line.remove_prefix(begin);
    const size_t end = line.find_first_of(kBlanks);
    const std::string_view word = line.substr(0, end);
    line.remove_prefix(end == std::string_view::npos ? line.size() : end);
    return word;
}

std::optional<uint64_t> whole(std::string_view word) {
    uint64_t number = 0;
    const auto [stop, problem] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (problem != std::errc() || stop != word.data() + word.size()) return std::nullopt;
    return number;
}

}  // namespace

std::optional<CpuTimes> parse_cpu_times(std::string_view stat) {
    std::string_view line = next_line(stat);
    if (next_word(line) != "cpu") return std::nullopt;
    // user nice system idle iowait irq softirq steal
    constexpr size_t kFields = 8;
    uint64_t fields[kFields] = {};
    for (size_t i = 0; i < kFields; ++i) {
        const auto number = whole(next_word(line));
        if (!number) {
            if (i < 4) return std::nullopt;
            break;  // older kernels have fewer
        }
        // Ticks of a machine's whole life; more is no time, and could not be added up.
        if (*number > std::numeric_limits<uint64_t>::max() / 16) return std::nullopt;
        fields[i] = *number;
    }
    return CpuTimes{fields[0] + fields[1] + fields[2] + fields[5] + fields[6], fields[3] + fields[4],
                    fields[7]};
}

std::map<std::string, uint64_t, std::less<>> parse_amounts(std::string_view text) {
    constexpr size_t kMost = 256;
    std::map<std::string, uint64_t, std::less<>> amounts;
    while (!text.empty() && amounts.size() < kMost) {
        std::string_view line = next_line(text);
        std::string_view name = next_word(line);
        const auto number = whole(next_word(line));
        if (!number || name.empty()) continue;
        if (name.back() == ':') name.remove_suffix(1);
        const uint64_t unit = next_word(line) == "kB" ? 1024 : 1;
        if (*number <= std::numeric_limits<uint64_t>::max() / unit)
            amounts.emplace(std::string(name), *number * unit);
    }
    return amounts;
}

std::optional<ProcessTimes> parse_process(std::string_view stat) {
    // The name in parentheses may hold anything, parentheses and blanks too.
    const size_t name_end = stat.rfind(')');
    if (name_end == std::string_view::npos) return std::nullopt;
    std::string_view rest = stat.substr(name_end + 1);
    std::vector<std::string_view> words;
    constexpr size_t kWanted = 22;
    while (words.size() < kWanted) {
        const std::string_view word = next_word(rest);
        if (word.empty()) return std::nullopt;
        words.push_back(word);
    }
    // proc(5), less the pid and the name: field 3 (state) is words[0].
    const auto faults = whole(words[9]), user = whole(words[11]), system = whole(words[12]),
               threads = whole(words[17]), pages = whole(words[21]);
    if (!faults || !user || !system || !threads || !pages) return std::nullopt;
    return ProcessTimes{*user + *system, *pages, *faults, *threads};
}

std::optional<double> parse_pressure(std::string_view text) {
    std::string_view line = next_line(text);
    constexpr std::string_view kKey = "avg10=";
    if (next_word(line) != "some") return std::nullopt;
    const std::string_view word = next_word(line);
    if (!word.starts_with(kKey)) return std::nullopt;
    const auto percent = parse_number(word.substr(kKey.size()));
    if (!percent || *percent < 0 || *percent > 100) return std::nullopt;
    return *percent / 100;
}

std::optional<double> parse_number(std::string_view text) {
    std::string_view line = next_line(text);
    const std::string_view word = next_word(line);
    double number = 0;
    const auto [stop, problem] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (problem != std::errc() || stop != word.data() + word.size() || !std::isfinite(number))
        return std::nullopt;
    return number;
}

std::string parse_cgroup_path(std::string_view text) {
    constexpr std::string_view kVersion2 = "0::";
    while (!text.empty()) {
        const std::string_view line = next_line(text);
        if (line.starts_with(kVersion2)) return std::string(line.substr(kVersion2.size()));
    }
    return {};
}

}  // namespace coda::monitor
