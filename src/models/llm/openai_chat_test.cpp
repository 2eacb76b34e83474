// The client against servers in processes of their own: tests/support/openai_server.py, which behaves well or
// badly as asked, and a real one, llama-cpp-python's, where CODA_PEERS_PYTHON names a Python that has it.
#include "models/llm/openai_chat.h"

#include "base/clock.h"
#include "base/paths.h"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <nlohmann/json.hpp>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace coda::models {
namespace {

using std::chrono::milliseconds;

// A child process; ended with its pipes closed, then killed.
class Process {
  public:
    explicit Process(const std::vector<std::string>& arguments) {
        int in[2], out[2];
        EXPECT_EQ(pipe2(in, O_CLOEXEC), 0);
        EXPECT_EQ(pipe2(out, O_CLOEXEC), 0);
        std::vector<char*> argv;
        for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
        argv.push_back(nullptr);
        pid_ = fork();
        if (pid_ == 0) {
            dup2(in[0], STDIN_FILENO);
            dup2(out[1], STDOUT_FILENO);
            execvp(argv[0], argv.data());
            _exit(127);
        }
        ::close(in[0]);
        ::close(out[1]);
        stdin_ = in[1];
        stdout_ = out[0];
    }
    ~Process() {
        ::close(stdin_);
        ::close(stdout_);
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
    }
    std::string first_line() const {
        std::string line;
        for (char c; ::read(stdout_, &c, 1) == 1 && c != '\n';) line += c;
        return line;
    }
    bool alive() const { return waitpid(pid_, nullptr, WNOHANG) == 0; }

  private:
    pid_t pid_ = 0;
    int stdin_ = -1, stdout_ = -1;
};

struct Answer {
    std::string text;
    GenerateStats stats;
};

Result<Answer> ask(ChatSession& session, const std::string& words, Sampling sampling = {},
                   const Cancel& cancel = {}) {
    Answer answer;
    const std::vector<Message> messages = {{Role::system, "Be brief."}, {Role::user, words}};
    CODA_TRY(answer.stats, session.generate(messages, sampling, cancel, [&](std::string_view piece) {
        answer.text += piece;
        return true;
    }));
    return answer;
}

class OpenAiServer : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        server_ = new Process({"python3", CODA_SOURCE_DIR "/tests/support/openai_server.py"});
        port_ = server_->first_line();
        ASSERT_FALSE(port_.empty()) << "the test server does not start";
    }
    static void TearDownTestSuite() { delete server_; }

    static OpenAiOptions options(const std::string& mode) {
        OpenAiOptions options;
        options.url = "http://127.0.0.1:" + port_ + "/" + mode + "/v1";
        options.idle_timeout_ms = 300;
        options.list_timeout_ms = 300;
        return options;
    }
    static Result<Answer> ask_mode(const std::string& mode, const std::string& words = "a b",
                                   Sampling sampling = {}) {
        CODA_TRY(const auto model, open_openai_chat(options(mode)));
        CODA_TRY(const auto session, model->new_session());
        return ask(*session, words, std::move(sampling));
    }
    static Error error_of(const std::string& mode) {
        const auto answer = ask_mode(mode);
        EXPECT_FALSE(answer) << mode << " answers: " << answer->text;
        return answer ? Error{} : answer.error();
    }

    static Process* server_;
    static std::string port_;
};
Process* OpenAiServer::server_ = nullptr;
std::string OpenAiServer::port_;

TEST_F(OpenAiServer, AnswersStreamed) {
    const auto answer = ask_mode("fine", "how are you");
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->text, "echo: how are you ");
    EXPECT_EQ(answer->stats.stop_reason, StopReason::end_of_turn);
    EXPECT_EQ(answer->stats.prompt_tokens, 11);
    EXPECT_EQ(answer->stats.cached_tokens, 3);
    EXPECT_EQ(answer->stats.generated_tokens, 5) << "as the server counts";
    EXPECT_GT(answer->stats.first_token_ms, 0);
}

