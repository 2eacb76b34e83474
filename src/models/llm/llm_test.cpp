#include "models/llm/llm.h"

#include "models/llm/decoder_program.h"
#include "models/llm/test_files.h"
#include "runtime/backend.h"

#include <cmath>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace coda::models {
namespace {

using llm::golden;
using llm::packaged_gguf;

// The tiny model knows nothing; what its sessions do with tokens, limits and caches is the real model's
// business. One byte is one token, and its context holds 64.
class TinySession : public testing::Test {
  protected:
    void SetUp() override { open(64); }
    void open(int context) {
        auto opened = open_llm(golden("tiny-f32-linear-rope.gguf"), *backend_, {.context_length = context});
        ASSERT_TRUE(opened) << opened.error().message();
        model_ = *opened;
        session_ = std::move(*model_->new_session());
    }
    // The text, the statistics in stats_.
    std::string generate(ChatSession& session, const std::vector<Message>& messages, Sampling sampling) {
        std::string text;
        auto stats = session.generate(messages, sampling, Cancel(), [&](std::string_view piece) {
            text += piece;
            return true;
        });
        EXPECT_TRUE(stats) << stats.error().message();
        if (stats) stats_ = *stats;
        return text;
    }
    std::string generate(const std::vector<Message>& messages, Sampling sampling) {
        return generate(*session_, messages, sampling);
    }
    std::string fresh(const std::vector<Message>& messages, Sampling sampling) {
        return generate(**model_->new_session(), messages, sampling);
    }

