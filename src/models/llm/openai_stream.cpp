#include "models/llm/openai_stream.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace coda::models::llm {
namespace {

using Json = nlohmann::json;

constexpr size_t kMessageBytes = 200;
constexpr size_t kObjectBytes = size_t{16} << 20;
constexpr size_t kMaxCalls = 16, kMaxArguments = size_t{64} << 10;  // bytes

// The member, or null (as JSON) where there is none or `parent` is no object.
const Json& member(const Json& parent, const char* key) {
    static const Json null;
    if (!parent.is_object()) return null;
    const auto found = parent.find(key);
    return found == parent.end() ? null : *found;
}

std::string text_of(const Json& value) {
    return value.is_string() ? value.get<std::string>() : std::string();
}

std::optional<int> count_of(const Json& value) {
    if (!value.is_number_integer()) return std::nullopt;
    const auto count = value.get<int64_t>();
    return count < 0 || count > INT32_MAX ? std::nullopt : std::optional<int>(static_cast<int>(count));
}

// One printable line of at most kMessageBytes, cut between characters.
std::string one_line(std::string_view text) {
    const bool is_cut = text.size() > kMessageBytes;
    if (is_cut) {
        size_t size = kMessageBytes;
        while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
        text = text.substr(0, size);
    }
    std::string line;
    for (const char c : text) {
        const bool blank = static_cast<unsigned char>(c) <= ' ' || c == '\x7F';
        if (!blank)
            line += c;
        else if (!line.empty() && line.back() != ' ')
            line += ' ';
    }
    while (!line.empty() && line.back() == ' ') line.pop_back();
    return is_cut ? line + " ..." : line;
}

std::string error_text(const Json& answer) {
    for (const char* key : {"error", "detail", "message"}) {
        const Json& value = member(answer, key);
        if (value.is_string()) return value.get<std::string>();
        if (value.is_object()) return text_of(member(value, "message"));
        if (value.is_array() && !value.empty()) return text_of(member(value.front(), "msg"));
    }
    return {};
}

bool is_about_context(const std::string& message) {
    std::string lower = message;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    return lower.find("context") != std::string::npos &&
           (lower.find("length") != std::string::npos || lower.find("exceed") != std::string::npos ||
            lower.find("size") != std::string::npos || lower.find("window") != std::string::npos);
}

}  // namespace

bool OpenAiStream::push(std::string_view bytes) {
    if (!status_ || done_ || stopped_by_caller_) return false;
    status_ = take(bytes);
    return status_ && !done_ && !stopped_by_caller_;
}

Status OpenAiStream::take(std::string_view bytes) {
    if (kind_ == Kind::unknown) {
        const size_t first = bytes.find_first_not_of(" \t\r\n");
        if (first == std::string_view::npos) return {};
        bytes.remove_prefix(first);
        kind_ = bytes.front() == '{' ? Kind::object : Kind::events;
    }
    if (kind_ == Kind::object) {
        if (object_.size() + bytes.size() > kObjectBytes)
            return fail(ErrorCode::exhausted, "answers with more than 16 MiB", server_);
        object_ += bytes;
        return {};
    }
    Status status;
    const auto pushed = events_.push(bytes, [&](const net::SseEvent& event) {
        if (event.data == "[DONE]")
            done_ = true;
        else
            status = take_json(event.data);
        return status && !done_ && !stopped_by_caller_;
    });
    if (!pushed) return fail(pushed.error().code, pushed.error().what, server_, pushed.error().mend);
    return status;
}

Status OpenAiStream::take_json(std::string_view text) {
    const Json answer = Json::parse(text, nullptr, false);
    if (!answer.is_object())
        return fail(ErrorCode::bad_format, fmt::format("sends what is no JSON object: {}", one_line(text)),
                    server_, "check that the address is that of an OpenAI-compatible server");
    if (!member(answer, "error").is_null()) {
        const std::string message = one_line(error_text(answer));
        return fail(is_about_context(message) ? ErrorCode::exhausted : ErrorCode::unavailable,
                    fmt::format("reports an error: {}", message.empty() ? one_line(text) : message), server_,
                    "look at the server's log");
    }
    take_usage(answer);
    const Json& choices = member(answer, "choices");
    if (!choices.is_array() || choices.empty()) return {};  // a piece with nothing but usage
    const Json& choice = choices.front();
    const Json& said = member(choice, kind_ == Kind::object ? "message" : "delta");
    if (const std::string reason = text_of(member(choice, "finish_reason")); !reason.empty())
        finish_reason_ = reason;
    deliver(text_of(member(said, "content")));
    return take_calls(member(said, "tool_calls"));
}

