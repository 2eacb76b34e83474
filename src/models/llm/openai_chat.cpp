#include "models/llm/openai_chat.h"

#include "base/clock.h"
#include "models/llm/grammar/json_schema.h"
#include "models/llm/openai_stream.h"
#include "models/llm/reply_filter.h"
#include "models/llm/text_stream.h"
#include "net/http.h"

#include <algorithm>
#include <atomic>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace coda::models {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxListed = 10;  // models named in an error
constexpr size_t kMaxTokenBytes =
    256;                         // beyond this many for each token asked for, a server ignores max_tokens
constexpr size_t kMaxStops = 4;  // what the protocol allows; all of them are watched for here as well

// The URL that paths are added to: without a slash at its end, with /v1 where it has no path.
std::string base_url(std::string url) {
    while (!url.empty() && url.back() == '/') url.pop_back();
    const size_t scheme = url.find("://");
    if (scheme == std::string::npos) return base_url("http://" + url);
    return url.find('/', scheme + 3) == std::string::npos ? url + "/v1" : url;
}

Status check_options(const OpenAiOptions& options) {
    if (options.url.empty())
        return fail(ErrorCode::invalid_argument, "the server's URL is empty", "llm",
                    "--llm openai:http://HOST:PORT/v1");
    const auto is_control = [](unsigned char c) { return c < ' ' || c == 0x7F; };
    if (std::any_of(options.api_key.begin(), options.api_key.end(), is_control))
        return fail(ErrorCode::invalid_argument,
                    "the API key holds a line break or another control character", "llm.api_key",
                    "give the key alone");
    return {};
}

net::HttpRequest make_request(const OpenAiOptions& options, const std::string& path) {
    net::HttpRequest request;
    request.url = base_url(options.url) + path;
    request.headers = {"Accept: application/json, text/event-stream", "Content-Type: application/json"};
    if (!options.api_key.empty()) request.headers.push_back("Authorization: Bearer " + options.api_key);
    request.connect_timeout_ms = options.connect_timeout_ms;
    request.idle_timeout_ms = options.idle_timeout_ms;
    return request;
}

// A server may repeat the key in what it says.
Error without_key(Error error, const std::string& key) {
    if (key.empty()) return error;
    for (std::string* text : {&error.what, &error.where, &error.mend})
        for (size_t at = 0; (at = text->find(key, at)) != std::string::npos; at += 3)
            text->replace(at, key.size(), "***");
    return error;
}

const char* role_name(Role role) {
    switch (role) {
        case Role::system:
            return "system";
        case Role::assistant:
            return "assistant";
        case Role::tool:
            return "tool";
        case Role::user:
            return "user";
    }
    return "user";
}

struct Shared {
    OpenAiOptions options;
    std::string server;  // for messages
    // False once the server has refused "stream_options".
    std::atomic<bool> ask_for_usage{true};
    // False once it has refused "tools".
    std::atomic<bool> offer_tools{true};
    // False once it has refused a response_format of type "json_schema"; llama-cpp-python has one of its own.
    std::atomic<bool> json_schema_format{true};
};

Json message_json(const Message& message) {
    Json out = {{"role", role_name(message.role)}, {"content", message.text}};
    for (const ToolCall& call : message.tool_calls)
        out["tool_calls"].push_back({{"id", call.id},
                                     {"type", "function"},
                                     {"function", {{"name", call.name}, {"arguments", call.arguments}}}});
    if (message.role == Role::tool) out["tool_call_id"] = message.tool_call_id;
    return out;
}

void put_tools(std::span<const ToolSpec> tools, ToolChoice choice, Json& body) {
    for (const ToolSpec& tool : tools) {
        const bool readable = !llm::grammar::json_too_deep(tool.parameters);
        const Json parameters = readable ? Json::parse(tool.parameters, nullptr, false) : Json();
        body["tools"].push_back({{"type", "function"},
                                 {"function",
                                  {{"name", tool.name},
                                   {"description", tool.description},
                                   {"parameters", parameters.is_object() ? parameters : Json::object()}}}});
    }
    if (!tools.empty() && choice != ToolChoice::automatic)
        body["tool_choice"] = choice == ToolChoice::none ? "none" : "required";
}

