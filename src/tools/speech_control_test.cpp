// Volume, pace, jokes and what the machine says of itself, from sentence to sentence.
#include "tools/speech_control.h"

#include "tools/jokes.h"
#include "tools/system_facts.h"
#include "tools/words.h"

#include <fstream>
#include <set>

#include <gtest/gtest.h>
#include <unistd.h>

namespace coda::tools {
namespace {

class Voice final : public SpeechControl {
  public:
    int volume() const override { return volume_; }
    void set_volume(int percent) override { volume_ = percent; }
    double pace() const override { return pace_; }
    void set_pace(double pace) override { pace_ = pace; }

  private:
    int volume_ = kUsualVolume;
    double pace_ = 1;
};

class SpeechTest : public ::testing::Test {
  protected:
    std::string ask(const std::string& text) {
        static const Result<Recognizer> kRecognizer = Recognizer::create();
        CODA_ASSERT(kRecognizer);
        const std::optional<Call> call = to_call(kRecognizer->command(read_words(text)));
        if (!call) return "(not understood)";
        ToolContext context;
        context.speech = silent_ ? nullptr : &voice_;
        const Result<ToolResult> result = registry_.call(call->tool, call->arguments, context);
        return result ? result->say : result.error().message();
    }
    Voice voice_;
    bool silent_ = false;
    Registry registry_ = builtin_tools();
};

TEST_F(SpeechTest, VolumeAndPace) {
    EXPECT_EQ(ask("Louder."), "Okay, 85 percent.");
    EXPECT_EQ(ask("Turn it up, please."), "Okay, 100 percent.");
    EXPECT_EQ(ask("Speak up!"), "I'm as loud as I can be.");
    EXPECT_EQ(ask("Set the volume to 40%."), "Okay, 40 percent.");
    EXPECT_EQ(ask("Volume five."), "Okay, 50 percent.");
    EXPECT_EQ(ask("You're too loud."), "Okay, 35 percent.");
    EXPECT_EQ(ask("Turn the volume down by 10 percent."), "Okay, 25 percent.");
    EXPECT_EQ(ask("What's the volume?"), "My volume is at 25 percent.");
    EXPECT_EQ(ask("Mute."), "Okay, I'm silent until you say louder.");
    EXPECT_EQ(ask("Normal volume."), "Okay, 70 percent.");
    EXPECT_EQ(ask("Could you speak a bit slower?"), "Okay, slower.");
    EXPECT_LT(voice_.pace(), 1);
    EXPECT_EQ(ask("Speak at your normal speed."), "Okay, at my usual pace.");
    EXPECT_EQ(voice_.pace(), 1);
    for (int i = 0; i < 6; ++i) ask("Faster!");
    EXPECT_EQ(ask("Faster!"), "I can't speak any faster.");
    EXPECT_EQ(voice_.pace(), SpeechControl::kFastest);
    // The volume of something else is not Coda's.
    EXPECT_EQ(ask("Turn up the TV."), "(not understood)");
    EXPECT_EQ(ask("Set the volume of the music to 40%."), "(not understood)");
    silent_ = true;
    EXPECT_EQ(ask("Louder."), "I'm not speaking here, only writing.");
}

TEST_F(SpeechTest, JokesDoNotComeTwice) {
    const size_t count = all_jokes().size();
    ASSERT_GE(count, 30u);
    std::set<std::string> told;
    std::string last;
    for (size_t i = 0; i < count; ++i) told.insert(last = ask("Tell me a joke."));
    EXPECT_EQ(told.size(), count);
    EXPECT_NE(ask("Another joke!"), last);
    for (const std::string& joke : told) {
        EXPECT_EQ(joke.find('|'), std::string::npos) << joke;
        EXPECT_LT(joke.size(), 160u) << joke;
    }
}

TEST_F(SpeechTest, AbilitiesComeFromTheRegistry) {
    const std::string said = ask("What can you do?");
    for (const char* ability :
         {"set timers, alarms and reminders", "keep shopping, to-do and other lists", "tell jokes"})
        EXPECT_NE(said.find(ability), std::string::npos) << said;
    EXPECT_NE(ask("What tools do you have?").find("set timer"), std::string::npos);
}

TEST(SystemFacts, AreReadFromTheFilesOfTheMachine) {
    const std::string memory = "MemTotal:       16000000 kB\nMemFree:  1 kB\nMemAvailable:    8000000 kB\n";
    ASSERT_TRUE(read_memory(memory));
    EXPECT_EQ(read_memory(memory)->available_bytes, 8000000LL * 1024);
    for (size_t n = 0; n < memory.size(); ++n) {
        const auto cut = read_memory(memory.substr(0, n));
        EXPECT_TRUE(!cut || cut->available_bytes <= cut->total_bytes) << n;
    }
    for (const char* no :
         {"", "MemTotal: x\nMemAvailable: 1 kB", "MemTotal: 1 kB\nMemAvailable: 2 kB",
          "MemTotal: 99999999999999999999 kB\nMemAvailable: 1 kB", "MemTotal: -5 kB\nMemAvailable: -6 kB"})
        EXPECT_FALSE(read_memory(no)) << no;
    EXPECT_EQ(read_load("1.50 0.80 0.70 2/345 6789"), 1.5);
    EXPECT_FALSE(read_load("nan 1 1"));
    EXPECT_FALSE(read_load(""));
    EXPECT_EQ(read_uptime("3725.11 100.0"), 3725);
    EXPECT_FALSE(read_uptime("-1"));
}

TEST(SystemFacts, ABatteryIsFoundAmongTheSupplies) {
    const auto root = std::filesystem::temp_directory_path() / ("coda_battery." + std::to_string(::getpid()));
    const auto put = [&](const std::string& name, const std::string& text) {
        std::filesystem::create_directories((root / name).parent_path());
        std::ofstream(root / name) << text;
    };
    EXPECT_FALSE(read_battery(root));
    put("sys/class/power_supply/AC/type", "Mains\n");
    put("sys/class/power_supply/mouse/type", "Battery\n");
    put("sys/class/power_supply/mouse/scope", "Device\n");
    put("sys/class/power_supply/mouse/capacity", "5\n");
    EXPECT_FALSE(read_battery(root));
    put("sys/class/power_supply/BAT0/type", "Battery\n");
    put("sys/class/power_supply/BAT0/capacity", "83\n");
    put("sys/class/power_supply/BAT0/status", "Discharging\n");
    ASSERT_TRUE(read_battery(root));
    EXPECT_EQ(read_battery(root)->percent, 83);
    Registry registry;
    add_system_facts(registry, root);
    const auto said = registry.call("system_facts", {{"what", "battery"}}, {});
    ASSERT_TRUE(said);
    EXPECT_EQ(said->say, "The battery is at 83 percent, not plugged in.");
    put("sys/class/power_supply/BAT0/capacity", "full\n");
    EXPECT_FALSE(read_battery(root));
    std::filesystem::remove_all(root);
}

TEST_F(SpeechTest, TheMachineItselfAnswers) {
    EXPECT_NE(ask("How much disk space is left?").find(" are free on the disk, of "), std::string::npos);
    EXPECT_NE(ask("How much memory is free?").find(" of memory are free, of "), std::string::npos);
    EXPECT_NE(ask("What is the CPU load?").find("percent busy"), std::string::npos);
    EXPECT_NE(ask("How long has this computer been running?").find("has been running for"),
              std::string::npos);
}

}  // namespace
}  // namespace coda::tools