    std::unique_ptr<runtime::Backend> backend_ = runtime::create_reference_backend();
    std::shared_ptr<ChatModel> model_;
    std::unique_ptr<ChatSession> session_;
    GenerateStats stats_;
};

Sampling tokens(int most) {
    Sampling sampling;
    sampling.max_tokens = most;
    return sampling;
}

Sampling drawn(uint64_t seed) {
    Sampling sampling = tokens(20);
    sampling.temperature = 1.5f;
    sampling.seed = seed;
    return sampling;
}

const std::vector<Message> kHi = {{Role::user, "hi"}};
constexpr int kHiTokens = 1 + 5 + 2 + 1 + 1 + 1 + 10;  // marker user\n hi marker \n marker assistant\n

TEST_F(TinySession, PromptTokensAreCountedAndKeptForTheNextCall) {
    generate(kHi, tokens(4));
    EXPECT_EQ(stats_.prompt_tokens, kHiTokens);
    EXPECT_EQ(stats_.cached_tokens, 0);
    EXPECT_EQ(stats_.generated_tokens, 4);
    EXPECT_EQ(stats_.stop_reason, StopReason::max_tokens);
    generate(kHi, tokens(4));
    EXPECT_EQ(stats_.cached_tokens, kHiTokens - 1);
    generate({{Role::user, "ho"}}, tokens(4));
    EXPECT_EQ(stats_.cached_tokens, 1 + 5 + 1);  // up to the h
}

TEST_F(TinySession, ACachedPrefixChangesNothing) {
    const std::vector<Message> prompts[] = {kHi,
                                            {{Role::user, "ho"}},
                                            {{Role::system, "x"}, {Role::user, "hi"}},
                                            {{Role::user, "hi there"}},
                                            kHi};
    for (const auto& prompt : prompts) {
        const std::string expected = fresh(prompt, tokens(12));
        EXPECT_EQ(generate(prompt, tokens(12)), expected);
    }
}

TEST_F(TinySession, SpeculativePrefillOfGrowingWordsIsKept) {
    const auto first = session_->prefill(std::vector<Message>{{Role::user, "hi"}}, Cancel());
    ASSERT_TRUE(first);
    EXPECT_EQ(first->prompt_tokens, 1 + 5 + 2);
    const auto second = session_->prefill(std::vector<Message>{{Role::user, "hi you."}}, Cancel());
    ASSERT_TRUE(second);
    EXPECT_EQ(second->prompt_tokens, 1 + 5 + 6);  // the final mark is not asked about
    EXPECT_EQ(second->cached_tokens, 1 + 5 + 2);
    ASSERT_TRUE(second->sentence_end_probability);
    EXPECT_GT(*second->sentence_end_probability, 0);
    EXPECT_LT(*second->sentence_end_probability, 1);
    const std::string expected = fresh({{Role::user, "hi you."}}, tokens(10));
    EXPECT_EQ(generate({{Role::user, "hi you."}}, tokens(10)), expected);
    EXPECT_EQ(stats_.cached_tokens, 1 + 5 + 6);
}

TEST_F(TinySession, TheContextIsAHardLimit) {
    // A prompt that fills it, one that leaves a single place, and one that runs into it.
    const auto overfull = session_->generate(std::vector<Message>{{Role::user, std::string(64, 'x')}},
                                             tokens(1), Cancel(), [](std::string_view) { return true; });
    ASSERT_FALSE(overfull);
    EXPECT_EQ(overfull.error().code, ErrorCode::exhausted);
    EXPECT_NE(overfull.error().message().find("64 tokens"), std::string::npos) << overfull.error().message();
    const int room = 64 - (kHiTokens - 2);
    const std::vector<Message> snug = {{Role::user, std::string(static_cast<size_t>(room - 1), 'x')}};
    Sampling sampling = drawn(1);
    sampling.max_tokens = 100;
    generate(snug, sampling);
    EXPECT_EQ(stats_.prompt_tokens, 63);
    EXPECT_LE(stats_.generated_tokens, 2);
    // Several draws, as each may also end by itself: none goes beyond the context, and some reach it.
    int full = 0;
    for (uint64_t seed = 0; seed < 10; ++seed) {
        sampling.seed = seed;
        generate(kHi, sampling);
        EXPECT_LE(stats_.prompt_tokens + stats_.generated_tokens, 64 + 1);
        full += stats_.stop_reason == StopReason::context_full;
        if (stats_.stop_reason == StopReason::context_full) {
            EXPECT_EQ(stats_.prompt_tokens + stats_.generated_tokens, 64 + 1);  // the last needs no place
        }
    }
    EXPECT_GT(full, 0);
    EXPECT_FALSE(session_->prefill(std::vector<Message>{{Role::user, std::string(100, 'x')}}, Cancel()));
    // And the session still works.
    EXPECT_EQ(generate(kHi, tokens(5)), fresh(kHi, tokens(5)));
}

TEST_F(TinySession, PromptsOfSeveralChunksAreTheSameHoweverTheyWereCached) {
    // The same model, trained (it says) on longer contexts.
    std::string bytes = read_file(golden("tiny-f32-linear-rope.gguf")).value();
    const std::string key = "llama.context_length";
    const uint32_t context = 600;
    std::memcpy(bytes.data() + bytes.find(key) + key.size() + 4, &context, sizeof context);
    const auto path = std::filesystem::path(testing::TempDir()) / "long-context.gguf";
    std::ofstream(path, std::ios::binary) << bytes;
    auto opened = open_llm(path, *backend_, {});
    std::filesystem::remove(path);
    ASSERT_TRUE(opened) << opened.error().message();
    model_ = *opened;
    session_ = std::move(*model_->new_session());
    EXPECT_EQ(model_->context_length(), 600);

    std::string words;
    for (int i = 0; i < 400; ++i) words += static_cast<char>('a' + i * i % 26);
    const std::vector<Message> prompt = {{Role::user, words}};
    const std::string expected = fresh(prompt, tokens(20));
    for (const size_t known : {1u, 100u, 121u, 122u, 123u, 250u, 399u}) {
        ASSERT_TRUE(session_->prefill(std::vector<Message>{{Role::user, words.substr(0, known)}}, Cancel()));
        EXPECT_EQ(generate(prompt, tokens(20)), expected) << known;
        EXPECT_EQ(stats_.cached_tokens, static_cast<int>(6 + known));
    }
}

TEST_F(TinySession, TheSeedDecidesTheDraw) {
    EXPECT_EQ(generate(kHi, drawn(7)), fresh(kHi, drawn(7)));
    int different = 0;
    for (uint64_t seed = 0; seed < 5; ++seed)
        different += generate(kHi, drawn(seed)) != generate(kHi, drawn(seed + 100));
    EXPECT_GT(different, 3);
}

TEST_F(TinySession, OneChoiceLeftIsGreedy) {
    const std::string greedy = generate(kHi, tokens(20));
    Sampling top_k = drawn(3), top_p = drawn(3), min_p = drawn(3);
    top_k.top_k = 1;
    top_p.top_p = 1e-6f;
    min_p.min_p = 1;
    for (const Sampling& sampling : {top_k, top_p, min_p}) EXPECT_EQ(generate(kHi, sampling), greedy);
}

TEST_F(TinySession, TheRepetitionPenaltyIsPassedOn) {
    Sampling penalised = tokens(20);
    penalised.repetition_penalty = 50;
    penalised.repetition_window = 1000;
    const std::string text = generate(kHi, penalised);
    EXPECT_NE(text, generate(kHi, tokens(20)));
    penalised.repetition_window = 0;  // looks at nothing
    EXPECT_EQ(generate(kHi, penalised), generate(kHi, tokens(20)));
}

TEST_F(TinySession, AStopStringEndsTheReplyAndIsNotShown) {
    const std::string whole = generate(kHi, tokens(20));
    // Its replies are random bytes; the first that is a letter or the like will do.
    const auto ascii = std::find_if(whole.begin(), whole.end(), [](char c) { return c > 0; });
    ASSERT_NE(ascii, whole.end()) << "the tiny model's greedy reply has no ASCII in it";
    Sampling sampling = tokens(20);
    sampling.stop = {std::string(1, *ascii)};
    EXPECT_EQ(generate(kHi, sampling), std::string(whole.begin(), ascii));
    EXPECT_EQ(stats_.stop_reason, StopReason::stop_string);
}

TEST_F(TinySession, TheCallerCanStop) {
    const auto stats = session_->generate(kHi, tokens(20), Cancel(), [](std::string_view) { return false; });
    ASSERT_TRUE(stats);
    EXPECT_EQ(stats->stop_reason, StopReason::stopped_by_caller);
    EXPECT_LE(stats->generated_tokens, 4);  // one whole character
}

TEST_F(TinySession, CancelIsSeenBeforeTheNextToken) {
    const Cancel cancel;
    int pieces = 0;
    const auto stats = session_->generate(kHi, tokens(30), cancel, [&](std::string_view) {
        if (++pieces == 3) cancel.cancel();
        return true;
    });
    ASSERT_TRUE(stats);
    EXPECT_EQ(stats->stop_reason, StopReason::cancelled);
    EXPECT_EQ(pieces, 3);
    // Cancelled before it starts: nothing is generated; prefill has nothing to give and fails.
    const auto none = session_->generate({{{Role::user, "ab"}}}, tokens(5), cancel, nullptr);
    ASSERT_TRUE(none);
    EXPECT_EQ(none->stop_reason, StopReason::cancelled);
    EXPECT_EQ(none->generated_tokens, 0);
    const auto prefilled = session_->prefill(std::vector<Message>{{Role::user, "abc"}}, cancel);
    ASSERT_FALSE(prefilled);
    EXPECT_EQ(prefilled.error().code, ErrorCode::cancelled);
    EXPECT_EQ(generate(kHi, tokens(5)), fresh(kHi, tokens(5)));
}

TEST_F(TinySession, SenselessRequestsAreRefusedByName) {
    const auto message = [&](auto change) {
        Sampling sampling;
        change(sampling);
        const auto stats = session_->generate(kHi, sampling, Cancel(), nullptr);
        if (stats) return std::string();
        EXPECT_EQ(stats.error().code, ErrorCode::invalid_argument);
        return stats.error().message();
    };
    EXPECT_NE(message([](Sampling& s) { s.temperature = -1; }).find("temperature"), std::string::npos);
    EXPECT_NE(message([](Sampling& s) { s.temperature = NAN; }).find("temperature"), std::string::npos);
    EXPECT_NE(message([](Sampling& s) { s.top_p = 0; }).find("top_p"), std::string::npos);
    EXPECT_NE(message([](Sampling& s) { s.min_p = 2; }).find("min_p"), std::string::npos);
    EXPECT_NE(message([](Sampling& s) { s.top_k = -1; }).find("top_k"), std::string::npos);
    EXPECT_NE(message([](Sampling& s) { s.repetition_penalty = 0; }).find("repetition_penalty"),
              std::string::npos);
    EXPECT_NE(message([](Sampling& s) { s.max_tokens = -1; }).find("max_tokens"), std::string::npos);
    EXPECT_FALSE(session_->generate({}, {}, Cancel(), nullptr));
    EXPECT_FALSE(session_->prefill({}, Cancel()));
    EXPECT_EQ(generate(kHi, tokens(0)), "");
}

TEST_F(TinySession, SessionsOfOneModelDoNotDisturbEachOther) {
    const std::string expected = fresh(kHi, tokens(15));
    std::vector<std::thread> threads;
    std::vector<std::string> texts(3);
    for (std::string& text : texts) {
        threads.emplace_back([&] {
            auto session = model_->new_session();
            (void)(*session)->generate(kHi, tokens(15), Cancel(), [&](std::string_view piece) {
                text += piece;
                return true;
            });
        });
    }
    for (std::thread& thread : threads) thread.join();
    for (const std::string& text : texts) EXPECT_EQ(text, expected);
}

TEST(OpenLlm, RefusesWhatIsNoModelItCanRun) {
    const auto backend = runtime::create_reference_backend();
    const auto code = [&](const std::filesystem::path& path) {
        const auto model = open_llm(path, *backend, {});
        EXPECT_FALSE(model);
        if (model) return ErrorCode::internal;
        EXPECT_NE(model.error().message().find(path.filename().string()), std::string::npos);
        return model.error().code;
    };
    EXPECT_EQ(code("/nowhere/x.gguf"), ErrorCode::not_found);
    EXPECT_EQ(code(golden("tiny.json")), ErrorCode::bad_format);
    EXPECT_EQ(open_llm(golden("tiny-q4_0.gguf"), *backend, {.context_length = 1}).error().code,
              ErrorCode::invalid_argument);
}

// Cut anywhere, or with any one byte changed, a file either opens and answers or says in one line what is
// wrong.
TEST(OpenLlm, BrokenFilesGiveOneLine) {
    const std::string whole = read_file(golden("tiny-q4_0.gguf")).value();
    const auto backend = runtime::create_reference_backend();
    const auto path = std::filesystem::path(testing::TempDir()) / "broken.gguf";
    const auto try_bytes = [&](const std::string& bytes) {
        std::ofstream(path, std::ios::binary) << bytes;
        const auto model = open_llm(path, *backend, {.context_length = 32});
        if (!model) {
            EXPECT_NE(model.error().message().find("broken.gguf"), std::string::npos)
                << model.error().message();
            EXPECT_EQ(model.error().message().find('\n'), std::string::npos) << model.error().message();
            return;
        }
        auto session = (*model)->new_session();
        if (session) (void)(*session)->generate(kHi, tokens(1), Cancel(), nullptr);
    };
    for (size_t size = 0; size < whole.size(); size += size < 600 ? 1 : 97) try_bytes(whole.substr(0, size));
    for (size_t at = 0; at < whole.size(); at += 61) {
        std::string changed = whole;
        changed[at] = static_cast<char>(changed[at] ^ (1 << (at % 8)));
        try_bytes(changed);
    }
    std::filesystem::remove(path);
}

// --- the packaged model, on the CPU backend, against llama.cpp on the same weights in F32 ---

class Packaged : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        backend_ = llm::backend_named("cpu").release();
        auto opened = open_llm(packaged_gguf(), *backend_, {});
        ASSERT_TRUE(opened) << opened.error().message();
        model_ = new std::shared_ptr<ChatModel>(*opened);
    }
    static void TearDownTestSuite() {
        delete model_;
        delete backend_;
    }
    static inline runtime::Backend* backend_ = nullptr;
    static inline std::shared_ptr<ChatModel>* model_ = nullptr;
};

