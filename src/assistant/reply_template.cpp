#include "assistant/reply_template.h"

#include "tools/builtin.h"

#include <chrono>

namespace coda::assistant {
namespace {

using personality::Act;

constexpr int kMaxDepth = 8;  // of a tool's data

void add_texts(const nlohmann::json& value, int depth, std::vector<std::string>& to) {
    if (value.is_string()) {
        to.push_back(value.get<std::string>());
        to.push_back(tools::turn_round(to.back()));
    } else if (value.is_structured() && depth < kMaxDepth) {
        for (const nlohmann::json& inner : value) add_texts(inner, depth + 1, to);
    }
}

Act act_of(const Reply& reply, const tools::Registry& registry) {
    if (reply.kind == "decline" || reply.kind == "unheard" || personality::is_shortfall(reply.text))
        return Act::shortfall;
    if (reply.path != ReplyPath::tool) return Act::social;
    const tools::Tool* tool = registry.find(reply.kind);
    return tool && tool->safety != tools::Safety::read ? Act::done : Act::answer;
}

}  // namespace

std::optional<personality::Template> template_of(const Reply& reply, const tools::Registry& registry) {
    // A question waits for its answer: nothing may stand behind it.
    if (reply.asks || reply.kind.empty() || reply.kind == "repeat" || reply.kind == "anecdote")
        return std::nullopt;
    personality::Template out{reply.text, reply.kind, act_of(reply, registry), {}};
    for (const ToolCall& call : reply.tool_calls) {
        add_texts(call.arguments, 0, out.quotes);
        add_texts(nlohmann::json::parse(call.result, nullptr, false), 0, out.quotes);
    }
    return out;
}

personality::Moment moment_of(const tools::Utterance& utterance, const tools::Recognizer& recognizer,
                              const tools::ToolContext& context) {
    using namespace std::chrono;
    const auto local = context.now + seconds(context.utc_offset);
    personality::Moment moment;
    moment.now = context.now;
    moment.hour = static_cast<int>(duration_cast<hours>(local - floor<days>(local)).count());
    moment.hurry = recognizer.mentions("mood.hurry", utterance);
    moment.bad_news = recognizer.mentions("mood.bad_news", utterance);
    return moment;
}

}  // namespace coda::assistant
