// How loud and how fast Coda speaks: the tools that change it, and how a recognised command becomes a call of
// one. ToolContext::speech stands for the voice; null where nothing is spoken. Thread safety: the tools are
// pure functions over the context; a SpeechControl as its implementation says.
#pragma once

#include "tools/builtin.h"
#include "tools/registry.h"

#include <optional>

namespace coda::tools {

class SpeechControl {
  public:
    // 70 % is the voice as it comes.
    static constexpr int kUsualVolume = 70;
    static constexpr double kSlowest = 0.5, kFastest = 2;

    virtual ~SpeechControl() = default;
    virtual int volume() const = 0;  // percent
    virtual void set_volume(int percent) = 0;
    virtual double pace() const = 0;  // of the configured one, kSlowest to kFastest
    virtual void set_pace(double pace) = 0;
};

// set_volume, set_pace.
void add_speech_control(Registry& registry);
// The call for "speech.volume" and "speech.pace".
std::optional<Call> speech_call(const Recognition& command);

}  // namespace coda::tools