TEST_F(OpenAiServer, AnswersWhole) {
    const auto answer = ask_mode("whole");
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->text, "echo: a b ");
    EXPECT_EQ(answer->stats.stop_reason, StopReason::max_tokens);
    EXPECT_EQ(answer->stats.prompt_tokens, 9);
}

std::vector<ToolSpec> weather_tool() {
    return {{"get_weather", "The weather.",
             R"({"type":"object","properties":{"place":{"type":"string"}},"required":["place"]})"}};
}

TEST_F(OpenAiServer, CallsToolsAndTakesTheirResults) {
    const auto model = open_openai_chat(options("tools"));
    ASSERT_TRUE(model);
    EXPECT_TRUE((*model)->calls_tools());
    const auto session = (*model)->new_session();
    (*session)->offer_tools(weather_tool());
    std::vector<Message> messages = {{Role::user, "Rain?"}};
    std::string text;
    const auto take = [&](std::string_view piece) {
        text += piece;
        return true;
    };
    const auto first = (*session)->generate(messages, {}, Cancel(), take);
    ASSERT_TRUE(first) << first.error().message();
    EXPECT_EQ(text, "Let me see. ");
    ASSERT_EQ(first->tool_calls.size(), 2u) << "the third is no JSON";
    EXPECT_EQ(first->tool_calls[0].id, "id0");
    EXPECT_EQ(first->tool_calls[0].name, "get_weather");
    EXPECT_EQ(first->tool_calls[0].arguments, R"({"place": "Bern"})");
    EXPECT_EQ(first->tool_calls[1].arguments, "{}");

    messages.push_back({Role::assistant, text, first->tool_calls});
    messages.push_back({Role::tool, "rain", {}, "id0", "get_weather"});
    messages.push_back({Role::tool, "snow", {}, "id1", "get_weather"});
    text.clear();
    const auto second = (*session)->generate(messages, {}, Cancel(), take);
    ASSERT_TRUE(second) << second.error().message();
    EXPECT_EQ(text, "got id0=rain, id1=snow") << "and no thought";
    EXPECT_TRUE(second->tool_calls.empty());

    Sampling none;
    none.tool_choice = ToolChoice::none;
    messages.resize(1);
    text.clear();
    const auto third = (*session)->generate(messages, none, Cancel(), take);
    ASSERT_TRUE(third);
    EXPECT_EQ(text, "got ");
}

TEST_F(OpenAiServer, CallsComeWholeOrNotAtAll) {
    const auto with_tools = [](const std::string& mode) -> Result<Answer> {
        CODA_TRY(const auto model, open_openai_chat(options(mode)));
        CODA_TRY(const auto session, model->new_session());
        session->offer_tools(weather_tool());
        return ask(*session, "a b");
    };
    const auto whole = with_tools("tools-whole");
    ASSERT_TRUE(whole) << whole.error().message();
    ASSERT_EQ(whole->stats.tool_calls.size(), 1u);
    EXPECT_EQ(whole->stats.tool_calls[0].arguments, R"({"place":"Bern"})");
    const auto refused = with_tools("refuses-tools");
    ASSERT_TRUE(refused) << refused.error().message();
    EXPECT_EQ(refused->text, "echo: a b ");
    const auto many = with_tools("many-calls");
    ASSERT_FALSE(many);
    EXPECT_EQ(many.error().code, ErrorCode::exhausted);
}

TEST_F(OpenAiServer, DoesWithoutUsageWhereItIsRefused) {
    const auto answer = ask_mode("refuses-usage");
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->text, "echo: a b ");
    EXPECT_EQ(answer->stats.generated_tokens, 3) << "pieces";
    EXPECT_EQ(answer->stats.prompt_tokens, 0);
}

TEST_F(OpenAiServer, ASessionAnswersAgainAndAgain) {
    const auto model = open_openai_chat(options("fine"));
    ASSERT_TRUE(model);
    const auto session = (*model)->new_session();
    for (const char* words : {"one", "two", "three"})
        EXPECT_EQ(ask(**session, words)->text, "echo: " + std::string(words) + " ");
}

