// What a model writes where it calls tools: however the text is cut into pieces, the same is spoken and the
// same is a call, and the calls that are read are whole.
#include "models/llm/reply_filter.h"

#include <cstdint>
#include <cstdlib>

#include <nlohmann/json.hpp>

namespace {

using coda::models::ToolCall;
using coda::models::llm::ReplyFilter;
using coda::models::llm::ToolFormat;

struct Outcome {
    std::string spoken, call;
    bool operator==(const Outcome&) const = default;
};

Outcome filtered(ToolFormat format, std::string_view text, size_t block) {
    ReplyFilter filter(format);
    Outcome out;
    for (size_t at = 0; at < text.size(); at += block) filter.push(text.substr(at, block), out.spoken);
    filter.finish(out.spoken);
    out.call = filter.call();
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const ToolFormat format : {ToolFormat::none, ToolFormat::hermes, ToolFormat::llama3,
                                    ToolFormat::mistral, ToolFormat::granite}) {
        const Outcome whole = filtered(format, text, size + 1);
        if (!(whole == filtered(format, text, 1)) || !(whole == filtered(format, text, 5))) std::abort();
        for (const ToolCall& call : coda::models::llm::parse_calls(format, whole.call, 3))
            if (call.id.size() != 9 || !nlohmann::json::parse(call.arguments, nullptr, false).is_object())
                std::abort();
    }
    return 0;
}
