// The conversation's inbox and the threads that work for it. Everything that changes a conversation runs as a
// Handler on one thread, the one that calls run_next; a Stage is one model's worker thread, whose jobs report
// by handlers. On the real clock a report arrives when it is made. On the virtual clock every job has run to
// its end before time moves on, and its reports arrive when its declared costs say, so that a conversation is
// the same every time. Thread safety: post and Stage::Report from any thread; the rest belongs to the
// conversation's thread.
#pragma once

#include "base/bounded_queue.h"
#include "base/cancel.h"
#include "base/clock.h"

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <tuple>

namespace coda::assistant {

using Handler = std::function<void()>;

class EventLoop {
  public:
    // Full: the posting thread waits (an audio reader or a model's worker, never the conversation itself).
    static constexpr size_t kCapacity = 256;

    explicit EventLoop(Clock& clock) : clock_(clock), inbox_(kCapacity) {}

    Clock& clock() { return clock_; }
    // Waits for the next handler and runs it; returns without one at `deadline`.
    void run_next(Microseconds deadline);
    // To arrive now (real clock only). False, and not run, once the loop is closed.
    bool post(Handler handler);
    // To arrive at `time` (virtual clock only). Ties are settled by `stage`, then by order of posting.
    void post_at(Microseconds time, int stage, Handler handler);
    // Wakes whoever waits in post; nothing is taken any more.
    void close() { inbox_.close(); }

  private:
    friend class Stage;
    void job_submitted();
    void job_done();
    void join_jobs();

    using Key = std::tuple<Microseconds, int, int>;  // time, stage, order within the stage

    Clock& clock_;
    BoundedQueue<Handler> inbox_;
    std::mutex mutex_;
    std::condition_variable idle_;
    int jobs_ = 0;
    std::map<Key, Handler> agenda_;
    std::map<int, int> posted_;
};

// One worker thread. Jobs run in the order in which they were submitted.
class Stage {
  public:
    // Reports from inside a job: `handler` runs on the conversation's thread, unless the job was cancelled by
    // then. `cost_ms` is what the work since the last report (or the start) takes on the virtual clock.
    using Report = std::function<void(double cost_ms, Handler handler)>;
    using Job = std::function<void(const Report& report)>;
    static constexpr size_t kCapacity = 64;

    // `index` orders this stage among others; unique within the loop, greater than 0.
    Stage(EventLoop& loop, int index);
    // Waits for the running job; close the loop first and cancel the jobs.
    ~Stage();
    Stage(const Stage&) = delete;
    Stage& operator=(const Stage&) = delete;

    // False when too many jobs wait already.
    bool submit(const Cancel& cancel, Job job);

  private:
    struct Task {
        Cancel cancel;
        Job job;
        Microseconds submitted;
    };
    void work();
    void run(Task& task);

    EventLoop& loop_;
    const int index_;
    Microseconds free_at_{0};
    std::optional<Cancel> last_;
    BoundedQueue<Task> tasks_;
    std::thread thread_;
};

}  // namespace coda::assistant
