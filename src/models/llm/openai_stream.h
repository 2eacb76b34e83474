// The answer of /v1/chat/completions as its bytes come: server-sent events of pieces ("stream": true), or one
// JSON object from servers that do not stream. Also how such servers say what went wrong. Thread safety: one
// thread at a time.
#pragma once

#include "base/result.h"
#include "models/llm/chat_model.h"
#include "net/http.h"
#include "net/sse.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace coda::models::llm {

class OpenAiStream {
  public:
    // Gets the text of each piece; returning false ends the reading.
    using OnPiece = std::function<bool(std::string_view)>;
    OpenAiStream(std::string server, OnPiece on_piece)
        : server_(std::move(server)), on_piece_(std::move(on_piece)) {}

    // False once nothing more is wanted: the answer is complete, the caller stopped, or it went wrong.
    bool push(std::string_view bytes);
    // The end of the bytes. Fails with what went wrong: an error sent by the server (unavailable, exhausted),
    // what is no such answer (bad_format), or an end in mid-answer (unavailable).
    Status finish();

    bool stopped_by_caller() const { return stopped_by_caller_; }
    bool cut_by_length() const { return finish_reason_ == "length"; }
    int pieces() const { return pieces_; }  // with text
    // The calls as far as they came; whole once finish() has succeeded. Those without a name or with
    // arguments that are no JSON object are left out.
    std::vector<ToolCall> tool_calls() const;
    // As the server counts them; nothing where it does not say.
    std::optional<int> prompt_tokens() const { return prompt_tokens_; }
    std::optional<int> cached_tokens() const { return cached_tokens_; }
    std::optional<int> generated_tokens() const { return generated_tokens_; }

  private:
    enum class Kind { unknown, events, object };

    Status take(std::string_view bytes);
    Status take_json(std::string_view text);
    void take_usage(const nlohmann::json& answer);
    void deliver(std::string_view text);
    Status take_calls(const nlohmann::json& calls);

    std::string server_;
    OnPiece on_piece_;
    Kind kind_ = Kind::unknown;
    net::SseParser events_;
    std::string object_;  // all of a JSON answer
    Status status_;
    bool done_ = false;
    bool stopped_by_caller_ = false;
    std::string finish_reason_;
    int pieces_ = 0;
    std::vector<ToolCall> calls_;
    std::optional<int> prompt_tokens_, cached_tokens_, generated_tokens_;
};

// What a status other than 200 means, with the server's own words in one line.
Error openai_error(const net::HttpResponse& response, const std::string& server);

// The message in {"error": {"message": ...}}, {"error": "..."}, {"detail": ...}, {"message": ...}; else the
// first words of `body`. At most 200 bytes, one line.
std::string server_message(std::string_view body);

}  // namespace coda::models::llm
