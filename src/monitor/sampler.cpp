#include "monitor/sampler.h"

namespace coda::monitor {

Sampler::Sampler(Options options, std::vector<std::unique_ptr<Probe>> probes, History& history,
                 Listener listener)
    : options_(std::move(options)),
      probes_(std::move(probes)),
      history_(history),
      listener_(std::move(listener)),
      alerts_(options_.rules),
      thread_([this] { run(); }) {}

Sampler::~Sampler() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    wake_.notify_all();
    thread_.join();
}

void Sampler::run() {
    auto next = std::chrono::steady_clock::now();
    while (true) {
        Sample sample = look();
        {
            const std::lock_guard lock(mutex_);
            if (stop_) return;
            sample.changes = alerts_.update(sample.time, sample.readings);
            latest_ = sample;
        }
        history_.add(sample.time, sample.readings);
        if (listener_) listener_(sample);
        // An interval that was missed is left out, not caught up with.
        next = std::max(next + options_.interval, std::chrono::steady_clock::now());
        std::unique_lock lock(mutex_);
        if (wake_.wait_until(lock, next, [&] { return stop_; })) return;
    }
}

Sample Sampler::look() {
    Sample sample;
    for (const auto& probe : probes_) {
        if (auto readings = probe->poll(options_.deadline)) sample.readings.merge(*readings);
        if (probe->stuck()) sample.stuck.push_back(probe->name());
    }
    sample.readings["monitor.stuck"] = static_cast<double>(sample.stuck.size());
    sample.time =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
            .count();
    return sample;
}

Sample Sampler::latest() const {
    const std::lock_guard lock(mutex_);
    return latest_;
}

std::vector<Alert> Sampler::active_alerts() const {
    const std::lock_guard lock(mutex_);
    return alerts_.active();
}

std::vector<Alert> Sampler::past_alerts() const {
    const std::lock_guard lock(mutex_);
    return alerts_.past();
}

}  // namespace coda::monitor
