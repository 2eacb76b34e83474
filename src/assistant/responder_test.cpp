#include "assistant/responder.h"

#include <filesystem>

#include <gtest/gtest.h>
#include <unistd.h>

namespace coda::assistant {
namespace {

using models::ChatModel;
using models::ChatSession;
using models::GenerateStats;
using models::Message;
using models::Role;

// A model whose next answers are given; it keeps the prompts it was shown and what their common prefix was.
struct Script {
    std::vector<std::string> answers;
    std::vector<std::vector<Message>> prompts;
    int prefills = 0;
    // Of the next answers: the tools that each calls.
    std::vector<std::vector<models::ToolCall>> calls = {};
    bool calls_tools = false;
    std::vector<models::ToolSpec> tools = {};      // that were offered
    std::vector<models::ToolChoice> choices = {};  // what each answer was asked with
};

class ScriptedSession final : public ChatSession {
  public:
    explicit ScriptedSession(Script& script) : script_(script) {}
    Result<models::PrefillStats> prefill(std::span<const Message>, const Cancel&) override {
        ++script_.prefills;
        return models::PrefillStats{};
    }
    void offer_tools(std::vector<models::ToolSpec> tools) override { script_.tools = std::move(tools); }
    Result<GenerateStats> generate(std::span<const Message> messages, const models::Sampling& sampling,
                                   const Cancel& cancel, const OnText& on_text) override {
        script_.prompts.emplace_back(messages.begin(), messages.end());
        script_.choices.push_back(sampling.tool_choice);
        const std::string answer = script_.answers.empty() ? "Fine." : script_.answers.front();
        if (!script_.answers.empty()) script_.answers.erase(script_.answers.begin());
        GenerateStats stats;
        if (!script_.calls.empty()) {
            if (sampling.tool_choice != models::ToolChoice::none) stats.tool_calls = script_.calls.front();
            script_.calls.erase(script_.calls.begin());
        }
        for (char c : answer) {
            if (cancel.cancelled()) {
                stats.stop_reason = models::StopReason::cancelled;
                return stats;
            }
            if (!on_text(std::string_view(&c, 1))) {
                stats.stop_reason = models::StopReason::stopped_by_caller;
                return stats;
            }
        }
        return stats;
    }

  private:
    Script& script_;
};

class ScriptedModel final : public ChatModel {
  public:
    ScriptedModel(Script& script, bool small) : script_(script), small_(small) {}
    const std::string& name() const override { return name_; }
    bool small() const override { return small_; }
    bool calls_tools() const override { return script_.calls_tools; }
    int context_length() const override { return 4096; }
    int count_tokens(std::string_view text) const override { return static_cast<int>(text.size() / 4 + 1); }
    Result<std::unique_ptr<ChatSession>> new_session() override {
        return std::make_unique<ScriptedSession>(script_);
    }

