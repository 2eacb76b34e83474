#include "audio/devices.h"

#include "audio/port_audio.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace coda::audio {
namespace {

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
    return text;
}

template <class Predicate>
std::vector<const Device*> matching(std::span<const Device> devices, Direction direction,
                                    Predicate predicate) {
    std::vector<const Device*> found;
    for (const Device& device : devices)
        if (device.channels(direction) > 0 && predicate(device)) found.push_back(&device);
    return found;
}

std::string ids(const std::vector<const Device*>& devices) {
    std::vector<std::string> quoted;
    for (const Device* device : devices) quoted.push_back(fmt::format("\"{}\"", device->id));
    return fmt::format("{}", fmt::join(quoted, ", "));
}

}  // namespace

Result<std::vector<Device>> list_devices() {
    CODA_TRY(const PortAudio library, PortAudio::start());
    return library.devices();
}

Result<Device> find_device(std::span<const Device> devices, Direction direction, const std::string& wanted) {
    const char* noun = direction == Direction::input ? "microphone" : "speaker";
    const auto usable = matching(devices, direction, [](const Device&) { return true; });
    if (usable.empty())
        return fail(ErrorCode::unavailable, fmt::format("this machine has no {}", noun), {},
                    direction == Direction::input
                        ? "plug one in, start the sound server, or pass a recording with --input FILE.wav"
                        : "plug one in, start the sound server, or write to a file with --output FILE.wav");
    if (wanted.empty() || wanted == "default") {
        const auto by_default = matching(devices, direction, [&](const Device& device) {
            return direction == Direction::input ? device.default_input : device.default_output;
        });
        return by_default.empty() ? *usable.front() : *by_default.front();
    }
    // The surest match first.
    auto found = matching(devices, direction, [&](const Device& device) { return device.id == wanted; });
    if (found.empty())
        found = matching(devices, direction,
                         [&](const Device& device) { return std::to_string(device.index) == wanted; });
    if (found.empty())
        found = matching(devices, direction, [&](const Device& device) {
            return lower(device.id).find(lower(wanted)) != std::string::npos;
        });
    if (found.size() == 1) return *found.front();
    return fail(ErrorCode::not_found,
                found.empty() ? fmt::format("there is no {} \"{}\"", noun, wanted)
                              : fmt::format("\"{}\" fits more than one {}", wanted, noun),
                {}, "choose one of " + ids(found.empty() ? usable : found));
}

}  // namespace coda::audio