TEST_F(Packaged, IsSmallAndKnowsItsLimits) {
    EXPECT_TRUE((*model_)->small());
    EXPECT_EQ((*model_)->context_length(), 4096);
    EXPECT_EQ((*model_)->count_tokens("Hello world"), 2);
}

TEST_F(Packaged, GreedyContinuationsAreLlamaCpps) {
    std::ifstream file(golden("generation.json"));
    const auto runs = nlohmann::json::parse(file);
    ASSERT_EQ(runs.size(), 10u);
    const auto weights = llm::packaged_weights();
    const auto tokenizer = llm::read_tokenizer(*weights);
    ASSERT_TRUE(tokenizer);
    int identical = 0;
    for (const auto& run : runs) {
        std::vector<Message> messages;
        for (const auto& message : run["messages"]) {
            const std::string role = message["role"];
            messages.push_back({role == "system" ? Role::system
                                : role == "user" ? Role::user
                                                 : Role::assistant,
                                message["content"]});
        }
        std::string expected;
        for (const int32_t id : run["greedy"].get<std::vector<int32_t>>()) expected += tokenizer->piece(id);
        std::string text;
        auto session = (*model_)->new_session();
        ASSERT_TRUE(session);
        const auto stats = (*session)->generate(messages, tokens(64), Cancel(), [&](std::string_view piece) {
            text += piece;
            return true;
        });
        ASSERT_TRUE(stats) << stats.error().message();
        EXPECT_EQ(stats->prompt_tokens, static_cast<int>(run["prompt"].size()));
        identical += text == expected;
        if (text != expected) std::printf("differs:\n  %s\n  %s\n", text.c_str(), expected.c_str());
    }
    std::printf("%d of 10 greedy continuations are llama.cpp's on the F32 file\n", identical);
    EXPECT_GE(identical, 9);
}

