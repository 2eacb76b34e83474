// Server-sent events, parsed as the bytes come (WHATWG HTML, "Interpreting an event stream").
// Thread safety: a parser belongs to one thread.
#pragma once

#include "base/result.h"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace coda::net {

struct SseEvent {
    std::string type;  // "message" where the server names none
    std::string data;  // its lines joined by '\n'
};

class SseParser {
  public:
    // A line or an event of more than `max_bytes` is refused, so that a server cannot fill the memory.
    explicit SseParser(size_t max_bytes = size_t{1} << 20) : max_bytes_(max_bytes) {}

    // Calls on_event for each event that `bytes` complete; it returns false to stop. Gives false when it was
    // stopped (the rest of `bytes` is dropped), true to go on; fails with exhausted.
    using OnEvent = std::function<bool(const SseEvent&)>;
    Result<bool> push(std::string_view bytes, const OnEvent& on_event);

    // True while an event has begun that no blank line has ended: at the end of the stream it was cut short.
    bool incomplete() const { return !line_.empty() || has_data_; }

  private:
    Status take_line();
    Status take_field(std::string_view name, std::string_view value);
    bool dispatch(const OnEvent& on_event);

    size_t max_bytes_;
    std::string line_;
    SseEvent event_;
    bool has_data_ = false;
    bool after_cr_ = false;   // a '\n' now belongs to the '\r' before it
    bool first_line_ = true;  // which may begin with a byte-order mark
};

}  // namespace coda::net
