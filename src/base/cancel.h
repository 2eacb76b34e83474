// The one thing that runs backwards through a turn: a token that every stage polls.
// Thread safety: all members may be called from any thread. Copies share one flag.
#pragma once

#include <atomic>
#include <memory>

namespace coda {

class Cancel {
  public:
    Cancel() : flag_(std::make_shared<std::atomic<bool>>(false)) {}

    void cancel() const { flag_->store(true, std::memory_order_release); }
    bool cancelled() const { return flag_->load(std::memory_order_acquire); }

  private:
    std::shared_ptr<std::atomic<bool>> flag_;
};

}  // namespace coda
