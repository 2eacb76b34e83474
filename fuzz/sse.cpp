#include "net/sse.h"

#include <cstdint>
#include <cstdlib>
#include <vector>

namespace {

std::vector<std::string> parse(std::string_view bytes, size_t block) {
    coda::net::SseParser parser(64);
    std::vector<std::string> events;
    for (size_t at = 0; at < bytes.size(); at += block) {
        const auto pushed = parser.push(bytes.substr(at, block), [&](const coda::net::SseEvent& event) {
            if (event.data.size() > 128 || event.type.empty()) std::abort();
            events.push_back(event.type + "=" + event.data);
            return true;
        });
        if (!pushed) break;
    }
    return events;
}

}  // namespace

// However the bytes are cut into blocks, the events are the same.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (parse(bytes, size + 1) != parse(bytes, 1) || parse(bytes, 3) != parse(bytes, 7)) std::abort();
    return 0;
}
