// The one thing that runs backwards through a turn: a token that every stage polls.
// Thread safety: all members may be called from any thread. Copies share one flag.
#pragma once

#include <stop_token>

namespace coda {

class Cancel {
  public:
    void cancel() const { source_.request_stop(); }
    bool cancelled() const { return source_.stop_requested(); }
    // For work inside a library that cannot poll: hang a std::stop_callback on it. The callback runs on the
    // thread that cancels.
    std::stop_token token() const { return source_.get_token(); }

  private:
    mutable std::stop_source source_;
};

}  // namespace coda
