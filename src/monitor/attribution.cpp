#include "monitor/attribution.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>

namespace coda::monitor {
namespace {

std::optional<double> value_of(const Readings& from, const std::string& name) {
    const auto found = from.find(name);
    if (found == from.end()) return std::nullopt;
    return found->second;
}

double length_of(const TurnRecord& turn, const std::string& stage) {
    double sum = 0;
    for (const StageSpan& span : turn.stages)
        if (span.stage == stage) sum += span.end_ms - span.start_ms;
    return sum;
}

// What a stage takes in a turn that nobody calls slow, on a machine that can just do it; what is beyond that
// counts against it.
struct Usual {
    const char* stage;
    double milliseconds;
};
constexpr Usual kUsual[] = {{"queue", 50},        {"stt", 300},    {"tool", 200}, {"prefill", 150},
                            {"first_token", 150}, {"clause", 500}, {"tts", 250}};

std::string explain(const TurnRecord& turn, const std::string& stage, double milliseconds) {
    const auto fact = [&](const char* name) { return value_of(turn.facts, name).value_or(0); };
    if (stage == "queue") return fmt::format("waited {:.0f} ms for the questions before it", milliseconds);
    if (stage == "stt") return fmt::format("speech recognition {:.0f} ms", milliseconds);
    if (stage == "tool") return fmt::format("a slow tool, {:.0f} ms", milliseconds);
    if (stage == "prefill") {
        const double prompt = fact("prompt_tokens"), cached = fact("cached_tokens");
        if (cached < prompt / 2)
            return fmt::format("LLM prefill {:.0f} ms: prompt cache missed, {:.0f} tokens", milliseconds,
                               prompt - cached);
        return fmt::format("LLM prefill {:.0f} ms of {:.0f} new tokens", milliseconds, prompt - cached);
    }
    if (stage == "first_token") return fmt::format("first token after {:.0f} ms", milliseconds);
    if (stage == "clause") return fmt::format("a long first clause, {:.0f} ms to write", milliseconds);
    return fmt::format("speech synthesis {:.0f} ms until its first sound", milliseconds);
}

// What the machine did to all stages; before them, because it explains them.
std::vector<Cause> machine_causes(const Readings& machine, double over_ms) {
    std::vector<Cause> causes;
    constexpr double kMuch = 0.5, kPaging = 100;
    for (const auto& [name, value] : machine) {
        const bool heat = name.starts_with("gpu") && name.ends_with(".throttled_by_heat");
        if (heat && value > kMuch)
            causes.push_back({"gpu_throttled", "the GPU had slowed down because it was hot", over_ms});
    }
    if (value_of(machine, "process.major_faults").value_or(0) > kPaging)
        causes.push_back({"paged_out", "Coda's memory was being read back from the disk", over_ms});
    if (value_of(machine, "cgroup.throttled").value_or(0) > kMuch)
        causes.push_back({"cpu_limit", "the control group's processor limit was reached", over_ms});
    if (value_of(machine, "pressure.cpu").value_or(0) > kMuch ||
        value_of(machine, "cpu.stolen").value_or(0) > kMuch)
        causes.push_back({"cpu_taken", "other programs took the processors", over_ms});
    return causes;
}

double tenths(double value) {
    return std::round(value * 10) / 10;
}

}  // namespace

std::vector<Cause> slow_causes(const TurnRecord& turn, const Readings& machine, double budget_ms) {
    if (!(turn.response_ms > budget_ms)) return {};
    std::vector<Cause> causes = machine_causes(machine, turn.response_ms - budget_ms);
    const auto stages_begin = static_cast<std::ptrdiff_t>(causes.size());
    for (const Usual& usual : kUsual) {
        const double took = length_of(turn, usual.stage);
        if (took > usual.milliseconds)
            causes.push_back({usual.stage, explain(turn, usual.stage, took), took - usual.milliseconds});
    }
    std::stable_sort(causes.begin() + stages_begin, causes.end(),
                     [](const Cause& a, const Cause& b) { return a.milliseconds > b.milliseconds; });
    return causes;
}

nlohmann::json to_json(const TurnRecord& turn, const std::vector<Cause>& causes) {
    nlohmann::json stages = nlohmann::json::array(), named = nlohmann::json::array();
    for (const StageSpan& span : turn.stages)
        stages.push_back(
            {{"stage", span.stage}, {"start_ms", tenths(span.start_ms)}, {"end_ms", tenths(span.end_ms)}});
    for (const Cause& cause : causes)
        named.push_back({{"id", cause.id}, {"text", cause.text}, {"ms", tenths(cause.milliseconds)}});
    return {{"time_ms", turn.unix_ms}, {"path", turn.path},   {"response_ms", tenths(turn.response_ms)},
            {"stages", stages},        {"facts", turn.facts}, {"causes", named}};
}

}  // namespace coda::monitor
