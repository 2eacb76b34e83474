// Has the person finished? Three witnesses, weighed as log-odds: how the words sounded (smart-turn), what
// they say (the language model's probability that the sentence ends here, and whether the last word leaves it
// open), and how long the silence has lasted. Pauses inside a turn end at a roughly constant rate, so each
// further moment of silence adds the same amount to the log-odds that none will: the evidence that is needed
// falls as silence grows. A witness that is absent says nothing. The figures come from lab/endpointing.
// Thread safety: a pure function of its arguments.
#pragma once

#include <optional>
#include <string_view>

namespace coda::assistant {

// What the last words leave to come.
enum class Ending {
    closed,  // nothing is missing that one could tell from the last word
    open,    // "the", "and", "um ...", "to": something must follow
};
Ending ending_of(std::string_view transcript);

struct Witnesses {
    double silence_ms = 0;                 // since the acoustic end of speech
    std::optional<float> smart_turn = {};  // probability that the turn is complete
    std::optional<float> sentence_end =
        {};  // the LLM's probability that the sentence ends after the last word
    std::optional<Ending> ending = {};
    bool complete_command = false;  // the words are a command as they stand, which an LLM may not expect
};

// What each witness adds to the log-odds.
struct EvidenceWeights {
    double prior = 0;
    double smart_turn = 0;    // times its log-odds
    double sentence_end = 0;  // times its natural logarithm
    double open_ending = 0;   // when the last word leaves the sentence open
    double command = 0;       // when the words are a complete command
};

// Chosen on the odd clips of tests/data/audio/spoken and checked on the even ones; see lab/endpointing.
struct EndpointingOptions {
    EvidenceWeights with_language{1.78, 0.168, 0.813, -0.484, 2.97};
    EvidenceWeights without_language{0.241, 0.197, 0, -3.086, 2.43};  // where sentence_end is absent
    double per_second = 2;                                            // of silence
    double threshold = 2.2;                                           // log-odds that must be reached
    // Where a witness stands between the two answers; smart_turn also speaks from here when it is absent.
    double smart_turn_centre = 1.80;      // log-odds
    double sentence_end_centre = -2.22;   // natural logarithm
    double shortest_ms = 290;             // no decision before this much silence
    double ceiling_ms = 1200;             // the wait ends here ...
    double unfinished_ceiling_ms = 2500;  // ... or here, where every witness that speaks says "not finished"
};

// Log-odds that the turn is over.
double log_odds_finished(const Witnesses& witnesses, const EndpointingOptions& options);
bool has_finished(const Witnesses& witnesses, const EndpointingOptions& options);

}  // namespace coda::assistant
