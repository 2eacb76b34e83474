#include "app/turn_json.h"

#include <cmath>

namespace coda::app {
namespace {

using nlohmann::json;

json milliseconds(const std::optional<double>& value) {
    return value ? json(std::round(*value * 100) / 100) : json(nullptr);
}

json tool_calls(const std::vector<assistant::ToolCall>& calls) {
    json list = json::array();
    for (const assistant::ToolCall& call : calls) {
        list.push_back({{"name", call.name}, {"arguments", call.arguments}, {"result", call.result}});
    }
    return list;
}

json models(const assistant::Engine& engine) {
    const auto name = [](const auto& model) { return model ? json(model->name()) : json(nullptr); };
    return {{"stt", name(engine.stt)},
            {"llm", name(engine.llm)},
            {"tts", engine.tts ? json("hibari") : json(nullptr)}};
}

}  // namespace

json to_json(const assistant::DeviceInfo& device) {
    return {{"kind", device.kind}, {"name", device.name}, {"reason", device.reason}};
}

json to_json(const ReplyAudio& audio) {
    return {{"path", audio.path.empty() ? json(nullptr) : json(audio.path.string())},
            {"sample_rate", audio.sample_rate},
            {"seconds", std::round(audio.seconds * 1000) / 1000}};
}

json to_json(const assistant::TurnReport& report, const assistant::Engine& engine,
             const std::optional<ReplyAudio>& audio) {
    const models::GenerateStats& llm = report.reply.llm;
    return {{"transcript", report.transcript},
            {"reply", report.reply.text},
            {"path", to_string(report.reply.path)},
            {"tool_calls", tool_calls(report.reply.tool_calls)},
            {"timings_ms",
             {{"stt", milliseconds(report.stt_ms)},
              {"prefill", milliseconds(report.prefill_ms)},
              {"first_token", milliseconds(report.first_token_ms)},
              {"first_clause", milliseconds(report.first_clause_ms)},
              {"tts_first_audio", milliseconds(report.tts_first_audio_ms)},
              {"response", milliseconds(report.response_ms)}}},
            {"tokens",
             {{"prompt", llm.prompt_tokens},
              {"cached", llm.cached_tokens},
              {"generated", llm.generated_tokens},
              {"per_second", std::round(llm.tokens_per_second() * 10) / 10}}},
            {"reply_audio", audio ? to_json(*audio) : json(nullptr)},
            {"models", models(engine)},
            {"device", to_json(engine.device())}};
}

}  // namespace coda::app
