// Finds the loops that Whisper's decoder falls into: the same tokens again and again without end.
// Thread safety: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace coda::models::whisper {

struct Repetition {
    size_t period = 0;  // tokens in one copy; 0: there is no repetition
    size_t copies = 0;
    size_t length() const { return period * copies; }
};

// The repetition at the end of `tokens` that covers the most of them, of at least two copies.
Repetition trailing_repetition(std::span<const int32_t> tokens);

// A loop, which no speaker means: three copies or more, twelve tokens or more.
bool is_loop(const Repetition& repetition);

// Worth a second look, as a person may say a thing twice: three copies of anything, or two of four tokens or
// more.
bool is_suspicious(const Repetition& repetition);

// UTF-8 bytes over their bytes when deflated, as OpenAI measures repetitive text; 0 for no text.
float compression_ratio(const std::string& text);

}  // namespace coda::models::whisper
