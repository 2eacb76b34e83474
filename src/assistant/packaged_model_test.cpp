// Whole turns with the packaged language model: what it answers, and that nothing it says is an invented
// value or deed.
#include "assistant/engine.h"
#include "assistant/responder.h"
#include "tools/claims.h"

#include <fstream>

#include <gtest/gtest.h>

namespace coda::assistant {
namespace {

std::shared_ptr<Engine> engine() {
    static const std::shared_ptr<Engine> kEngine = [] {
        EngineConfig config;
        config.load_stt = config.load_tts = config.load_vad = false;
        auto loaded = Engine::load(config);
        CODA_ASSERT(loaded);
        return std::shared_ptr<Engine>(std::move(*loaded));
    }();
    return kEngine;
}

std::unique_ptr<Responder> packaged() {
    const auto model = engine()->llm;
    if (!model) std::fprintf(stderr, "%s\n", engine()->llm_error.message().c_str());
    CODA_ASSERT(model);
    auto responder = Responder::create(model, {});
    CODA_ASSERT(responder);
    return std::move(*responder);
}

Reply say(Responder& responder, const std::string& words) {
    auto reply = responder.respond(words, Cancel(), [](const std::string&) { return true; });
    if (!reply) ADD_FAILURE() << words << ": " << reply.error().message();
    return reply ? *reply : Reply{};
}

std::vector<std::string> first_column(const std::string& file) {
    std::ifstream in(CODA_SOURCE_DIR "/tests/data/requests/" + file);
    std::vector<std::string> out;
    for (std::string line; std::getline(in, line);) out.push_back(line.substr(0, line.find('\t')));
    if (!out.empty()) out.erase(out.begin());
    return out;
}

TEST(PackagedModel, FactsOfTheWorldDoNotPassThroughIt) {
    const Reply reply = say(*packaged(), "What is the capital of France?");
    EXPECT_EQ(reply.path, ReplyPath::tool);
    EXPECT_EQ(reply.text, "The capital of France is Paris.");
}

TEST(PackagedModel, ASecondTurnPrefillsOnlyWhatIsNew) {
    auto responder = packaged();
    const Reply first = say(*responder, "Why do leaves turn red?");
    say(*responder, "What's 12 times 12?");  // an intent between leaves the cache alone
    const Reply second = say(*responder, "Why is the sky blue?");
    std::printf("second turn: %d of %d prompt tokens from the cache\n", second.llm.cached_tokens,
                second.llm.prompt_tokens);
    // All of the first prompt but its last tokens, and the reply.
    EXPECT_GE(second.llm.cached_tokens, first.llm.prompt_tokens + first.llm.generated_tokens - 4);
    EXPECT_LE(second.llm.prompt_tokens - second.llm.cached_tokens, 30);
}

TEST(PackagedModel, PreparedWordsAreNotPrefilledAgain) {
    auto responder = packaged();
    ASSERT_TRUE(responder->prepare("Why is the", Cancel()));
    const auto witness = responder->prepare("Why is the sky blue", Cancel());
    ASSERT_TRUE(witness);
    ASSERT_TRUE(witness->sentence_end.has_value());
    EXPECT_FALSE(witness->complete_command);
    const Reply reply = say(*responder, "Why is the sky blue");
    EXPECT_LE(reply.llm.prompt_tokens - reply.llm.cached_tokens, 8);
}

TEST(PackagedModel, CompleteCommandsAreToldFromThoseThatMayGoOn) {
    auto responder = packaged();
    for (const char* words :
         {"What time is it?", "Stop.", "Could you tell me what day it is today, please", "What can you do?"})
        EXPECT_TRUE(responder->prepare(words, Cancel())->complete_command) << words;
    for (const char* words : {"What time is it in", "Remember that my sister", "What is 12 times 12",
                              "Why is the", "I was in the kitchen", "Set a timer for 10"})
        EXPECT_FALSE(responder->prepare(words, Cancel())->complete_command) << words;
}

TEST(PackagedModel, RequestsWithoutAToolAreDeclinedAndNothingIsInvented) {
    const auto claims = tools::Claims::create();
    ASSERT_TRUE(claims);
    int invented = 0, asked_model = 0, met = 0;
    const std::vector<std::string> requests = first_column("no_tool.tsv");
    ASSERT_EQ(requests.size(), 60u);
    for (const std::string& request : requests) {
        auto responder = packaged();
        const Reply reply = say(*responder, request);
        asked_model += reply.path == ReplyPath::llm;
        // What was out of reach when the set was written may have a tool by now: it acts, or says how to ask.
        if (!reply.tool_calls.empty() || reply.text.starts_with("I didn't understand")) {
            ++met;
            continue;
        }
        const bool invents = claims->in(reply.text) != tools::Claim::none ||
                             reply.text.find("can't") == std::string::npos ||
                             reply.text.find_first_of("0123456789") != std::string::npos;
        invented += invents;
        if (invents) std::printf("  %s -> %s\n", request.c_str(), reply.text.c_str());
    }
    std::printf(
        "no_tool.tsv with the packaged model: %zu requests, %d met by a tool, %d asked of the model, %d "
        "with an invented value or deed\n",
        requests.size(), met, asked_model, invented);
    EXPECT_LT(met, 20);
    EXPECT_EQ(invented, 0);
    EXPECT_EQ(asked_model, 0);
}

}  // namespace
}  // namespace coda::assistant
