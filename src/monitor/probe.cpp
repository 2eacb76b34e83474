#include "monitor/probe.h"

#include <condition_variable>
#include <mutex>
#include <thread>

namespace coda::monitor {

struct Probe::Shared {
    std::mutex mutex;
    std::condition_variable changed;
    bool asked = false, ended = false;
    std::optional<Readings> answer;
};

Probe::Probe(std::string name, Read read) : name_(std::move(name)), shared_(std::make_shared<Shared>()) {
    std::thread([shared = shared_, read = std::move(read)] {
        std::unique_lock lock(shared->mutex);
        while (true) {
            shared->changed.wait(lock, [&] { return shared->asked || shared->ended; });
            if (shared->ended) return;
            lock.unlock();
            Readings readings = read();
            lock.lock();
            shared->answer = std::move(readings);
            shared->asked = false;
            shared->changed.notify_all();
        }
    }).detach();
}

Probe::~Probe() {
    const std::lock_guard lock(shared_->mutex);
    shared_->ended = true;
    shared_->changed.notify_all();
}

std::optional<Readings> Probe::poll(std::chrono::milliseconds deadline) {
    std::unique_lock lock(shared_->mutex);
    if (stuck_) {
        if (shared_->asked) return std::nullopt;
        stuck_ = false;
    }
    shared_->answer.reset();
    shared_->asked = true;
    shared_->changed.notify_all();
    stuck_ = !shared_->changed.wait_for(lock, deadline, [&] { return !shared_->asked; });
    if (stuck_) return std::nullopt;
    return std::move(shared_->answer);
}

}  // namespace coda::monitor
