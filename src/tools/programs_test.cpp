#include "tools/programs.h"

#include "tools/words.h"

#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

namespace coda::tools {
namespace {

std::string problem(const std::string& text) {
    const auto list = parse_programs(text, "programs.toml");
    return list ? "" : list.error().message();
}

std::shared_ptr<const Programs> list_of(const std::string& text) {
    auto list = parse_programs(text, "programs.toml");
    CODA_ASSERT(list);
    return std::make_shared<const Programs>(std::move(*list));
}

Result<ToolResult> run(const std::string& text, const std::string& name) {
    Registry registry;
    add_programs(registry, list_of(text));
    return registry.call("run_program", {{"name", name}}, {});
}

TEST(Programs, TheListIsReadAndItsMistakesNamed) {
    const auto list = list_of(
        "[[program]]\nname = \"the backup\"\nargv = [\"/bin/echo\", \"a b\"]\nsay = [\"backup my files\"]\n");
    ASSERT_EQ(list->size(), 1u);
    EXPECT_EQ(list->front().argv[1], "a b");
    EXPECT_EQ(spoken_names(list->front()).size(), 3u);  // with and without "the"
    EXPECT_EQ(problem(""), "");
    for (const char* text :
         {"[[program]]\nargv = [\"/bin/echo\"]", "[[program]]\nname = \"x\"",
          "[[program]]\nname = \"x\"\nargv = [\"echo\"]", "[[program]]\nname = \"x\"\nargv = []",
          "[[program]]\nname = \"x\"\nargv = \"/bin/echo\"",
          "[[program]]\nname = \"x\"\nargv = [\"/bin/echo\", 5]",
          "[[program]]\nname = \"x\"\nargv = [\"/bin/a\"]\nshell = true",
          "[[program]]\nname = \"x\"\nargv = [\"/bin/a\"]\ntimeout_s = 0", "program = 5",
          "[program]\nname = \"x\"",
          "[[program]]\nname = \"x\"\nargv = [\"/bin/a\"]\n[[program]]\nname = \"x\"\nargv = [\"/bin/a\"]",
          "[[program]]\nname = \"...\"\nargv = [\"/bin/a\"]", "[[program"})
        EXPECT_NE(problem(text).find("programs.toml:"), std::string::npos) << text << ": " << problem(text);
    const std::string whole = "[[program]]\nname = \"the backup\"\nargv = [\"/bin/echo\"]\ntimeout_s = 60\n";
    for (size_t n = 0; n < whole.size(); ++n) parse_programs(std::string_view(whole).substr(0, n), "cut");
}

TEST(Programs, OnlyWhatIsListedRunsAndWithoutAShell) {
    const std::string text = "[[program]]\nname = \"echo\"\nargv = [\"/bin/echo\", \"$HOME; id\"]\n";
    const auto said = run(text, "echo");
    ASSERT_TRUE(said) << said.error().message();
    EXPECT_EQ(said->say, "Echo is done. It says: $HOME; id");
    EXPECT_EQ(run(text, "/bin/echo")->say, "That is no program that I may run.");
    EXPECT_EQ(run(text, "echo; id")->say, "That is no program that I may run.");
    EXPECT_EQ(run("[[program]]\nname = \"no\"\nargv = [\"/bin/false\"]\n", "no")->say, "No has failed.");
    EXPECT_EQ(run("[[program]]\nname = \"gone\"\nargv = [\"/no/such/program\"]\n", "gone").error().code,
              ErrorCode::io);
}

TEST(Programs, ThatHangsOrFloodsIsStopped) {
    const auto slow =
        run("[[program]]\nname = \"slow\"\nargv = [\"/bin/sleep\", \"60\"]\ntimeout_s = 1\n", "slow");
    ASSERT_TRUE(slow) << slow.error().message();
    EXPECT_EQ(slow->say, "Slow took too long, and I stopped it.");
    const auto flood =
        run("[[program]]\nname = \"flood\"\nargv = [\"/usr/bin/yes\"]\ntimeout_s = 1\n", "flood");
    ASSERT_TRUE(flood) << flood.error().message();
    EXPECT_EQ(flood->data["timed_out"], true);
    EXPECT_LE(flood->data["output"].get<std::string>().size(), 4000u);
}

TEST(Programs, AreHeardByTheirNames) {
    const auto list =
        list_of("[[program]]\nname = \"the backup\"\nargv = [\"/bin/true\"]\nsay = [\"save my files\"]\n");
    const auto recognizer = Recognizer::create(spoken_names(list->front()));
    ASSERT_TRUE(recognizer) << recognizer.error().message();
    for (const char* text : {"Run the backup.", "Could you start the backup, please?", "Save my files."}) {
        const auto call = to_call(recognizer->command(read_words(text)));
        ASSERT_TRUE(call) << text;
        EXPECT_EQ(call->tool, "run_program") << text;
    }
    for (const char* text : {"Run the marathon.", "Start the engine.", "What is a backup?"})
        EXPECT_NE(recognizer->command(read_words(text)).name, "program.run") << text;
}

TEST(Programs, YesAndNoAreToldApart) {
    const auto recognizer = Recognizer::create();
    ASSERT_TRUE(recognizer);
    const auto answer = [&](const char* text) { return recognizer->answer(read_words(text)); };
    using Answer = Recognizer::Answer;
    for (const char* text :
         {"Yes.", "Yes, please.", "Yeah, go ahead.", "Sure.", "Okay.", "Do it.", "Yes, yes, do it!"})
        EXPECT_EQ(answer(text), Answer::yes) << text;
    for (const char* text :
         {"No.", "No, thanks.", "Don't.", "No, don't do that.", "Stop!", "Never mind.", "Not now."})
        EXPECT_EQ(answer(text), Answer::no) << text;
    for (const char* text : {"What time is it?", "Yesterday I was ill.", "Yes is a good band."})
        EXPECT_EQ(answer(text), Answer::other) << text;
    EXPECT_EQ(recognizer->command(read_words("Yes.")).kind, Recognition::Kind::none);
}

}  // namespace
}  // namespace coda::tools