// A call comes whole or in pieces: the name with the first, the arguments' text bit by bit, `index` saying
// whose it is.
Status OpenAiStream::take_calls(const Json& calls) {
    if (!calls.is_array()) return {};
    for (const Json& piece : calls) {
        const auto index = count_of(member(piece, "index"));
        const Json& function = member(piece, "function");
        const std::string id = text_of(member(piece, "id")), name = text_of(member(function, "name"));
        // Without an index a name begins a new call.
        size_t at =
            index ? static_cast<size_t>(*index) : calls_.size() - (name.empty() && !calls_.empty() ? 1 : 0);
        if (at > calls_.size()) at = calls_.size();
        if (at == calls_.size()) {
            if (calls_.size() == kMaxCalls)
                return fail(ErrorCode::exhausted, fmt::format("calls more than {} tools at once", kMaxCalls),
                            server_);
            calls_.emplace_back();
        }
        ToolCall& call = calls_[at];
        if (!id.empty()) call.id = id;
        if (call.name.empty()) call.name = name;
        const Json& arguments = member(function, "arguments");
        // Some servers send the object itself.
        call.arguments += arguments.is_object()
                              ? arguments.dump(-1, ' ', false, Json::error_handler_t::replace)
                              : text_of(arguments);
        if (call.arguments.size() > kMaxArguments)
            return fail(ErrorCode::exhausted, "sends arguments of more than 64 KiB for a tool", server_);
    }
    return {};
}

std::vector<ToolCall> OpenAiStream::tool_calls() const {
    std::vector<ToolCall> whole;
    for (const ToolCall& call : calls_) {
        ToolCall out = call;
        if (out.arguments.find_first_not_of(" \t\r\n") == std::string::npos) out.arguments = "{}";
        if (out.name.empty() || !Json::parse(out.arguments, nullptr, false).is_object()) continue;
        if (out.id.empty()) out.id = fmt::format("call{:05}", whole.size());
        whole.push_back(std::move(out));
    }
    return whole;
}

void OpenAiStream::take_usage(const Json& answer) {
    const Json& usage = member(answer, "usage");
    if (!usage.is_object()) return;
    prompt_tokens_ = count_of(member(usage, "prompt_tokens"));
    generated_tokens_ = count_of(member(usage, "completion_tokens"));
    cached_tokens_ = count_of(member(member(usage, "prompt_tokens_details"), "cached_tokens"));
}

void OpenAiStream::deliver(std::string_view text) {
    if (text.empty() || stopped_by_caller_) return;
    ++pieces_;
    stopped_by_caller_ = !on_piece_(text);
}

Status OpenAiStream::finish() {
    if (!status_ || stopped_by_caller_ || done_) return status_;
    if (kind_ == Kind::object) {
        CODA_CHECK(take_json(object_));
        if (pieces_ > 0 || !calls_.empty() || !finish_reason_.empty()) return {};
        return fail(ErrorCode::bad_format, "answers without a message", server_,
                    "check that the address is that of an OpenAI-compatible server");
    }
    // Some servers leave out the last line, but not the reason in the piece before.
    if (!finish_reason_.empty()) return {};
    if (kind_ == Kind::events && pieces_ == 0 && !events_.incomplete())
        return fail(ErrorCode::bad_format, "its answer holds no piece of text", server_,
                    "check that the address is that of an OpenAI-compatible server");
    if (pieces_ == 0)
        return fail(ErrorCode::unavailable, "the answer ended before its first word", server_,
                    "look at the server's log; the messages may be longer than its context");
    return fail(ErrorCode::unavailable, "the answer broke off in the middle", server_,
                "look at the server's log");
}

std::string server_message(std::string_view body) {
    const std::string message = error_text(Json::parse(body, nullptr, false));
    return one_line(message.empty() ? body : std::string_view(message));
}

Error openai_error(const net::HttpResponse& response, const std::string& server) {
    const std::string said = server_message(response.body);
    const std::string tail = said.empty() ? fmt::format(" (HTTP {})", response.status)
                                          : fmt::format(" (HTTP {}: {})", response.status, said);
    switch (response.status) {
        case 401:
        case 403:
            return {ErrorCode::invalid_argument, "refuses the API key" + tail, server,
                    "set the server's key in CODA_LLM_API_KEY"};
        case 404:
            return {ErrorCode::not_found, "does not know this model or path" + tail, server,
                    "see the server's models with `coda models find`; the URL usually ends with /v1"};
        case 408:
        case 504:
            return {ErrorCode::timeout, "gave up waiting" + tail, server, "see whether the server is busy"};
        case 429:
            return {ErrorCode::exhausted, "is overloaded, or its quota is used up" + tail, server,
                    response.retry_after.empty()
                        ? "try again later"
                        : fmt::format("try again in {} s", one_line(response.retry_after))};
        default:
            break;
    }
    if (response.status >= 300 && response.status < 400)
        return {ErrorCode::invalid_argument,
                fmt::format("has moved to {}", net::displayed_url(one_line(response.location))), server,
                "give the new URL"};
    if (response.status >= 500)
        return {ErrorCode::unavailable, "has failed inside" + tail, server, "look at the server's log"};
    if (is_about_context(said))
        return {ErrorCode::exhausted, "the messages do not fit the model's context" + tail, server,
                "give the server a longer context"};
    return {ErrorCode::invalid_argument, "refuses the request" + tail, server, ""};
}

}  // namespace coda::models::llm