TEST_F(Packaged, FollowsASchema) {
    auto session = (*model_)->new_session();
    ASSERT_TRUE(session);
    for (int seed = 1; seed <= 3; ++seed) {
        Sampling sampling = tokens(120);
        sampling.temperature = 1;
        sampling.seed = static_cast<uint64_t>(seed);
        sampling.json_schema = R"({"type":"object","properties":{"capital":{"type":"string","maxLength":20},
            "millions":{"type":"number","minimum":0,"maximum":100},"old":{"type":"boolean"}},"required":["capital","old"]})";
        std::string text;
        const auto stats = (*session)->generate({{{Role::user, "Tell me of the capital of France."}}},
                                                sampling, Cancel(), [&](std::string_view piece) {
                                                    text += piece;
                                                    return true;
                                                });
        ASSERT_TRUE(stats) << stats.error().message();
        std::printf("by a schema: %s\n", text.c_str());
        EXPECT_EQ(stats->stop_reason, StopReason::end_of_turn);
        const auto json = nlohmann::json::parse(text, nullptr, false);
        ASSERT_TRUE(json.is_object()) << text;
        EXPECT_TRUE(json["capital"].is_string() && json["old"].is_boolean());
    }
    Sampling wrong;
    wrong.json_schema = R"({"not":{}})";
    const auto refused = (*session)->generate({{{Role::user, "Hi"}}}, wrong, Cancel(), {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::unsupported);
}

