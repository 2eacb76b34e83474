#include "app/text_input.h"

#include <cerrno>
#include <cstdint>
#include <cstring>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <unistd.h>

namespace coda::app {
namespace {

// How many bytes the sequence at the start of `text` has, or 0 when it is not UTF-8 (RFC 3629, section 4).
size_t sequence_length(std::string_view text) {
    const auto byte = [&](size_t i) { return i < text.size() ? static_cast<uint8_t>(text[i]) : uint8_t{0}; };
    const auto tail = [&](size_t i, uint8_t low = 0x80, uint8_t high = 0xBF) {
        return byte(i) >= low && byte(i) <= high;
    };
    const uint8_t first = byte(0);
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF) return tail(1) ? 2 : 0;
    if (first >= 0xE0 && first <= 0xEF) {
        const uint8_t low = first == 0xE0 ? 0xA0 : 0x80, high = first == 0xED ? 0x9F : 0xBF;
        return tail(1, low, high) && tail(2) ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        const uint8_t low = first == 0xF0 ? 0x90 : 0x80, high = first == 0xF4 ? 0x8F : 0xBF;
        return tail(1, low, high) && tail(2) && tail(3) ? 4 : 0;
    }
    return 0;
}

// One read of at most 64 KB, appended; false at the end.
Result<bool> read_some(std::string& text) {
    char block[1 << 16];
    ssize_t count = 0;
    do {
        count = ::read(STDIN_FILENO, block, sizeof block);
    } while (count < 0 && errno == EINTR);
    if (count < 0) return fail(ErrorCode::io, std::strerror(errno), "standard input");
    text.append(block, static_cast<size_t>(count));
    return count > 0;
}

}  // namespace

size_t first_invalid_utf8(std::string_view text) {
    for (size_t i = 0; i < text.size();) {
        const size_t length = sequence_length(text.substr(i));
        if (length == 0) return i;
        i += length;
    }
    return std::string_view::npos;
}

Result<std::string> checked_text(std::string_view text, const std::string& where) {
    constexpr const char* kSpace = " \t\r\n\v\f";
    const size_t begin = text.find_first_not_of(kSpace);
    if (begin == std::string_view::npos) {
        return fail(ErrorCode::invalid_argument, "is empty", where, "say something");
    }
    text = text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
    if (text.size() > kLongestText) {
        return fail(ErrorCode::invalid_argument,
                    fmt::format("has {} bytes, {} are the limit", text.size(), kLongestText), where,
                    "give it in parts");
    }
    if (const size_t bad = first_invalid_utf8(text); bad != std::string_view::npos) {
        return fail(ErrorCode::invalid_argument, fmt::format("is not UTF-8 at byte {}", begin + bad), where,
                    "convert it, for example with iconv");
    }
    if (text.find('\0') != std::string_view::npos) {
        return fail(ErrorCode::invalid_argument, "holds a NUL byte", where, "give it as plain text");
    }
    return std::string(text);
}

Result<std::string> text_from(const std::vector<std::string>& words) {
    if (!words.empty()) return checked_text(fmt::format("{}", fmt::join(words, " ")), "TEXT");
    if (isatty(STDIN_FILENO)) {
        return fail(ErrorCode::invalid_argument, "no text was given", "",
                    "give it behind the command, or through a pipe");
    }
    std::string text;
    for (;;) {
        CODA_TRY(const bool more, read_some(text));
        if (!more || text.size() > 2 * kLongestText) break;
    }
    return checked_text(text, "standard input");
}

LineReader::Status LineReader::next(std::string& line, const Cancel& cancel,
                                    const std::function<void()>& on_idle) {
    for (;;) {
        const size_t newline = buffer_.find('\n');
        if (newline != std::string::npos) {
            line = buffer_.substr(0, newline);
            buffer_.erase(0, newline + 1);
            return line.size() > kLongestText ? Status::too_long : Status::line;
        }
        if (ended_ && buffer_.empty()) return Status::end;
        if (ended_) {
            line = std::move(buffer_);
            buffer_.clear();
            return Status::line;
        }
        if (buffer_.size() > kLongestText) {
            buffer_.clear();
            return Status::too_long;
        }
        constexpr int kLookAtCancelMs = 100;
        pollfd input{STDIN_FILENO, POLLIN, 0};
        const int ready = ::poll(&input, 1, kLookAtCancelMs);
        if (cancel.cancelled()) return Status::cancelled;
        if (ready == 0 && on_idle) on_idle();
        if (ready <= 0) continue;
        const auto more = read_some(buffer_);
        ended_ = !more || !*more;
    }
}

}  // namespace coda::app
