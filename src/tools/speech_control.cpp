#include "tools/speech_control.h"

#include "tools/schema.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>

#include <fmt/format.h>

namespace coda::tools {
namespace {

using nlohmann::json;

constexpr int kStep = 15;          // percent, for "louder"
constexpr double kPaceStep = 1.2;  // for "faster"

ToolResult not_speaking() {
    return {"I'm not speaking here, only writing.", {{"speaks", false}}};
}

// A number up to 10 without "%" counts in tenths: "volume 5".
int wanted_volume(const json& arguments, int now) {
    const int step = static_cast<int>(std::lround(arguments.value("by", double{kStep})));
    const std::string change = text_of(arguments, "change");
    if (change == "louder") return now + step;
    if (change == "quieter") return now - step;
    if (change == "most") return 100;
    if (change == "least") return 10;
    if (change == "mute") return 0;
    if (change == "usual") return SpeechControl::kUsualVolume;
    return static_cast<int>(std::lround(arguments.value("percent", double(now))));
}

Result<ToolResult> set_volume(const json& arguments, const ToolContext& context) {
    if (!context.speech) return not_speaking();
    const int before = context.speech->volume();
    const int wanted = wanted_volume(arguments, before), after = std::clamp(wanted, 0, 100);
    const json data = {{"before", before}, {"percent", after}};
    if (text_of(arguments, "change") == "ask")
        return ToolResult{fmt::format("My volume is at {} percent.", before), data};
    context.speech->set_volume(after);
    if (after == before && wanted > 100) return ToolResult{"I'm as loud as I can be.", data};
    if (after == 0) return ToolResult{"Okay, I'm silent until you say louder.", data};
    return ToolResult{fmt::format("Okay, {} percent.", after), data};
}

Result<ToolResult> set_pace(const json& arguments, const ToolContext& context) {
    if (!context.speech) return not_speaking();
    const std::string change = text_of(arguments, "change");
    const double before = context.speech->pace();
    const double wanted = change == "slower"   ? before / kPaceStep
                          : change == "faster" ? before * kPaceStep
                                               : 1;
    const double after = std::clamp(wanted, SpeechControl::kSlowest, SpeechControl::kFastest);
    context.speech->set_pace(after);
    const json data = {{"before", before}, {"pace", after}};
    if (after == before && change != "usual")
        return ToolResult{fmt::format("I can't speak any {}.", change), data};
    return ToolResult{change == "usual" ? "Okay, at my usual pace." : fmt::format("Okay, {}.", change), data};
}

}  // namespace

void add_speech_control(Registry& registry) {
    Tool volume{
        "set_volume",
        "How loud Coda's own voice is; not that of other programs.",
        object_schema({{"percent", {{"type", "number"}, {"description", "0 to 100"}}},
                       {"by", {{"type", "number"}, {"description", "percent, for louder and quieter"}}},
                       {"change",
                        {{"type", "string"},
                         {"enum", {"louder", "quieter", "most", "least", "mute", "usual", "ask"}}}}},
                      json::array()),
        Safety::write,
        std::chrono::milliseconds(1000),
        {},
        set_volume,
        "speak louder, quieter, faster or slower"};
    CODA_ASSERT(registry.add(std::move(volume)));
    Tool pace{"set_pace",
              "How fast Coda speaks.",
              object_schema({{"change", {{"type", "string"}, {"enum", {"slower", "faster", "usual"}}}}},
                            {"change"}),
              Safety::write,
              std::chrono::milliseconds(1000),
              {},
              set_pace};
    CODA_ASSERT(registry.add(std::move(pace)));
}

std::optional<Call> speech_call(const Recognition& command) {
    if (command.name != "speech.volume" && command.name != "speech.pace") return std::nullopt;
    const std::string change = command.fixed_value("change");
    if (command.name == "speech.pace") return Call{"set_pace", {{"change", change}}};
    json arguments = json::object();
    if (!change.empty()) arguments["change"] = change;
    const auto number = [&](const char* slot) -> std::optional<double> {
        const auto found = command.slots.find(slot);
        if (found == command.slots.end() || found->second.words.size() != 1) return std::nullopt;
        return std::strtod(found->second.words.front().c_str(), nullptr);
    };
    const bool percent = std::find(command.words.begin(), command.words.end(), "%") != command.words.end();
    if (const auto to = number("to"))
        arguments["percent"] = std::min(*to <= 10 && !percent ? *to * 10 : *to, 1000.0);
    if (const auto by = number("by"))
        arguments["by"] = std::min(*by <= 10 && !percent ? *by * 10 : *by, 1000.0);
    if (command.fixed_value("amount") == "little") arguments["by"] = 8;
    if (command.fixed_value("amount") == "much") arguments["by"] = 30;
    return Call{"set_volume", std::move(arguments)};
}

}  // namespace coda::tools
