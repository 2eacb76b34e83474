// Microphones and speakers, as PortAudio finds them (ALSA, and through it PulseAudio and PipeWire; JACK).
// Thread safety: free functions from any thread.
#pragma once

#include "base/result.h"

#include <span>
#include <string>
#include <vector>

namespace coda::audio {

enum class Direction { input, output };

struct Device {
    int index = 0;     // in this list; may change when something is plugged in
    std::string id;    // what --mic and --speaker take; stays the same between starts
    std::string name;  // as the system gives it
    std::string api;   // "ALSA", "JACK Audio Connection Kit"
    int input_channels = 0;
    int output_channels = 0;
    int default_rate = 0;  // Hz
    bool default_input = false;
    bool default_output = false;

    int channels(Direction direction) const {
        return direction == Direction::input ? input_channels : output_channels;
    }
};

// All devices; an empty list where there is no sound system. What ALSA and JACK print on stderr while they
// look is dropped, unless the log level is debug.
Result<std::vector<Device>> list_devices();

// The device a person means: by id, index, or a part of the name that only one has; "" or "default" is the
// system's default. Fails with not_found, or unavailable where there is none at all; the message lists what
// there is.
Result<Device> find_device(std::span<const Device> devices, Direction direction, const std::string& wanted);

}  // namespace coda::audio