TEST_F(OpenAiServer, SendsWhatWasAskedFor) {
    Sampling sampling;
    sampling.temperature = 0.5F;
    sampling.top_p = 0.25F;
    sampling.seed = 42;
    sampling.max_tokens = 4000;
    sampling.stop = {"", "STOP1", "STOP2", "STOP3", "STOP4", "STOP5"};
    const auto answer = ask_mode("request", "hi \"there\"\xFF", sampling);
    ASSERT_TRUE(answer) << answer.error().message();
    for (const char* part :
         {R"("content": "Be brief.")", R"("role": "system")", R"("temperature": 0.5)", R"("top_p": 0.25)",
          R"("seed": 42)", R"("max_tokens": 4000)", R"("model": "m")", R"("stream": true)", R"("stop": 4)"})
        EXPECT_NE(answer->text.find(part), std::string::npos) << part << " in " << answer->text;
}

TEST_F(OpenAiServer, CharactersArriveWhole) {
    EXPECT_EQ(ask_mode("split")->text, "\u00e9 \U0001F44D");
}

TEST_F(OpenAiServer, StopStringsAndTheCallerEndAnswers) {
    Sampling sampling;
    sampling.stop = {"b c"};
    const auto stopped = ask_mode("fine", "a b c d", sampling);
    ASSERT_TRUE(stopped) << stopped.error().message();
    EXPECT_EQ(stopped->text, "echo: a ") << "the stop string lies across two pieces";
    EXPECT_EQ(stopped->stats.stop_reason, StopReason::stop_string);

    const auto model = open_openai_chat(options("endless"));
    const auto session = (*model)->new_session();
    const std::vector<Message> messages = {{Role::user, "x"}};
    const auto stats = (*session)->generate(messages, {}, Cancel(), [](std::string_view) { return false; });
    ASSERT_TRUE(stats) << stats.error().message();
    EXPECT_EQ(stats->stop_reason, StopReason::stopped_by_caller);
}

TEST_F(OpenAiServer, AServerThatIgnoresMaxTokensIsStopped) {
    Sampling sampling;
    sampling.max_tokens = 8;
    const auto answer = ask_mode("endless", "x", sampling);
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->stats.stop_reason, StopReason::max_tokens);
    EXPECT_LT(answer->text.size(), 10000u);
}

TEST_F(OpenAiServer, SlowIsFineWhileItGoesOn) {
    EXPECT_EQ(ask_mode("slow")->text, "one two three ");
}

TEST_F(OpenAiServer, CancelIsSeenWithinFiftyMilliseconds) {
    OpenAiOptions patient = options("hang");
    patient.idle_timeout_ms = 30000;
    const auto model = open_openai_chat(patient);
    ASSERT_TRUE(model);
    const auto session = (*model)->new_session();
    const Cancel cancel;
    std::chrono::steady_clock::time_point cancelled_at;
    std::thread canceller([&] {
        std::this_thread::sleep_for(milliseconds(200));
        cancelled_at = std::chrono::steady_clock::now();
        cancel.cancel();
    });
    const auto answer = ask(**session, "x", {}, cancel);
    const auto taken = std::chrono::steady_clock::now() - cancelled_at;
    canceller.join();
    EXPECT_LT(taken, milliseconds(5000)) << "hung: the server never answers";
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->stats.stop_reason, StopReason::cancelled);
    EXPECT_EQ(answer->text, "one ");
}