void put_schema(const std::string& text, bool as_json_schema, Json& body) {
    const Json schema = Json::parse(text, nullptr, false);
    if (as_json_schema)
        body["response_format"] = {
            {"type", "json_schema"},
            {"json_schema", {{"name", "reply"}, {"strict", true}, {"schema", schema}}}};
    else
        body["response_format"] = {{"type", "json_object"}, {"schema", schema}};
}

std::string request_body(const Shared& shared, std::span<const Message> messages,
                         std::span<const ToolSpec> tools, const Sampling& sampling, bool ask_for_usage) {
    Json body = {{"model", shared.options.model},
                 {"messages", Json::array()},
                 {"stream", true},
                 {"temperature", sampling.temperature},
                 {"max_tokens", sampling.max_tokens}};
    for (const Message& message : messages) body["messages"].push_back(message_json(message));
    put_tools(tools, sampling.tool_choice, body);
    if (!sampling.json_schema.empty()) put_schema(sampling.json_schema, shared.json_schema_format, body);
    if (sampling.top_p < 1) body["top_p"] = sampling.top_p;
    if (sampling.seed != 0) body["seed"] = sampling.seed & INT64_MAX;
    for (const std::string& stop : sampling.stop)
        if (!stop.empty() && body["stop"].size() < kMaxStops) body["stop"].push_back(stop);
    if (ask_for_usage) body["stream_options"] = {{"include_usage", true}};
    return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

class OpenAiSession final : public ChatSession {
  public:
    explicit OpenAiSession(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}

    void offer_tools(std::vector<ToolSpec> tools) override { tools_ = std::move(tools); }
    // Nothing can be computed ahead on a server through this protocol.
    Result<PrefillStats> prefill(std::span<const Message>, const Cancel&) override { return PrefillStats{}; }
    Result<GenerateStats> generate(std::span<const Message> messages, const Sampling& sampling,
                                   const Cancel& cancel, const OnText& on_text) override;

  private:
    struct Reply;
    Result<net::HttpResponse> ask(std::span<const Message> messages, const Sampling& sampling,
                                  const Cancel& cancel, llm::OpenAiStream& stream);

    std::shared_ptr<Shared> shared_;
    net::HttpClient client_;
    std::vector<ToolSpec> tools_;
};

// What comes from the server on its way to the caller.
struct OpenAiSession::Reply {
    const OnText& on_text;
    size_t max_bytes;
    llm::TextStream text;
    Stopwatch watch;
    GenerateStats stats;
    size_t bytes = 0;
    bool refused = false;  // by the caller
    bool stopped = false;  // by a stop string
    llm::ReplyFilter filter{llm::ToolFormat::none};

    bool json = false;  // was asked for, and is passed on as it is

    void pass(const std::string& settled, std::string& spoken) {
        if (json)
            spoken += settled;
        else
            filter.push(settled, spoken);
    }
    bool deliver(const std::string& settled) {
        refused = !settled.empty() && on_text && !on_text(settled);
        return !refused;
    }
    bool take(std::string_view piece) {
        if (bytes == 0) stats.first_token_ms = watch.elapsed_ms();
        bytes += piece.size();
        std::string settled, spoken;
        stopped = text.push(piece, settled);
        pass(settled, spoken);
        if (stopped) filter.finish(spoken);
        return deliver(spoken) && !stopped && bytes <= max_bytes;
    }
    void count(const llm::OpenAiStream& stream) {
        if (bytes > 0) stats.decode_ms = watch.elapsed_ms() - stats.first_token_ms;
        stats.prompt_tokens = stream.prompt_tokens().value_or(0);
        stats.cached_tokens = stream.cached_tokens().value_or(0);
        stats.generated_tokens = stream.generated_tokens().value_or(stream.pieces());
    }
    StopReason reason(const llm::OpenAiStream& stream) const {
        if (refused) return StopReason::stopped_by_caller;
        if (stopped) return StopReason::stop_string;
        return stream.cut_by_length() || bytes > max_bytes ? StopReason::max_tokens : StopReason::end_of_turn;
    }
};

Result<net::HttpResponse> OpenAiSession::ask(std::span<const Message> messages, const Sampling& sampling,
                                             const Cancel& cancel, llm::OpenAiStream& stream) {
    net::HttpRequest request = make_request(shared_->options, "/chat/completions");
    request.method = "POST";
    while (true) {
        const bool ask_for_usage = shared_->ask_for_usage;
        const bool offers_tools = shared_->offer_tools && !tools_.empty();
        const std::span<const ToolSpec> tools =
            offers_tools ? std::span<const ToolSpec>(tools_) : std::span<const ToolSpec>();
        request.body = request_body(*shared_, messages, tools, sampling, ask_for_usage);
        CODA_TRY(net::HttpResponse response,
                 client_.send(request, cancel, [&](std::string_view bytes) { return stream.push(bytes); }));
        const bool refuses_usage = (response.status == 400 || response.status == 422) && ask_for_usage &&
                                   response.body.find("stream_options") != std::string::npos;
        // Ollama: "... does not support tools".
        const bool refuses_tools = (response.status == 400 || response.status == 422) && offers_tools &&
                                   response.body.find("tool") != std::string::npos;
        const bool refuses_schema = response.status >= 400 && !sampling.json_schema.empty() &&
                                    shared_->json_schema_format &&
                                    response.body.find("json_schema") != std::string::npos;
        if (refuses_usage)
            shared_->ask_for_usage = false;
        else if (refuses_schema)
            shared_->json_schema_format = false;
        else if (refuses_tools && sampling.tool_choice != ToolChoice::required)
            shared_->offer_tools = false;
        else
            return response;
    }
}

Result<GenerateStats> OpenAiSession::generate(std::span<const Message> messages, const Sampling& sampling,
                                              const Cancel& cancel, const OnText& on_text) {
    if (messages.empty()) return fail(ErrorCode::invalid_argument, "no messages to answer");
    if (!sampling.json_schema.empty() &&
        (llm::grammar::json_too_deep(sampling.json_schema) || !Json::accept(sampling.json_schema)))
        return fail(ErrorCode::bad_format, "is no JSON, or nested too deep", "schema");
    Reply reply{on_text,
                kMaxTokenBytes * static_cast<size_t>(std::max(sampling.max_tokens, 1)),
                llm::TextStream(sampling.stop),
                {},
                {}};
    reply.json = !sampling.json_schema.empty();
    if (sampling.max_tokens <= 0) {
        reply.stats.stop_reason = StopReason::max_tokens;
        return reply.stats;
    }
    llm::OpenAiStream stream(shared_->server, [&](std::string_view piece) { return reply.take(piece); });
    const auto response = ask(messages, sampling, cancel, stream);
    const auto failed = [&](Error error) {
        return tl::unexpected(without_key(std::move(error), shared_->options.api_key));
    };

    const Status finished = stream.finish();
    reply.count(stream);
    if (!response && response.error().code == ErrorCode::cancelled) {
        reply.stats.stop_reason = StopReason::cancelled;
        return reply.stats;
    }
    if (!response) return failed(response.error());
    if (response->status < 200 || response->status >= 300)
        return failed(llm::openai_error(*response, shared_->server));
    if (!finished) return failed(finished.error());
    reply.stats.stop_reason = reply.reason(stream);
    if (sampling.tool_choice != ToolChoice::none && !reply.refused)
        reply.stats.tool_calls = stream.tool_calls();
    if (!reply.refused && !reply.stopped) {
        std::string rest, spoken;
        reply.text.finish(rest);
        reply.pass(rest, spoken);
        reply.filter.finish(spoken);
        if (!reply.deliver(spoken)) reply.stats.stop_reason = StopReason::stopped_by_caller;
    }
    return reply.stats;
}

class OpenAiChat final : public ChatModel {
  public:
    explicit OpenAiChat(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}

    const std::string& name() const override { return shared_->options.model; }
    bool small() const override { return false; }
    bool calls_tools() const override { return shared_->offer_tools; }
    int context_length() const override { return shared_->options.context_length; }
    // About four bytes of English make a token; other scripts have fewer characters to the byte.
    int count_tokens(std::string_view text) const override { return static_cast<int>((text.size() + 3) / 4); }
    Result<std::unique_ptr<ChatSession>> new_session() override {
        return std::unique_ptr<ChatSession>(std::make_unique<OpenAiSession>(shared_));
    }

  private:
    std::shared_ptr<Shared> shared_;
};

std::string named(const std::vector<std::string>& models) {
    const size_t count = std::min(models.size(), kMaxListed);
    const auto first = std::span(models).first(count);
    return fmt::format("{}{}", fmt::join(first, ", "),
                       count < models.size() ? fmt::format(" and {} more", models.size() - count) : "");
}

Result<std::string> choose_model(const std::vector<std::string>& models, const std::string& wanted,
                                 const std::string& server) {
    if (wanted.empty()) {
        if (models.size() == 1) return models.front();
        if (models.empty())
            return fail(ErrorCode::not_found, "has no model", server,
                        "load one into the server, or name it with --llm-model");
        return fail(ErrorCode::invalid_argument, fmt::format("has {} models", models.size()), server,
                    "choose one with --llm-model: " + named(models));
    }
    // Ollama lists "llama3.2:latest" and takes "llama3.2".
    const auto fits = [&](const std::string& model) {
        return model == wanted || model == wanted + ":latest";
    };
    if (models.empty() || std::any_of(models.begin(), models.end(), fits)) return wanted;
    return fail(ErrorCode::not_found, fmt::format("has no model \"{}\"", wanted), server,
                "it has: " + named(models));
}

}  // namespace

