#include "runtime/cpu/thread_pool.h"

#include <cstdlib>
#include <new>

#include <fmt/format.h>
#include <immintrin.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace coda::runtime::cpu {
namespace {

constexpr int kSpins = 2000;  // of about 40 cycles each: some 30 microseconds

void futex_wait(std::atomic<uint32_t>& word, uint32_t expected, const timespec* timeout) {
    static_assert(sizeof(std::atomic<uint32_t>) == sizeof(uint32_t));
    syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, expected, timeout, nullptr, 0);
}
void futex_wake_all(std::atomic<uint32_t>& word) {
    syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1 << 30, nullptr, nullptr, 0);
}

uint64_t pack(uint64_t epoch, int chunks, int next) {
    return epoch << 40 | static_cast<uint64_t>(chunks) << 20 | static_cast<uint64_t>(next);
}
int chunks_of(uint64_t open) {
    return static_cast<int>(open >> 20 & 0xfffff);
}
int next_of(uint64_t open) {
    return static_cast<int>(open & 0xfffff);
}

}  // namespace

// --- Scratch ---

void Scratch::Free::operator()(void* memory) const {
    std::free(memory);
}

float* Scratch::floats(size_t count) {
    if (count > capacity_) {
        memory_.reset();
        capacity_ = (count + 1023) / 1024 * 1024;
        memory_.reset(static_cast<float*>(std::aligned_alloc(64, capacity_ * sizeof(float))));
        if (!memory_) throw std::bad_alloc();
    }
    return memory_.get();
}

// --- the pool's threads ---

ThreadPool::ThreadPool(int threads) {
    for (int i = 1; i < threads; ++i) {
        threads_.emplace_back([this] { serve(); });
        pthread_setname_np(threads_.back().native_handle(), fmt::format("coda-cpu-{}", i).c_str());
    }
}

ThreadPool::~ThreadPool() {
    stop_.store(true);
    announce();
    for (std::thread& thread : threads_) thread.join();
}

void ThreadPool::serve() {
    Scratch scratch;
    while (!stop_.load()) {
        const uint32_t seen = news_.load();
        if (!work_anywhere(kFree, scratch)) wait_for_work(seen, /*briefly=*/false);
    }
}

void ThreadPool::announce() {
    news_.fetch_add(1);
    if (sleepers_.load() > 0) futex_wake_all(news_);
}

void ThreadPool::wait_for_work(uint32_t seen, bool briefly) {
    for (int i = 0; i < kSpins && runs_.load(std::memory_order_relaxed) > 0; ++i) {
        if (news_.load(std::memory_order_acquire) != seen || stop_.load(std::memory_order_relaxed)) return;
        _mm_pause();
    }
    constexpr timespec kBrief{0, 1'000'000};
    sleepers_.fetch_add(1);
    futex_wait(news_, seen, briefly ? &kBrief : nullptr);
    sleepers_.fetch_sub(1);
}

bool ThreadPool::work_in(Slot& slot, Scratch& scratch) {
    uint64_t open = slot.open.load(std::memory_order_acquire);
    while (next_of(open) < chunks_of(open)) {
        if (!slot.open.compare_exchange_weak(open, open + 1, std::memory_order_acq_rel)) continue;
        slot.call(slot.body, next_of(open), scratch);
        slot.done.fetch_add(1, std::memory_order_acq_rel);
        return true;
    }
    return false;
}

bool ThreadPool::work_anywhere(int rank_limit, Scratch& scratch) {
    for (int tries = 0; tries < kSlots; ++tries) {
        Slot* best = nullptr;
        int best_rank = rank_limit;
        for (Slot& slot : slots_) {
            const int rank = slot.rank.load(std::memory_order_relaxed);
            if (rank >= best_rank) continue;
            const uint64_t open = slot.open.load(std::memory_order_acquire);
            if (next_of(open) >= chunks_of(open)) continue;
            best = &slot;
            best_rank = rank;
        }
        if (!best) return false;
        if (work_in(*best, scratch)) return true;
    }
    return false;
}

bool ThreadPool::any_run_below(int rank) const {
    for (const Slot& slot : slots_)
        if (slot.rank.load(std::memory_order_relaxed) < rank) return true;
    return false;
}

// --- a run ---

int ThreadPool::acquire_slot(int rank) {
    for (int i = 0; i < kSlots; ++i) {
        int free = kFree;
        if (slots_[static_cast<size_t>(i)].rank.compare_exchange_strong(free, rank,
                                                                        std::memory_order_acq_rel))
            return i;
    }
    return -1;
}

ThreadPool::Run::Run(ThreadPool& pool, Priority priority, Scratch& scratch)
    : pool_(pool), scratch_(scratch), slot_(pool.acquire_slot(static_cast<int>(priority))) {
    pool_.runs_.fetch_add(1);
}

ThreadPool::Run::~Run() {
    pool_.runs_.fetch_sub(1);
    if (slot_ < 0) return;
    pool_.slots_[static_cast<size_t>(slot_)].rank.store(kFree, std::memory_order_release);
    pool_.announce();  // a run that stepped aside may go on
}

void ThreadPool::Run::dispatch(int chunks, const void* body, void (*call)(const void*, int, Scratch&)) {
    constexpr int kMaxChunks = (1 << 20) - 1;
    CODA_ASSERT(chunks <= kMaxChunks);
    if (chunks <= 1 || slot_ < 0 || pool_.threads_.empty()) {
        for (int chunk = 0; chunk < chunks; ++chunk) call(body, chunk, scratch_);
        return;
    }
    Slot& slot = pool_.slots_[static_cast<size_t>(slot_)];
    slot.body = body;
    slot.call = call;
    slot.done.store(0, std::memory_order_relaxed);
    slot.open.store(pack(++slot.epoch, chunks, 0), std::memory_order_release);
    pool_.announce();
    while (pool_.work_in(slot, scratch_)) {
    }
    // The last chunks run elsewhere: they are short, so waiting costs less than sleeping would, unless a
    // thread that holds one has lost its core.
    for (int spins = 0; slot.done.load(std::memory_order_acquire) != static_cast<uint32_t>(chunks); ++spins) {
        if (spins < kSpins)
            _mm_pause();
        else
            std::this_thread::yield();
    }
}

void ThreadPool::Run::step_aside(const Cancel& cancel) {
    if (slot_ < 0) return;
    const int rank = pool_.slots_[static_cast<size_t>(slot_)].rank.load(std::memory_order_relaxed);
    while (pool_.any_run_below(rank) && !cancel.cancelled()) {
        const uint32_t seen = pool_.news_.load();
        if (!pool_.any_run_below(rank)) return;
        if (!pool_.work_anywhere(rank, scratch_)) pool_.wait_for_work(seen, /*briefly=*/true);
    }
}

}  // namespace coda::runtime::cpu
