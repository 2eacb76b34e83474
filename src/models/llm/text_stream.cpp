#include "models/llm/text_stream.h"

#include <algorithm>

#include <utf8proc.h>

namespace coda::models::llm {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// Bytes at the end of `text` that begin a character whose rest may still come; 0 to 3.
size_t open_tail(std::string_view text) {
    for (size_t back = 1; back <= std::min<size_t>(3, text.size()); ++back) {
        const auto byte = static_cast<unsigned char>(text[text.size() - back]);
        if ((byte & 0xC0) == 0x80) continue;
        const size_t length = byte >= 0xF0 && byte < 0xF5 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC2 ? 2 : 1;
        return byte < 0xF5 && length > back ? back : 0;
    }
    return 0;
}

void append_valid(std::string_view bytes, std::string& out) {
    while (!bytes.empty()) {
        utf8proc_int32_t code_point = -1;
        const auto length = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(bytes.data()),
                                             static_cast<utf8proc_ssize_t>(bytes.size()), &code_point);
        if (length > 0) {
            out += bytes.substr(0, static_cast<size_t>(length));
            bytes.remove_prefix(static_cast<size_t>(length));
        } else {
            out += kReplacement;
            bytes.remove_prefix(1);
        }
    }
}

}  // namespace

TextStream::TextStream(std::vector<std::string> stops) : stops_(std::move(stops)) {
    std::erase_if(stops_, [](const std::string& stop) { return stop.empty(); });
}

size_t TextStream::first_stop() const {
    size_t first = std::string::npos;
    for (const std::string& stop : stops_) first = std::min(first, pending_.find(stop));
    return first;
}

// Everything before the longest tail that may begin a stop string, and before a character that is not whole.
size_t TextStream::settled() const {
    size_t end = pending_.size() - open_tail(pending_);
    for (const std::string& stop : stops_) {
        for (size_t tail = std::min(stop.size() - 1, pending_.size()); tail > 0; --tail) {
            if (pending_.ends_with(std::string_view(stop).substr(0, tail))) {
                end = std::min(end, pending_.size() - tail);
                break;
            }
        }
    }
    return end;
}

bool TextStream::push(std::string_view bytes, std::string& out) {
    if (stopped_) return true;
    pending_ += bytes;
    const size_t stop = first_stop();
    stopped_ = stop != std::string::npos;
    const size_t end = stopped_ ? stop : settled();
    append_valid(std::string_view(pending_).substr(0, end), out);
    pending_.erase(0, stopped_ ? pending_.size() : end);
    return stopped_;
}

void TextStream::finish(std::string& out) {
    if (const size_t tail = open_tail(pending_); tail > 0) {
        append_valid(std::string_view(pending_).substr(0, pending_.size() - tail), out);
        out += kReplacement;
    } else {
        append_valid(pending_, out);
    }
    pending_.clear();
}

}  // namespace coda::models::llm
