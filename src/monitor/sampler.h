// Looks at all probes once an interval, keeps what they give in the history, and watches the alerts' rules.
// Thread safety: every member from any thread. Owns its thread, the probes and the alerts; borrows the
// history.
#pragma once

#include "monitor/alerts.h"
#include "monitor/history.h"
#include "monitor/probe.h"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace coda::monitor {

struct Sample {
    int64_t time = 0;  // Unix seconds
    Readings readings;
    std::vector<std::string> stuck;  // probes that hang
    std::vector<Alert> changes;      // raised or cleared now
};

class Sampler {
  public:
    struct Options {
        std::chrono::milliseconds interval{1000};
        std::chrono::milliseconds deadline{500};  // for each probe
        std::vector<AlertRule> rules;
    };
    // Called on the sampler's thread.
    using Listener = std::function<void(const Sample& sample)>;

    Sampler(Options options, std::vector<std::unique_ptr<Probe>> probes, History& history,
            Listener listener = nullptr);
    ~Sampler();
    Sampler(const Sampler&) = delete;
    Sampler& operator=(const Sampler&) = delete;

    Sample latest() const;
    std::vector<Alert> active_alerts() const;
    std::vector<Alert> past_alerts() const;

  private:
    void run();
    Sample look();

    const Options options_;
    std::vector<std::unique_ptr<Probe>> probes_;
    History& history_;
    const Listener listener_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    bool stop_ = false;
    Sample latest_;
    Alerts alerts_;
    std::thread thread_;
};

}  // namespace coda::monitor
