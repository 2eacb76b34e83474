// Latencies of a conversation's turns, summed up as p50, p95 and maximum, apart for turns answered by an
// intent or tool and by the LLM. Thread safety: one thread.
#pragma once

#include "assistant/responder.h"

#include <optional>
#include <span>
#include <vector>

#include <nlohmann/json.hpp>

namespace coda::assistant {

// One answered turn. Times in ms.
struct TurnTimes {
    ReplyPath path = ReplyPath::llm;
    std::optional<double> v2v_ms;       // end of speech to first audible sample of the reply
    std::optional<double> response_ms;  // decision to first audible sample
};

// {"count","p50","p95","max"} by nearest rank; null where there are no values.
nlohmann::json percentiles(std::vector<double> values);

// {"v2v_ms": {"all", "intent", "llm"}, "response_ms": {...}}, each as percentiles() gives them.
nlohmann::json latency_summary(std::span<const TurnTimes> turns);

}  // namespace coda::assistant