// A template with tools, in place of the model's own: whatever a model of 135 million parameters means by it,
// the call that it must make is one of the tools, with arguments as the schema says, and none of it is text.
TEST_F(Packaged, CallsAToolInTheFormOfItsTemplate) {
    std::ifstream file(std::filesystem::path(CODA_SOURCE_DIR) / "tests/golden/chat/templates.json");
    const auto chat = nlohmann::json::parse(file);
    for (const auto& family : chat["families"]) {
        const std::string name = family["name"];
        if (name != "hermes_thinking" && name != "headers" && name != "inst" && name != "roles") continue;
        auto opened = open_llm(packaged_gguf(), *backend_, {.chat_template = family["template"]});
        ASSERT_TRUE(opened) << opened.error().message();
        ASSERT_TRUE((*opened)->calls_tools()) << name;
        auto session = (*opened)->new_session();
        ASSERT_TRUE(session);
        (*session)->offer_tools(
            {{"set_timer", "Sets a timer.",
              R"({"type":"object","properties":{"minutes":{"type":"integer","minimum":1,"maximum":99}},
                                      "required":["minutes"]})"},
             {"stop", "Stops.", R"({"type":"object","properties":{}})"}});
        std::vector<Message> messages = {{Role::user, "Set a timer for five minutes."}};
        Sampling sampling = tokens(80);
        sampling.tool_choice = ToolChoice::required;
        std::string text;
        const auto take = [&](std::string_view piece) {
            text += piece;
            return true;
        };
        const auto stats = (*session)->generate(messages, sampling, Cancel(), take);
        ASSERT_TRUE(stats) << stats.error().message();
        ASSERT_FALSE(stats->tool_calls.empty()) << name;
        const ToolCall& call = stats->tool_calls[0];
        std::printf("%s: %s%s\n", name.c_str(), call.name.c_str(), call.arguments.c_str());
        EXPECT_EQ(text, "");
        EXPECT_TRUE(call.name == "set_timer" || call.name == "stop");
        if (call.name == "set_timer") {
            const auto minutes = nlohmann::json::parse(call.arguments)["minutes"].get<int>();
            EXPECT_TRUE(minutes >= 1 && minutes <= 99);
        }
        messages.push_back({Role::assistant, "", stats->tool_calls});
        for (const ToolCall& made : stats->tool_calls)
            messages.push_back({Role::tool, "ok", {}, made.id, made.name});
        sampling.tool_choice = ToolChoice::none;
        sampling.max_tokens = 8;
        const auto answer = (*session)->generate(messages, sampling, Cancel(), take);
        ASSERT_TRUE(answer) << answer.error().message();
        EXPECT_GT(answer->cached_tokens, stats->prompt_tokens / 2) << name << ": the prompt grows";
        EXPECT_TRUE(answer->tool_calls.empty());
    }
}

