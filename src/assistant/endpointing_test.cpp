#include "assistant/endpointing.h"

#include <gtest/gtest.h>

namespace coda::assistant {
namespace {

// The silence, in steps of 1 ms, at which these witnesses decide.
double decided_after(std::optional<float> smart_turn, std::optional<float> sentence_end,
                     std::optional<Ending> ending) {
    for (double silence = 0; silence < 5000; ++silence)
        if (has_finished({silence, smart_turn, sentence_end, ending}, {})) return silence;
    return 5000;
}

TEST(Endpointing, WitnessesThatSayFinishedShortenTheWait) {
    const double agreed = decided_after(0.98f, 0.6f, Ending::closed);
    const double unknown = decided_after(std::nullopt, std::nullopt, std::nullopt);
    const double denied = decided_after(0.02f, 1e-4f, Ending::open);
    EXPECT_LT(agreed, unknown);
    EXPECT_LT(unknown, denied);
}

TEST(Endpointing, TheCeilingEndsEveryWait) {
    const EndpointingOptions options;
    EXPECT_EQ(decided_after(0.001f, 1e-6f, Ending::open), options.unfinished_ceiling_ms);
    EXPECT_LE(decided_after(0.98f, 1e-6f, Ending::closed), options.ceiling_ms);
    EXPECT_LE(decided_after(std::nullopt, std::nullopt, Ending::open), options.ceiling_ms);
}

TEST(Endpointing, NeverBeforeTheShortestSilence) {
    EXPECT_GE(decided_after(1.0f, 1.0f, Ending::closed), EndpointingOptions().shortest_ms);
}

TEST(Endpointing, EachWitnessMovesTheLogOddsItsOwnWay) {
    const EndpointingOptions options;
    const Witnesses base{300, 0.5f, 0.1f, Ending::closed};
    Witnesses changed = base;
    changed.silence_ms = 600;
    EXPECT_GT(log_odds_finished(changed, options), log_odds_finished(base, options));
    changed = base, changed.smart_turn = 0.9f;
    EXPECT_GT(log_odds_finished(changed, options), log_odds_finished(base, options));
    changed = base, changed.sentence_end = 0.5f;
    EXPECT_GT(log_odds_finished(changed, options), log_odds_finished(base, options));
    changed = base, changed.complete_command = true;
    EXPECT_GT(log_odds_finished(changed, options), log_odds_finished(base, options));
    changed = base, changed.ending = Ending::open;
    EXPECT_LT(log_odds_finished(changed, options), log_odds_finished(base, options));
}

TEST(Endpointing, OpenEndings) {
    for (const char* words :
         {"Set a timer for", "Set a timer for.", "I want to", "It was the,", "And then, um", "So I said...",
          "My phone number is...", "because", "Let me see, uh -"})
        EXPECT_EQ(ending_of(words), Ending::open) << words;
    for (const char* words :
         {"", "What can you do?", "Turn it on.", "Call me", "What is it like?", "Stop", "12.", "日本語"})
        EXPECT_EQ(ending_of(words), Ending::closed) << words;
}

}  // namespace
}  // namespace coda::assistant
