#include "assistant/endpointing.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

namespace coda::assistant {
namespace {

// A probability beyond these says no more than they do.
constexpr float kLeastProbable = 1e-6f;
constexpr float kLeastSmartTurn = 0.0067f;  // log-odds of -5

// Words after which an English sentence seldom stops: articles, possessives, conjunctions, prepositions that
// are not also particles ("on", "in", "up" and "down" are: "turn it on"), shortened auxiliaries, fillers.
// Full auxiliaries are not among them, since questions end with them ("what can you do").
constexpr std::array kOpenWords = {
    "a",     "an",      "and",     "as",   "at",     "because", "but",  "by",     "er",    "erm",
    "every", "for",     "from",    "his",  "i",      "i'd",     "i'll", "i'm",    "i've",  "if",
    "into",  "its",     "let's",   "my",   "nor",    "of",      "or",   "our",    "than",  "the",
    "their", "they're", "to",      "uh",   "uhm",    "um",      "umm",  "unless", "until", "very",
    "we'll", "we're",   "whether", "with", "you're", "your"};

bool is_word_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '\'' ||
           (c & 0x80);
}

double log_odds(float probability) {
    const double p = std::clamp(probability, kLeastSmartTurn, 1 - kLeastSmartTurn);
    return std::log(p / (1 - p));
}

double smart_turn_log_odds(const Witnesses& witnesses, const EndpointingOptions& options) {
    return witnesses.smart_turn ? log_odds(*witnesses.smart_turn) : options.smart_turn_centre;
}

double sentence_end_logarithm(float probability) {
    return std::log(std::clamp(probability, kLeastProbable, 1.0f));
}

// Does every witness that speaks, and at least one does, say that the person has not finished?
bool all_say_unfinished(const Witnesses& witnesses, const EndpointingOptions& options) {
    if (!witnesses.smart_turn && !witnesses.sentence_end) return false;
    if (witnesses.complete_command) return false;
    const bool by_sound =
        !witnesses.smart_turn || log_odds(*witnesses.smart_turn) < options.smart_turn_centre;
    const bool by_words = !witnesses.sentence_end ||
                          sentence_end_logarithm(*witnesses.sentence_end) < options.sentence_end_centre;
    return by_sound && by_words;
}

}  // namespace

Ending ending_of(std::string_view transcript) {
    while (!transcript.empty() && !is_word_byte(transcript.back())) {
        if (transcript.ends_with("...") || transcript.back() == '-') return Ending::open;
        transcript.remove_suffix(1);
    }
    size_t begin = transcript.size();
    while (begin > 0 && is_word_byte(transcript[begin - 1])) --begin;
    std::string word(transcript.substr(begin));
    std::ranges::transform(word, word.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return std::ranges::find(kOpenWords, word) != kOpenWords.end() ? Ending::open : Ending::closed;
}

double log_odds_finished(const Witnesses& witnesses, const EndpointingOptions& options) {
    const EvidenceWeights& weights =
        witnesses.sentence_end ? options.with_language : options.without_language;
    double sum = weights.prior + options.per_second * witnesses.silence_ms / 1000;
    sum += weights.smart_turn * smart_turn_log_odds(witnesses, options);
    if (witnesses.sentence_end) sum += weights.sentence_end * sentence_end_logarithm(*witnesses.sentence_end);
    if (witnesses.ending == Ending::open) sum += weights.open_ending;
    if (witnesses.complete_command) sum += weights.command;
    return sum;
}

bool has_finished(const Witnesses& witnesses, const EndpointingOptions& options) {
    if (witnesses.silence_ms < options.shortest_ms) return false;
    if (log_odds_finished(witnesses, options) >= options.threshold) return true;
    const double ceiling =
        all_say_unfinished(witnesses, options) ? options.unfinished_ceiling_ms : options.ceiling_ms;
    return witnesses.silence_ms >= ceiling;
}

}  // namespace coda::assistant