TEST_F(Packaged, KnowsTheCapitalOfFrance) {
    std::string text;
    auto session = (*model_)->new_session();
    ASSERT_TRUE(session);
    const auto stats = (*session)->generate({{{Role::user, "What is the capital of France?"}}}, tokens(32),
                                            Cancel(), [&](std::string_view piece) {
                                                text += piece;
                                                return true;
                                            });
    ASSERT_TRUE(stats);
    EXPECT_NE(text.find("Paris"), std::string::npos) << text;
    EXPECT_EQ(stats->stop_reason, StopReason::end_of_turn);
}

TEST_F(Packaged, CancelIsSeenInTheMiddleOfALongPrompt) {
    std::string words;
    for (int i = 0; i < 3500; ++i) words += " word";
    auto session = (*model_)->new_session();
    ASSERT_TRUE(session);
    const Cancel cancel;
    std::thread interrupter([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(30));
        cancel.cancel();
    });
    const auto stats = (*session)->generate({{{Role::user, words}}}, tokens(4), cancel, nullptr);
    interrupter.join();
    ASSERT_TRUE(stats) << stats.error().message();
    EXPECT_EQ(stats->stop_reason, StopReason::cancelled);
    EXPECT_EQ(stats->generated_tokens, 0);
    EXPECT_GT(stats->prompt_tokens, 3500);
    const auto after = (*session)->generate({{{Role::user, "Hi"}}}, tokens(4), Cancel(), nullptr);
    ASSERT_TRUE(after) << after.error().message();
    EXPECT_EQ(after->generated_tokens, 4);
}

// Texts of the spoken test set, whole, and cut after half of their words and before the last.
struct Utterances {
    std::vector<std::string> whole, cut;

    Utterances() {
        std::ifstream file(std::string(CODA_SOURCE_DIR) + "/tests/data/audio/spoken/labels.tsv");
        std::string line;
        std::getline(file, line);
        while (std::getline(file, line)) {
            const size_t first = line.find('\t', line.find('\t') + 1) + 1;
            const std::string text = line.substr(first, line.find('\t', first) - first);
            std::vector<size_t> spaces;
            for (size_t at = text.find(' '); at != std::string::npos; at = text.find(' ', at + 1))
                spaces.push_back(at);
            if (spaces.size() < 3) continue;
            whole.push_back(text);
            cut.push_back(text.substr(0, spaces[spaces.size() / 2]));
            cut.push_back(text.substr(0, spaces.back()));
        }
    }
};

double median(std::vector<float> values) {
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                     values.end());
    return values[values.size() / 2];
}

TEST_F(Packaged, SentenceEndTellsWholeUtterancesFromCutOnes) {
    const Utterances utterances;
    ASSERT_GE(utterances.whole.size(), 50u);
    auto session = (*model_)->new_session();
    ASSERT_TRUE(session);
    const auto probabilities = [&](const std::vector<std::string>& texts) {
        std::vector<float> out;
        for (const std::string& text : texts) {
            const auto stats = (*session)->prefill(std::vector<Message>{{Role::user, text}}, Cancel());
            EXPECT_TRUE(stats);
            out.push_back(stats ? stats->sentence_end_probability.value() : 0);
        }
        return out;
    };
    const auto whole = probabilities(utterances.whole), cut = probabilities(utterances.cut);
    double higher = 0;
    for (const float a : whole) {
        for (const float b : cut) higher += a > b ? 1 : a == b ? 0.5 : 0;
    }
    const double auc = higher / static_cast<double>(whole.size() * cut.size());
    std::printf("sentence end: AUC %.3f between %zu whole and %zu cut utterances; medians %.3f and %.5f\n",
                auc, whole.size(), cut.size(), median(whole), median(cut));
    EXPECT_GE(auc, 0.9);
}

