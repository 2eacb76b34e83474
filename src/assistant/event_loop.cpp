#include "assistant/event_loop.h"

#include <algorithm>
#include <utility>

namespace coda::assistant {

bool EventLoop::post(Handler handler) {
    return inbox_.push(std::move(handler));
}

void EventLoop::post_at(Microseconds time, int stage, Handler handler) {
    std::lock_guard lock(mutex_);
    agenda_.emplace(Key{time, stage, posted_[stage]++}, std::move(handler));
}

void EventLoop::run_next(Microseconds deadline) {
    if (!clock_.is_virtual()) {
        const Microseconds wait = std::max(deadline - clock_.now(), Microseconds(0));
        if (auto handler = inbox_.pop_for(wait)) (*handler)();
        return;
    }
    join_jobs();
    Handler handler;
    {
        std::lock_guard lock(mutex_);
        const auto next = agenda_.begin();
        if (next == agenda_.end() || std::get<Microseconds>(next->first) > deadline) {
            clock_.wait_until(deadline);
            return;
        }
        clock_.wait_until(std::get<Microseconds>(next->first));
        handler = std::move(next->second);
        agenda_.erase(next);
    }
    handler();
}

void EventLoop::job_submitted() {
    std::lock_guard lock(mutex_);
    ++jobs_;
}

void EventLoop::job_done() {
    {
        std::lock_guard lock(mutex_);
        --jobs_;
    }
    idle_.notify_all();
}

void EventLoop::join_jobs() {
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [&] { return jobs_ == 0; });
}

Stage::Stage(EventLoop& loop, int index) : loop_(loop), index_(index), tasks_(kCapacity) {
    thread_ = std::thread([this] { work(); });
}

Stage::~Stage() {
    tasks_.close();
    thread_.join();
}

bool Stage::submit(const Cancel& cancel, Job job) {
    loop_.job_submitted();
    if (tasks_.try_push({cancel, std::move(job), loop_.clock().now()})) return true;
    loop_.job_done();
    return false;
}

void Stage::work() {
    while (auto task = tasks_.pop()) {
        run(*task);
        loop_.job_done();
    }
}

void Stage::run(Task& task) {
    // On the virtual clock the job ran to its end when it was submitted; if it was cancelled since, it is
    // over now.
    const bool free = last_ && last_->cancelled();
    Microseconds time = free ? task.submitted : std::max(task.submitted, free_at_);
    last_ = task.cancel;
    if (!task.cancel.cancelled()) {
        task.job([&](double cost_ms, Handler handler) {
            time += Microseconds(static_cast<int64_t>(cost_ms * 1000));
            Handler guarded = [cancel = task.cancel, handler = std::move(handler)] {
                if (!cancel.cancelled()) handler();
            };
            if (loop_.clock().is_virtual())
                loop_.post_at(time, index_, std::move(guarded));
            else
                loop_.post(std::move(guarded));
        });
    }
    free_at_ = time;
}

}  // namespace coda::assistant