  private:
    Script& script_;
    bool small_;
    std::string name_ = "scripted";
};

std::unique_ptr<Responder> make(Script& script, bool small, Responder::Options options = {}) {
    auto responder = Responder::create(std::make_shared<ScriptedModel>(script, small), options);
    if (!responder) std::fprintf(stderr, "%s\n", responder.error().message().c_str());
    CODA_ASSERT(responder);
    return std::move(*responder);
}

Reply say(Responder& responder, const std::string& words) {
    std::string heard;
    auto reply = responder.respond(words, Cancel(), [&](const std::string& clause) {
        heard += (heard.empty() ? "" : " ") + clause;
        return true;
    });
    if (!reply) ADD_FAILURE() << reply.error().message();
    EXPECT_EQ(reply->text, heard);
    return *reply;
}

TEST(Responder, CommandsNeedNoModel) {
    auto responder = Responder::create(nullptr, {});
    ASSERT_TRUE(responder);
    EXPECT_EQ(say(**responder, "What's 12x12?").text, "That's 144.");
    EXPECT_EQ(say(**responder, "What is fifteen percent of two hundred and forty?").path, ReplyPath::tool);
    EXPECT_EQ(say(**responder, "What's 10 divided by 0?").text, "You can't divide by zero.");
    EXPECT_EQ(say(**responder, "What time is it in Wakanda?").text,
              "I don't know which time zone Wakanda is in.");
    EXPECT_NE(say(**responder, "Why is the sky blue?").text.find("no language model"), std::string::npos);
    EXPECT_EQ(say(**responder, "").text, "I didn't catch that.");
    EXPECT_TRUE(say(**responder, "Thank you, that's all for now.").end_conversation);
}

TEST(Responder, FactsComeBackTurnedRoundAndCorrectionsReplace) {
    auto responder = Responder::create(nullptr, {});
    ASSERT_TRUE(responder);
    Responder& r = **responder;
    EXPECT_EQ(say(r, "Remember that my locker code is 4719.").text,
              "Okay, I'll remember while we talk: your locker code is 4719.");
    EXPECT_EQ(say(r, "What's my locker code?").text, "You said that your locker code is 4719.");
    say(r, "Remember that, uh, the spare key is under the blue pot.");
    EXPECT_EQ(say(r, "Where is the spare key?").text, "You said that the spare key is under the blue pot.");
    say(r, "Remember that my sister's birthday is on the fourth of May.");
    say(r, "No, my sister's birthday is on the fifth of May.");
    EXPECT_EQ(say(r, "When is my sister's birthday?").text,
              "You said that your sister's birthday is on the fifth of May.");
    EXPECT_EQ(say(r, "What's my name?").text, "You haven't told me that in this conversation.");
    say(r, "My name is Daniel, and I live in Portland.");
    EXPECT_NE(say(r, "What is my name?").text.find("Daniel"), std::string::npos);
    EXPECT_EQ(say(r, "Forget my locker code.").text, "Okay, I've forgotten that your locker code is 4719.");
    EXPECT_EQ(say(r, "What's my locker code?").text, "You haven't told me that in this conversation.");
}

TEST(Responder, RepeatsWhatWasSaid) {
    auto responder = Responder::create(nullptr, {});
    ASSERT_TRUE(responder);
    EXPECT_EQ(say(**responder, "Repeat that, please.").text, "I haven't said anything yet.");
    say(**responder, "What's 2 plus 2?");
    EXPECT_EQ(say(**responder, "Can you say that again?").text, "That's 4.");
}

TEST(Responder, ASmallModelIsNotAskedForWhatItCannotDo) {
    Script script;
    auto responder = make(script, true);
    EXPECT_EQ(say(*responder, "Do I need an umbrella today?").text, "I can't look up the weather yet.");
    EXPECT_EQ(say(*responder, "Turn on the kitchen light.").path, ReplyPath::intent);
    EXPECT_TRUE(script.prompts.empty());
}

TEST(Responder, AnAbleModelIsAskedForLiveDataButNotForDeeds) {
    Script script;
    auto responder = make(script, false);
    EXPECT_EQ(say(*responder, "Do I need an umbrella today?").path, ReplyPath::llm);
    EXPECT_EQ(say(*responder, "Turn on the kitchen light.").path, ReplyPath::intent);
    EXPECT_EQ(script.prompts.size(), 1u);
}

TEST(Responder, ClaimsWithNothingBehindThemAreReplaced) {
    for (const char* claim : {"I've set a timer for ten minutes.", "Sure, I will remind you at six.",
                              "Okay, I have turned on the lights.", "It's currently 72 degrees and sunny.",
                              "The current time is 3:45 PM.", "Your alarm is set for seven.",
                              "I'm calling your mother now.", "Done!"}) {
        Script script{{std::string(claim) + " Anything else?"}, {}, 0};
        auto responder = make(script, true);
        const std::string text = say(*responder, "Tell me something about yourselves and the others.").text;
        EXPECT_TRUE(text == "I can't actually do that yet." ||
                    text == "I can't look that up, so I'd only be guessing.")
            << claim << " -> " << text;
    }
}

TEST(Responder, TalkIsNoClaim) {
    for (const char* talk :
         {"The surface of the sun is about 5500 degrees Celsius.", "You can turn on the light with a switch.",
          "I would set a timer if I could.", "Weather changes because air moves.",
          "Playing the guitar is fun.", "A light year is a distance.", "The game was invented in 1891.",
          "Water boils at 100 degrees Celsius.", "I'm sorry to hear that.", "I will tell you a story.",
          "The capital of France is Paris."}) {
        Script script{{talk}, {}, 0};
        auto responder = make(script, true);
        EXPECT_EQ(say(*responder, "Tell me about that.").text, talk);
    }
}

const char* const kAsk = "Please work out something nice for our party.";  // no pattern's words

TEST(Responder, AnAbleModelCallsToolsAndAnswersFromTheirResults) {
    Script script{{"Let me see.", "", "It is 144."}, {}, 0};
    script.calls_tools = true;
    script.calls = {{{"c0", "calculate", R"({"expression":"12 times 12"})"}, {"c1", "nothing", "{}"}},
                    {{"c2", "calculate", R"({"wrong":1})"}}};
    auto responder = make(script, false);
    ASSERT_FALSE(script.tools.empty());
    const Reply reply = say(*responder, kAsk);
    EXPECT_EQ(reply.text, "Let me see. It is 144.");
    ASSERT_EQ(reply.tool_calls.size(), 3u);
    EXPECT_EQ(reply.tool_calls[0].name, "calculate");
    EXPECT_EQ(reply.tool_calls[0].result, "That's 144.");
    EXPECT_TRUE(reply.tool_calls[1].result.starts_with("error: "));
    EXPECT_NE(reply.tool_calls[2].result.find("expression"), std::string::npos);
    ASSERT_EQ(script.prompts.size(), 3u);
    const auto& second = script.prompts[1];
    ASSERT_EQ(second.size(), script.prompts[0].size() + 3);
    EXPECT_EQ(second[second.size() - 3].tool_calls.size(), 2u);
    EXPECT_EQ(second[second.size() - 2].role, Role::tool);
    EXPECT_EQ(second[second.size() - 2].tool_call_id, "c0");
    EXPECT_EQ(second[second.size() - 2].text, "That's 144.");
    // The history keeps what was said.
    say(*responder, kAsk);
    EXPECT_EQ(script.prompts.back().size(), script.prompts[0].size() + 2);
}

TEST(Responder, CallsOfToolsEndAfterFiveRounds) {
    Script script;
    script.calls_tools = true;
    for (int i = 0; i < 20; ++i) script.calls.push_back({{"c", "time", "{}"}});
    script.answers.assign(5, "");
    auto responder = make(script, false);
    const Reply reply = say(*responder, kAsk);
    EXPECT_EQ(reply.text, "Fine.");
    EXPECT_EQ(reply.tool_calls.size(), 5u);
    ASSERT_EQ(script.choices.size(), 6u);
    EXPECT_EQ(script.choices[4], models::ToolChoice::automatic);
    EXPECT_EQ(script.choices[5], models::ToolChoice::none);
}

TEST(Responder, WhatAToolReturnsCannotAskForAHigherSafetyLevel) {
    Script script{{"", "", "Well."}, {}, 0};
    script.calls_tools = true;
    script.calls = {{{"c0", "time", "{}"}}, {{"c1", "remember", R"({"fact":"the code is 1"})"}}};
    auto responder = make(script, false);
    const Reply reply = say(*responder, kAsk);
    ASSERT_EQ(reply.tool_calls.size(), 2u);
    EXPECT_NE(reply.tool_calls[1].result.find("not done"), std::string::npos);
    EXPECT_EQ(say(*responder, "What do you remember about me?").text,
              "You haven't told me anything about yourself yet.");

    // The person's own words may lead to it, and then again.
    Script own{{"", "", "I've saved that."}, {}, 0};
    own.calls_tools = true;
    own.calls = {{{"c0", "remember", R"({"fact":"my code is 1"})"}},
                 {{"c1", "remember", R"({"fact":"my pin is 2"})"}}};
    auto other = make(own, false);
    const Reply kept = say(*other, kAsk);
    ASSERT_EQ(kept.tool_calls.size(), 2u);
    EXPECT_EQ(kept.tool_calls[1].result.find("not done"), std::string::npos) << kept.tool_calls[1].result;
    EXPECT_EQ(kept.text, "I've saved that.") << "no empty claim: a tool did it";
}

// A program of the person's that prints to a file that it has run.
Responder::Options with_program(const std::filesystem::path& witness) {
    auto list = tools::parse_programs(
        "[[program]]\nname = \"the backup\"\nargv = [\"/usr/bin/touch\", \"" + witness.string() + "\"]\n",
        "programs.toml");
    CODA_ASSERT(list);
    Responder::Options options;
    options.programs = std::make_shared<const tools::Programs>(std::move(*list));
    return options;
}

TEST(Responder, AProgramRunsOnlyAfterAYes) {
    const auto witness = std::filesystem::temp_directory_path() / ("coda_ran." + std::to_string(::getpid()));
    std::filesystem::remove(witness);
    auto made = Responder::create(nullptr, with_program(witness));
    ASSERT_TRUE(made) << made.error().message();
    Responder& responder = **made;
    const Reply question = say(responder, "Run the backup.");
    EXPECT_EQ(question.text, "Shall I run the backup?");
    EXPECT_TRUE(question.asks);
    EXPECT_EQ(say(responder, "No, thanks.").text, "Okay, I won't.");
    EXPECT_NE(say(responder, "Yes.").text, "The backup is done.");  // too late
    say(responder, "Run the backup.");
    EXPECT_EQ(say(responder, "What is 2 plus 2?").text, "That's 4.");
    EXPECT_NE(say(responder, "Yes.").text, "The backup is done.");  // something else was said
    say(responder, "Run the backup.");
    responder.drop_question();
    EXPECT_NE(say(responder, "Yes.").text, "The backup is done.");  // it took too long
    EXPECT_FALSE(std::filesystem::exists(witness));
    say(responder, "Run the backup.");
    EXPECT_EQ(say(responder, "Yes, please.").text, "The backup is done.");
    EXPECT_TRUE(std::filesystem::exists(witness));
    std::filesystem::remove(witness);
}

TEST(Responder, AModelsCallOfAProgramIsAskedAboutToo) {
    const auto witness =
        std::filesystem::temp_directory_path() / ("coda_ran_for_model." + std::to_string(::getpid()));
    std::filesystem::remove(witness);
    Script script{.answers = {"", "Never said."}, .prompts = {}};
    script.calls_tools = true;
    script.calls = {{{"1", "run_program", R"({"name": "the backup"})"}}};
    auto responder = make(script, false, with_program(witness));
    const Reply question = say(*responder, "I feel that my work ought to be kept safe somewhere.");
    EXPECT_EQ(question.text, "Shall I run the backup?");
    EXPECT_TRUE(question.asks);
    EXPECT_FALSE(std::filesystem::exists(witness));
    EXPECT_EQ(say(*responder, "Yes.").text, "The backup is done.");
    EXPECT_TRUE(std::filesystem::exists(witness));
    std::filesystem::remove(witness);
}

TEST(Responder, ASmallModelIsOfferedNoTools) {
    Script script;
    script.calls_tools = true;
    script.calls = {{{"c0", "time", "{}"}}};
    auto responder = make(script, true);
    EXPECT_TRUE(script.tools.empty());
    EXPECT_TRUE(say(*responder, kAsk).tool_calls.empty());
}

TEST(Responder, ThePromptOnlyGrows) {
    for (bool small : {true, false}) {
        Script script;
        auto responder = make(script, small);
        for (const char* words : {"Why is the sky blue?", "And at night?", "How do fish breathe?"})
            say(*responder, words);
        ASSERT_EQ(script.prompts.size(), 3u);
        for (size_t i = 1; i < 3; ++i) {
            const auto &before = script.prompts[i - 1], &now = script.prompts[i];
            ASSERT_EQ(now.size(), before.size() + 2);
            for (size_t k = 0; k < before.size(); ++k) EXPECT_EQ(now[k].text, before[k].text);
            EXPECT_EQ(now[before.size()].role, Role::assistant);
        }
    }
}

TEST(Responder, TheHistoryKeepsWhatWasHeard) {
    Script script{{"One. Two. Three."}, {}, 0};
    auto responder = make(script, true);
    say(*responder, "Can you explain counting to me?");
    responder->truncate_last("One.");
    say(*responder, "Why is the sky blue?");
    ASSERT_EQ(script.prompts.back().size(), 3u);
    EXPECT_EQ(script.prompts.back()[1].text, "One.");
    responder->retract_last();
    say(*responder, "Why is the sky so blue?");
    EXPECT_EQ(script.prompts.back().size(), 3u);
    responder->retract_last();
    responder->truncate_last("nothing to cut");
    EXPECT_EQ(say(*responder, "Say that again.").text, "One.");
}

TEST(Responder, ARetractedFactIsForgotten) {
    auto responder = Responder::create(nullptr, {});
    ASSERT_TRUE(responder);
    say(**responder, "Remember that my code is 1.");
    (*responder)->retract_last();
    EXPECT_EQ(say(**responder, "What's my code?").text, "You haven't told me that in this conversation.");
}

TEST(Responder, ACancelledTurnEntersTheWindowOnlyAsHeard) {
    Script script{{"One two three. Four five six. Seven."}, {}, 0};
    auto responder = make(script, true);
    const Cancel cancel;
    const auto reply = responder->respond("Why is the sky blue?", cancel, [&](const std::string&) {
        cancel.cancel();
        return true;
    });
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, ErrorCode::cancelled);
    say(*responder, "Why is grass green?");
    EXPECT_EQ(script.prompts.back().size(), 1u);
    responder->retract_last();

