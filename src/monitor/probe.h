// A source of readings on a thread of its own, so that a call that hangs (a driver, a network disk) stops
// nobody. Thread safety: a Probe belongs to the thread that polls it. Owns its thread; one that hangs in a
// call when the Probe ends is left behind and owns what it uses.
#pragma once

#include "monitor/readings.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace coda::monitor {

class Probe {
  public:
    // Called on the probe's thread only. It must own all that it uses.
    using Read = std::function<Readings()>;

    Probe(std::string name, Read read);
    ~Probe();
    Probe(const Probe&) = delete;
    Probe& operator=(const Probe&) = delete;

    const std::string& name() const { return name_; }
    // Asks for readings and waits for them until `deadline` has passed. Nothing where they are late; what
    // comes late is dropped, and until it has come the probe is stuck and is not asked again.
    std::optional<Readings> poll(std::chrono::milliseconds deadline);
    bool stuck() const { return stuck_; }

  private:
    struct Shared;
    const std::string name_;
    std::shared_ptr<Shared> shared_;
    bool stuck_ = false;
};

}  // namespace coda::monitor
