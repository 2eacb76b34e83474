// coda devices: the microphones and speakers that --mic and --speaker take, and the GPU with what it was
// measured to do.
#include "app/command.h"
#include "audio/devices.h"
#include "runtime/cuda/cuda_backend.h"

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

nlohmann::json no_gpu(Context& context, const std::string& reason) {
    context.output.line("GPU\n  none: " + one_line(reason));
    return {{"name", nullptr}, {"reason", reason}};
}

// What the device says of itself, and what was measured just now.
nlohmann::json list_gpu(Context& context) {
    const runtime::GpuSettings& settings = context.configuration.engine.runtime.gpu;
    if (settings.policy == "off") return no_gpu(context, "gpu.policy is off");
    const auto gpu = runtime::cuda::create_cuda_backend({.plugin = settings.plugin});
    if (!gpu) return no_gpu(context, gpu.error().message());
    const runtime::cuda::DeviceFacts& facts = (*gpu)->facts();
    const auto gib = [](int64_t bytes) { return static_cast<double>(bytes) / (1 << 30); };
    context.output.line(
        fmt::format("GPU\n  {}, compute capability {}.{}, {} multiprocessors, {:.1f} of {:.1f} GiB free",
                    facts.name, facts.compute_major, facts.compute_minor, facts.multiprocessors,
                    gib(facts.free_bytes), gib(facts.memory_bytes)));
    nlohmann::json json = {
        {"name", facts.name},
        {"reason", ""},
        {"compute_capability", fmt::format("{}.{}", facts.compute_major, facts.compute_minor)},
        {"multiprocessors", facts.multiprocessors},
        {"memory_bytes", facts.memory_bytes},
        {"free_bytes", facts.free_bytes},
        {"l2_bytes", facts.l2_bytes},
        {"driver", facts.driver_version},
        {"cuda", facts.runtime_version},
        {"plugin", (*gpu)->plugin().string()},
        {"measured", nullptr}};
    const auto measured = (*gpu)->measure();
    if (!measured) {
        context.output.line("  not measured: " + one_line(measured.error().message()));
        return json;
    }
    context.output.line(fmt::format(
        "  measured: reads {:.0f} GB/s, copies {:.0f} GB/s, starts a kernel of a graph in {:.2f} us",
        measured->read_bytes_per_second * 1e-9, measured->copy_bytes_per_second * 1e-9,
        measured->launch_seconds * 1e6));
    json["measured"] = {{"read_gb_per_second", measured->read_bytes_per_second * 1e-9},
                        {"copy_gb_per_second", measured->copy_bytes_per_second * 1e-9},
                        {"launch_us", measured->launch_seconds * 1e6}};
    return json;
}

int run(Context& context) {
    const auto devices = audio::list_devices();
    if (!devices) return context.output.fail(devices.error());
    list(context, *devices, audio::Direction::input);
    list(context, *devices, audio::Direction::output);
    if (!devices->empty())
        context.output.line("* is the default; coda talk takes others with --mic and --speaker");
    const nlohmann::json gpu = list_gpu(context);
    nlohmann::json all = nlohmann::json::array();
    for (const audio::Device& device : *devices) all.push_back(to_json(device));
    context.output.object({{"devices", all}, {"gpu", gpu}});
    return kOk;
}

}  // namespace

void add_devices(Commands& commands) {
    CLI::App* devices = commands.root().add_subcommand("devices", "List microphones, speakers and the GPU");
    commands.on(devices, run);
}

}  // namespace coda::app
