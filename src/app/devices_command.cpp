// coda devices: the microphones and speakers that --mic and --speaker take.
#include "app/command.h"
#include "audio/devices.h"

#include <fmt/format.h>

namespace coda::app {
namespace {

nlohmann::json to_json(const audio::Device& device) {
    return {{"index", device.index},
            {"id", device.id},
            {"name", device.name},
            {"api", device.api},
            {"input_channels", device.input_channels},
            {"output_channels", device.output_channels},
            {"default_rate", device.default_rate},
            {"default_input", device.default_input},
            {"default_output", device.default_output}};
}

void list(Context& context, const std::vector<audio::Device>& devices, audio::Direction direction) {
    const bool input = direction == audio::Direction::input;
    context.output.line(input ? "Microphones" : "Speakers");
    bool any = false;
    for (const audio::Device& device : devices) {
        if (device.channels(direction) == 0) continue;
        any = true;
        const bool chosen = input ? device.default_input : device.default_output;
        context.output.line(fmt::format("  {:>2} {} {}  ({}, {} Hz)", device.index, chosen ? "*" : " ",
                                        one_line(device.id), device.api, device.default_rate));
    }
    if (!any) context.output.line("  none");
}

int run(Context& context) {
    const auto devices = audio::list_devices();
    if (!devices) return context.output.fail(devices.error());
    list(context, *devices, audio::Direction::input);
    list(context, *devices, audio::Direction::output);
    if (!devices->empty())
        context.output.line("* is the default; coda talk takes others with --mic and --speaker");
    nlohmann::json all = nlohmann::json::array();
    for (const audio::Device& device : *devices) all.push_back(to_json(device));
    context.output.object({{"devices", all}});
    return kOk;
}

}  // namespace

void add_devices(Commands& commands) {
    CLI::App* devices = commands.root().add_subcommand("devices", "List microphones and speakers");
    commands.on(devices, run);
}

}  // namespace coda::app
