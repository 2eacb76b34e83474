// Conversations with a model whose layers see through windows: what was prefilled in vain, or is a prefix of
// what comes next, must not show in what is said.
#include "models/llm/llm.h"
#include "models/llm/test_files.h"

#include <gtest/gtest.h>

namespace coda::models {
namespace {

// Three layers of gemma 2's kind with windows of 7 positions, on the CPU.
std::shared_ptr<ChatModel> windowed_model() {
    static const auto backend = llm::backend_named("cpu");
    auto model = open_llm(llm::golden("arch-gemma2.gguf"), *backend, {.context_length = 256});
    EXPECT_TRUE(model) << model.error().message();
    return model ? *model : nullptr;
}

struct Reply {
    std::string text;
    GenerateStats stats;
};

Reply reply_to(ChatSession& session, const std::vector<Message>& messages) {
    Reply reply;
    Sampling greedy;
    greedy.temperature = 0;
    greedy.max_tokens = 12;
    const auto stats = session.generate(messages, greedy, Cancel(), [&](std::string_view text) {
        reply.text += text;
        return true;
    });
    EXPECT_TRUE(stats) << stats.error().message();
    if (stats) reply.stats = *stats;
    return reply;
}

std::unique_ptr<ChatSession> session_of(ChatModel& model) {
    auto session = model.new_session();
    EXPECT_TRUE(session) << session.error().message();
    return std::move(*session);
}

TEST(WindowedSession, AReusedCacheSaysWhatAFreshOneSays) {
    const auto model = windowed_model();
    ASSERT_TRUE(model);
    const auto kept = session_of(*model);
    std::vector<Message> messages = {{Role::user, "WHAT IS 2+2?"}};
    const Reply first = reply_to(*kept, messages);
    EXPECT_FALSE(first.text.empty());
    messages.push_back({Role::assistant, first.text});
    messages.push_back({Role::user, "AND 3*3? (QUICK)"});
    const Reply second = reply_to(*kept, messages);
    EXPECT_GT(second.stats.cached_tokens, 20) << "longer than the window";
    const Reply fresh = reply_to(*session_of(*model), messages);
    EXPECT_EQ(fresh.stats.cached_tokens, 0);
    EXPECT_EQ(second.text, fresh.text);
}

TEST(WindowedSession, WordsPrefilledInVainLeaveNoTrace) {
    const auto model = windowed_model();
    ASSERT_TRUE(model);
    const auto session = session_of(*model);
    const std::vector<Message> guessed = {
        {Role::user, "TELL ME ABOUT 1234567890 AND MORE THAN A WINDOW HOLDS"}};
    ASSERT_TRUE(session->prefill(guessed, Cancel()));
    const std::vector<Message> said = {{Role::user, "TELL ME ABOUT CATS"}};
    const Reply after = reply_to(*session, said);
    EXPECT_GT(after.stats.cached_tokens, 10);
    EXPECT_EQ(after.text, reply_to(*session_of(*model), said).text);
}

}  // namespace
}  // namespace coda::models