TEST_F(OpenAiServer, FaultsAreToldApart) {
    for (const auto& [mode, code] :
         std::initializer_list<std::pair<const char*, ErrorCode>>{{"401", ErrorCode::invalid_argument},
                                                                  {"404", ErrorCode::not_found},
                                                                  {"429", ErrorCode::exhausted},
                                                                  {"500", ErrorCode::unavailable},
                                                                  {"400", ErrorCode::exhausted},
                                                                  {"hang", ErrorCode::timeout},
                                                                  {"cut", ErrorCode::unavailable},
                                                                  {"reset", ErrorCode::unavailable},
                                                                  {"garbage", ErrorCode::bad_format},
                                                                  {"binary", ErrorCode::unavailable},
                                                                  {"nothing", ErrorCode::unavailable},
                                                                  {"html", ErrorCode::bad_format},
                                                                  {"odd", ErrorCode::bad_format},
                                                                  {"error", ErrorCode::unavailable},
                                                                  {"deaf", ErrorCode::timeout},
                                                                  {"moved", ErrorCode::invalid_argument}}) {
        const Error error = error_of(mode);
        EXPECT_EQ(to_string(error.code), std::string(to_string(code))) << mode << ": " << error.message();
        EXPECT_NE(error.where.find("http://127.0.0.1:"), std::string::npos)
            << mode << ": " << error.message();
        EXPECT_EQ(error.message().find('\n'), std::string::npos) << mode;
    }
    EXPECT_NE(error_of("500").what.find("out of cheese"), std::string::npos) << "the server's own words";
    EXPECT_EQ(error_of("429").mend, "try again in 7 s");
}

TEST_F(OpenAiServer, AFailedAnswerDoesNotSpoilTheNext) {
    const auto model = open_openai_chat(options("cut"));
    const auto session = (*model)->new_session();
    EXPECT_FALSE(ask(**session, "x"));
    EXPECT_FALSE(ask(**session, "x"));
}

TEST_F(OpenAiServer, TheKeyIsSentButNeverShown) {
    OpenAiOptions keyed = options("key");
    EXPECT_EQ(open_openai_chat(keyed).error().code, ErrorCode::invalid_argument);
    keyed.api_key = "sesame";
    EXPECT_TRUE(open_openai_chat(keyed));
    keyed.url = options("401").url;
    const auto model = open_openai_chat(keyed);
    ASSERT_TRUE(model);
    const auto refused = ask(**(*model)->new_session(), "x");
    EXPECT_EQ(refused.error().message().find("sesame"), std::string::npos) << refused.error().message();
    keyed.api_key = "two\r\nlines";
    EXPECT_EQ(open_openai_chat(keyed).error().code, ErrorCode::invalid_argument);
}

TEST_F(OpenAiServer, TheModelIsChosenOrAskedFor) {
    EXPECT_EQ((*open_openai_chat(options("fine")))->name(), "m");
    const auto two = open_openai_chat(options("two-models"));
    EXPECT_EQ(two.error().mend, "choose one with --llm-model: a, b");
    EXPECT_EQ(open_openai_chat(options("no-models")).error().code, ErrorCode::not_found);
    OpenAiOptions named = options("two-models");
    named.model = "b";
    EXPECT_EQ((*open_openai_chat(named))->name(), "b");
    named.model = "c";
    EXPECT_EQ(open_openai_chat(named).error().mend, "it has: a, b");
    named.url = options("latest").url;
    named.model = "m";
    EXPECT_TRUE(open_openai_chat(named)) << "Ollama's tag may be left out";
    named.url = options("unlisted").url;
    EXPECT_TRUE(open_openai_chat(named)) << "a server without a list";
    named.model = "";
    EXPECT_FALSE(open_openai_chat(named));
}

TEST_F(OpenAiServer, AServerThatIsDownSaysSo) {
    OpenAiOptions down;
    down.url = "http://127.0.0.1:1";
    const auto model = open_openai_chat(down);
    EXPECT_EQ(model.error().code, ErrorCode::unavailable);
    EXPECT_EQ(model.error().where, "http://127.0.0.1:1/v1/models");
    EXPECT_FALSE(model.error().mend.empty());
    down.url = "";
    EXPECT_EQ(open_openai_chat(down).error().code, ErrorCode::invalid_argument);
}

int free_port() {
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
    getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
    ::close(listener);
    return ntohs(address.sin_port);
}