Result<std::vector<std::string>> list_openai_models(const OpenAiOptions& options, const Cancel& cancel) {
    CODA_CHECK(check_options(options));
    net::HttpRequest request = make_request(options, "/models");
    request.total_timeout_ms = options.list_timeout_ms;
    const std::string server = net::displayed_url(base_url(options.url));
    const auto response = net::HttpClient().send(request, cancel);
    if (!response) return tl::unexpected(without_key(response.error(), options.api_key));
    if (response->status != 200)
        return tl::unexpected(without_key(llm::openai_error(*response, server), options.api_key));

    const Json answer = Json::parse(response->body, nullptr, false);
    if (!answer.is_object() || !answer.contains("data") ||
        !(answer["data"].is_array() || answer["data"].is_null()))
        return fail(ErrorCode::bad_format, "does not list its models as an OpenAI-compatible server does",
                    server, "check the port and the path, which usually is /v1");
    std::vector<std::string> models;
    for (const Json& entry : answer["data"])
        if (entry.is_object() && entry.contains("id") && entry["id"].is_string())
            models.push_back(entry["id"].get<std::string>());
    return models;
}

Result<std::shared_ptr<ChatModel>> open_openai_chat(const OpenAiOptions& options) {
    auto shared = std::make_shared<Shared>();
    shared->options = options;
    shared->server = net::displayed_url(base_url(options.url));
    auto models = list_openai_models(options, Cancel());
    // A server without that list may still answer by name.
    if (!models && models.error().code == ErrorCode::not_found && !options.model.empty()) models.emplace();
    if (!models) return tl::unexpected(models.error());
    CODA_TRY(shared->options.model, choose_model(*models, options.model, shared->server));
    return std::shared_ptr<ChatModel>(std::make_shared<OpenAiChat>(std::move(shared)));
}

}  // namespace coda::models