    script.answers = {"One two three. Four five six. Seven."};
    const Cancel again;
    static_cast<void>(responder->respond("Why is the sky blue?", again, [&](const std::string&) {
        again.cancel();
        return true;
    }));
    responder->truncate_last("One two");
    say(*responder, "Why is grass green?");
    ASSERT_EQ(script.prompts.back().size(), 3u);
    EXPECT_EQ(script.prompts.back()[1].text, "One two");
}

TEST(Responder, TheWindowIsTrimmedInOneStepWhenIdle) {
    Script script;
    auto responder = make(script, true);
    for (int i = 0; i < 25; ++i) say(*responder, "Why is the sky blue in the morning?");
    EXPECT_EQ(script.prompts.back().size(), 1u + 2 * 24);
    ASSERT_TRUE(responder->tidy(Cancel()));
    EXPECT_EQ(script.prefills, 1);
    say(*responder, "Why is the sky blue in the evening?");
    EXPECT_EQ(script.prompts.back().size(), 1u + 2 * 10);
    ASSERT_TRUE(responder->tidy(Cancel()));
    EXPECT_EQ(script.prefills, 1);
}

TEST(Responder, TheNoticeComesOnce) {
    Script script;
    auto responder = make(script, true);
    EXPECT_FALSE(say(*responder, "Why is the sky blue?").notice.empty());
    EXPECT_TRUE(say(*responder, "Why is the grass green?").notice.empty());
}

}  // namespace
}  // namespace coda::assistant
