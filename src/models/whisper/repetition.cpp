#include "models/whisper/repetition.h"

#include <algorithm>
#include <vector>

#include <zlib.h>

namespace coda::models::whisper {
namespace {

size_t copies_of(std::span<const int32_t> tokens, size_t period) {
    size_t matched = 0;
    while (matched + period < tokens.size() &&
           tokens[tokens.size() - 1 - matched] == tokens[tokens.size() - 1 - matched - period])
        ++matched;
    return 1 + matched / period;
}

}  // namespace

Repetition trailing_repetition(std::span<const int32_t> tokens) {
    Repetition best;
    for (size_t period = 1; 2 * period <= tokens.size(); ++period) {
        const Repetition found{period, copies_of(tokens, period)};
        if (found.copies >= 2 && found.length() > best.length()) best = found;
    }
    return best;
}

bool is_loop(const Repetition& repetition) {
    return repetition.copies >= 3 && repetition.length() >= 12;
}

bool is_suspicious(const Repetition& repetition) {
    return repetition.copies >= 3 || (repetition.copies >= 2 && repetition.period >= 4);
}

float compression_ratio(const std::string& text) {
    if (text.empty()) return 0;
    uLongf size = compressBound(text.size());
    std::vector<Bytef> deflated(size);
    if (compress(deflated.data(), &size, reinterpret_cast<const Bytef*>(text.data()), text.size()) != Z_OK)
        return 0;
    return static_cast<float>(text.size()) / static_cast<float>(size);
}

}  // namespace coda::models::whisper