// llama.cpp's distribution after one position, as make_distributions.py wrote it, scaled to sum to 1 again.
struct GoldenRow {
    std::vector<std::pair<int32_t, double>> top;  // token, ln p
    double rest;                                  // ln of what all others have together

    explicit GoldenRow(llm::GoldenReader& file) {
        double sum = 0;
        const auto read_log = [&] {
            const double log_p = file.read<uint16_t>() / -2048.0;
            sum += std::exp(log_p);
            return log_p;
        };
        for (int k = 0; k < 256; ++k) {
            const int32_t token = file.read<uint16_t>();
            top.emplace_back(token, read_log());
        }
        rest = read_log();
        for (auto& [token, log_p] : top) log_p -= std::log(sum);
        rest -= std::log(sum);
    }
    // KL(this || softmax of logits), the rest taken as one.
    double divergence_to(std::span<const float> logits) const {
        double sum = 0, covered = 0, kl = 0;
        const float top_logit = *std::max_element(logits.begin(), logits.end());
        for (const float x : logits) sum += std::exp(static_cast<double>(x - top_logit));
        for (const auto& [token, log_p] : top) {
            const double log_q = logits[static_cast<size_t>(token)] - top_logit - std::log(sum);
            kl += std::exp(log_p) * (log_p - log_q);
            covered += std::exp(log_q);
        }
        return kl + std::exp(rest) * (rest - std::log(std::max(1e-12, 1 - covered)));
    }
};

TEST_F(Packaged, NextTokenDistributionsAreWithinTheBound) {
    const auto weights = llm::packaged_weights();
    const auto config = llm::read_decoder_config(*weights);
    ASSERT_TRUE(config);
    const auto program = llm::record_decoder(weights, *config, 128);
    ASSERT_TRUE(program);
    const auto executable = backend_->compile(program->program, {});
    ASSERT_TRUE(executable) << executable.error().message();
    const auto mean_kl = [&](size_t per_run, llm::GoldenReader& file) {
        double kl = 0;
        int positions = 0;
        for (auto segments = file.read<uint32_t>(); segments > 0; --segments) {
            std::vector<int32_t> ids(file.read<uint32_t>());
            for (int32_t& id : ids) id = file.read<uint16_t>();
            auto state = (*executable)->new_state();
            for (size_t at = 0; at < ids.size(); at += per_run) {
                runtime::StepInput input;
                input.tokens = std::span(ids).subspan(at, std::min(per_run, ids.size() - at));
                input.rows.kind = runtime::Rows::Kind::all;
                const auto ran =
                    (*executable)
                        ->run(*program->score, input, **state, Cancel(), runtime::Priority::background);
                EXPECT_TRUE(ran) << ran.error().message();
                const auto view = (*state)->output("logits");
                for (int r = 0; r < view.rows; ++r, ++positions)
                    kl += GoldenRow(file).divergence_to(view.row(r));
            }
        }
        EXPECT_TRUE(file.at_end());
        EXPECT_EQ(positions, 500);
        return kl / positions;
    };
    for (const size_t per_run : {size_t{25}, size_t{1}}) {  // as prefill computes it, and as decode does
        llm::GoldenReader file("distributions.bin");
        const auto peer_all = file.read<float>(), peer = file.read<float>();
        const double kl = mean_kl(per_run, file);
        std::printf(
            "mean KL against the F32 file over 500 positions, %zu tokens per run: %.2e; llama.cpp's "
            "quantised path: %.2e (%.2e over all of the vocabulary)\n",
            per_run, kl, peer, peer_all);
        EXPECT_LE(kl, 5e-4);
        EXPECT_GE(kl, -1e-9);
    }
}

}  // namespace
}  // namespace coda::models
