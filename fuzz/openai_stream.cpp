#include "models/llm/openai_stream.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace {

struct Outcome {
    std::string text;
    size_t calls = 0;
    bool complete = false;
};

Outcome read(std::string_view bytes, size_t block) {
    Outcome outcome;
    coda::models::llm::OpenAiStream stream("server", [&](std::string_view piece) {
        outcome.text += piece;
        return true;
    });
    for (size_t at = 0; at < bytes.size() && stream.push(bytes.substr(at, block)); at += block) {
    }
    outcome.complete = stream.finish().has_value();
    outcome.calls = stream.tool_calls().size();
    return outcome;
}

}  // namespace

// However the bytes are cut into blocks, the answer is the same; and what is no answer is an error in one
// line.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const Outcome whole = read(bytes, size + 1), pieces = read(bytes, 3);
    if (whole.complete != pieces.complete || whole.text != pieces.text || whole.calls != pieces.calls)
        std::abort();
    const std::string message = coda::models::llm::server_message(bytes);
    if (message.size() > 220 || std::any_of(message.begin(), message.end(), [](char c) { return c == '\n'; }))
        std::abort();
    return 0;
}
