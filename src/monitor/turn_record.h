// One answered turn as its stages, without a word of it. Thread safety: plain values.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace coda::monitor {

// Times in ms from when the turn was asked.
struct StageSpan {
    std::string stage;  // queue, stt, intent, tool, prefill, first_token, clause, tts
    double start_ms = 0, end_ms = 0;
};

struct TurnRecord {
    int64_t unix_ms = 0;  // when it was answered
    std::string path;     // intent, tool or llm
    double response_ms = 0;
    std::vector<StageSpan> stages;
    std::map<std::string, double> facts;  // "prompt_tokens", "cached_tokens", "generated_tokens"
};

}  // namespace coda::monitor
