// The threads of the CPU backend. A run (one step of one model) enters the pool with its priority and splits
// its operations into chunks; whoever is free, pool threads and waiting callers alike, takes the next chunk
// of the run that matters most. Between operations a run steps aside for a more important one and helps it.
// Idle threads sleep on a futex; they spin only for some microseconds while a run is under way.
// Thread safety: a ThreadPool may be used from any thread; a Run belongs to the thread that made it.
#pragma once

#include "base/cancel.h"
#include "runtime/backend.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <type_traits>
#include <vector>

namespace coda::runtime::cpu {

// Working memory of one thread: grows to what was last asked for and keeps it.
class Scratch {
  public:
    // `count` floats, aligned to 64 bytes, not cleared; valid until the next call.
    float* floats(size_t count);
    const float* data() const { return memory_.get(); }  // of that call

  private:
    struct Free {
        void operator()(void* memory) const;
    };
    std::unique_ptr<float, Free> memory_;
    size_t capacity_ = 0;
};

class ThreadPool {
  public:
    // `threads` take part in all: the caller and threads - 1 of the pool.
    explicit ThreadPool(int threads);
    ~ThreadPool();
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;

    int threads() const { return static_cast<int>(threads_.size()) + 1; }

    class Run {
      public:
        // `scratch`: of the calling thread, for the chunks it works on.
        Run(ThreadPool& pool, Priority priority, Scratch& scratch);
        ~Run();
        Run(const Run&) = delete;
        Run& operator=(const Run&) = delete;

        // body(chunk, scratch) once for every chunk in [0, chunks), on several threads; returns when all are
        // done.
        template <class Body>
        void for_each(int chunks, const Body& body) {
            static_assert(std::is_invocable_v<const Body&, int, Scratch&>);
            dispatch(chunks, &body, [](const void* b, int chunk, Scratch& scratch) {
                (*static_cast<const Body*>(b))(chunk, scratch);
            });
        }
        // Helps more important runs until there are none, or `cancel` is set.
        void step_aside(const Cancel& cancel);

        int threads() const { return pool_.threads(); }
        Scratch& scratch() { return scratch_; }

      private:
        friend class ThreadPool;
        void dispatch(int chunks, const void* body, void (*call)(const void*, int, Scratch&));

        ThreadPool& pool_;
        Scratch& scratch_;
        int slot_;  // -1: all were taken; the run then goes without help
    };

  private:
    static constexpr int kSlots = 16;  // runs at the same time that can be helped
    static constexpr int kFree = 1 << 20;

    // What one run offers. `open` packs an epoch, the number of chunks and the next chunk: a chunk is taken
    // by advancing it, which fails if the operation has changed meanwhile; body and call cannot change before
    // `done` has counted every chunk that was taken.
    struct alignas(64) Slot {
        std::atomic<int> rank{kFree};  // priority of the run that holds the slot
        std::atomic<uint64_t> open{0};
        std::atomic<uint32_t> done{0};
        const void* body = nullptr;
        void (*call)(const void*, int, Scratch&) = nullptr;
        uint64_t epoch = 0;
    };

    int acquire_slot(int rank);
    bool work_in(Slot& slot, Scratch& scratch);
    // One chunk of the most important run below `rank_limit`; false when there was none.
    bool work_anywhere(int rank_limit, Scratch& scratch);
    bool any_run_below(int rank) const;
    void announce();
    void wait_for_work(uint32_t seen, bool briefly);
    void serve();

    std::array<Slot, kSlots> slots_;
    alignas(64) std::atomic<uint32_t> news_{0};  // counts whatever a sleeper might wait for
    std::atomic<int> sleepers_{0};
    std::atomic<int> runs_{0};
    std::atomic<bool> stop_{false};
    std::vector<std::thread> threads_;
};

}  // namespace coda::runtime::cpu