TEST(LlamaCppServer, AnswersThroughUs) {
    const char* python = std::getenv("CODA_PEERS_PYTHON");
    if (!python) GTEST_SKIP() << "CODA_PEERS_PYTHON names no Python with llama_cpp.server";
    const auto gguf = paths::model_dir("smollm2-135m-instruct") / "SmolLM2-135M-Instruct.Q4_1.gguf";
    const int port = free_port();
    const Process server({python, "-m", "llama_cpp.server", "--model", gguf, "--n_ctx", "2048", "--host",
                          "127.0.0.1", "--port", std::to_string(port), "--model_alias", "smollm2",
                          "--verbose", "false"});
    OpenAiOptions options;
    options.url = "http://127.0.0.1:" + std::to_string(port);
    Result<std::shared_ptr<ChatModel>> model = open_openai_chat(options);
    for (int i = 0; i < 600 && !model && server.alive(); ++i) {
        std::this_thread::sleep_for(milliseconds(100));
        model = open_openai_chat(options);
    }
    ASSERT_TRUE(model) << model.error().message();
    EXPECT_EQ((*model)->name(), "smollm2");
    const auto session = (*model)->new_session();
    Sampling sampling;
    sampling.max_tokens = 24;
    const auto answer = ask(**session, "Say hello in one short sentence.", sampling);
    ASSERT_TRUE(answer) << answer.error().message();
    std::printf("llama-cpp-python says: %s\n  %d tokens, first after %.0f ms, %.1f tokens/s, prompt %d\n",
                answer->text.c_str(), answer->stats.generated_tokens, answer->stats.first_token_ms,
                answer->stats.tokens_per_second(), answer->stats.prompt_tokens);
    EXPECT_FALSE(answer->text.empty());
    EXPECT_GT(answer->stats.generated_tokens, 1);
    EXPECT_LE(answer->stats.generated_tokens, 24);

    // A tool that must be called, and a reply that must follow a schema.
    const auto caller = (*model)->new_session();
    (*caller)->offer_tools(weather_tool());
    sampling.max_tokens = 64;
    sampling.json_schema =
        R"({"type":"object","properties":{"city":{"type":"string","maxLength":12}},"required":["city"]})";
    const auto json = ask(**session, "The capital of France as JSON.", sampling);
    ASSERT_TRUE(json) << json.error().message();
    std::printf("by a schema: %s\n", json->text.c_str());
    EXPECT_TRUE(nlohmann::json::accept(json->text)) << json->text;
    sampling.json_schema.clear();
    const auto offered = ask(**caller, "What is the weather in Bern?", sampling);
    ASSERT_TRUE(offered) << offered.error().message();
    std::printf("with a tool offered: %zu calls, \"%s\"\n", offered->stats.tool_calls.size(),
                offered->text.c_str());

    sampling.max_tokens = 3;
    const auto cut = ask(**session, "Count from one to twenty.", sampling);
    ASSERT_TRUE(cut) << cut.error().message();
    EXPECT_EQ(cut->stats.stop_reason, StopReason::max_tokens);

    std::string endless;
    for (int i = 0; i < 3000; ++i) endless += "word ";
    const auto overfull = ask(**session, endless, sampling);
    ASSERT_FALSE(overfull);
    std::printf("of a prompt too long: %s\n", overfull.error().message().c_str());
    EXPECT_EQ(overfull.error().code, ErrorCode::unavailable) << "it breaks off without a word";

    const Cancel cancel;
    sampling.max_tokens = 500;
    std::thread canceller([&] {
        std::this_thread::sleep_for(milliseconds(300));
        cancel.cancel();
    });
    const auto cancelled = ask(**session, "Tell me a long story.", sampling, cancel);
    canceller.join();
    ASSERT_TRUE(cancelled) << cancelled.error().message();
    EXPECT_EQ(cancelled->stats.stop_reason, StopReason::cancelled);
    sampling.max_tokens = 5;
    EXPECT_TRUE(ask(**session, "Hello.", sampling));
}

}  // namespace
}  // namespace coda::models
