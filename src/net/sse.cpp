#include "net/sse.h"

#include <utility>

#include <fmt/format.h>

namespace coda::net {

Result<bool> SseParser::push(std::string_view bytes, const OnEvent& on_event) {
    for (const char c : bytes) {
        if (std::exchange(after_cr_, c == '\r') && c == '\n') continue;
        if (c != '\r' && c != '\n') {
            if (line_.size() >= max_bytes_)
                return fail(ErrorCode::exhausted,
                            fmt::format("a line of an event is longer than {} bytes", max_bytes_));
            line_ += c;
        } else if (line_.empty()) {
            first_line_ = false;
            if (!dispatch(on_event)) return false;
        } else {
            CODA_CHECK(take_line());
        }
    }
    return true;
}

Status SseParser::take_line() {
    std::string_view line = line_;
    if (std::exchange(first_line_, false) && line.substr(0, 3) == "\xEF\xBB\xBF") line.remove_prefix(3);
    const size_t colon = line.find(':');
    Status taken;
    if (colon != 0) {  // else a comment
        std::string_view value =
            colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
        if (!value.empty() && value.front() == ' ') value.remove_prefix(1);
        taken = take_field(line.substr(0, colon), value);
    }
    line_.clear();
    return taken;
}

Status SseParser::take_field(std::string_view name, std::string_view value) {
    if (name == "event") event_.type = value;
    if (name != "data") return {};
    if (event_.data.size() + value.size() >= max_bytes_)
        return fail(ErrorCode::exhausted, fmt::format("an event is longer than {} bytes", max_bytes_));
    if (std::exchange(has_data_, true)) event_.data += '\n';
    event_.data += value;
    return {};
}

bool SseParser::dispatch(const OnEvent& on_event) {
    SseEvent event = std::exchange(event_, {});
    if (!std::exchange(has_data_, false)) return true;
    if (event.type.empty()) event.type = "message";
    return on_event(event);
}

}  // namespace coda::net
