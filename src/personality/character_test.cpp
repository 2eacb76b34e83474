// Characters as files: the packaged ones, one's own, and what is wrong with a bad one.
#include "personality/character.h"

#include "personality/library.h"
#include "personality/settings.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

namespace coda::personality {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWhole = R"(name = "Alba"
address = "friend"
backstory = """
Grew up
in a library."""
anecdotes = ["Once.", "Twice."]
catch_phrases = ["Well then."]
voice = "us"
pace = 1.25

[traits]
humor = 0.9
formality = 0
)";

TEST(Character, IsReadWhole) {
    const auto read = parse_character(kWhole, "alba.toml");
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(read->name, "Alba");
    EXPECT_EQ(read->backstory, "Grew up in a library.");
    EXPECT_EQ(read->anecdotes.size(), 2u);
    EXPECT_EQ(read->catch_phrases, std::vector<std::string>{"Well then."});
    EXPECT_EQ(read->pace, 1.25);
    EXPECT_EQ(read->traits[Trait::humor], 0.9);
    EXPECT_EQ(read->traits[Trait::formality], 0);
    EXPECT_EQ(read->traits[Trait::empathy], Traits::kNeutral);
}

void expect_error(const std::string& text, const std::string& where, const std::string& says) {
    const auto read = parse_character(text, "a.toml");
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().where, where) << text;
    EXPECT_NE(read.error().message().find(says), std::string::npos) << read.error().message();
}

TEST(Character, ErrorsNameTheLineAndTheNearestKey) {
    expect_error("name = \"A\"\nbackstroy = \"x\"\n", "a.toml:2", "backstory");
    expect_error("name = \"A\"\n[traits]\nhumour = 0.5\n", "a.toml:3", "humor");
    expect_error("name = \"A\"\n[traits]\nhumor = 1.5\n", "a.toml:3", "from 0 to 1");
    expect_error("name = \"A\"\n[traits]\nhumor = \"very\"\n", "a.toml:3", "humor");
    expect_error("name = \"A\"\npace = 9\n", "a.toml:2", "0.5 to 2");
    expect_error("name = 3\n", "a.toml:1", "text");
    expect_error("name = \"\"\n", "a.toml:1", "empty");
    expect_error("pace = 1\n", "a.toml", "no name");
    expect_error("name = \"A\"\nanecdotes = \"one\"\n", "a.toml:2", "list");
    expect_error("name = \"A\"\ntraits = 1\n", "a.toml:2", "[traits]");
    expect_error("name = \"A\nx", "a.toml:1", "");
    expect_error(std::string(kMaxCharacterFile + 1, '#'), "a.toml", "large");
}

TEST(Character, CutShortItIsReadOrRefused) {
    const std::string whole = kWhole;
    for (size_t size = 0; size < whole.size(); ++size) {
        const auto read = parse_character(whole.substr(0, size), "a.toml");
        EXPECT_TRUE(read || read.error().where.starts_with("a.toml")) << size;
    }
}

TEST(Character, PackagedOnesAreRightAndDiffer) {
    size_t leaning = 0;
    for (const auto& listed : list_characters("no such folder")) {
        ASSERT_TRUE(listed.character) << listed.character.error().message();
        EXPECT_FALSE(listed.character->anecdotes.empty()) << listed.id;
        leaning += listed.character->traits != Traits();
    }
    EXPECT_EQ(leaning, 3u);  // the default is neutral
}

class OwnCharacters : public testing::Test {
  protected:
    void SetUp() override { fs::create_directories(folder_); }
    void TearDown() override { fs::remove_all(folder_); }
    void write(const char* name, const std::string& text) { std::ofstream(folder_ / name) << text; }

    const fs::path folder_ = fs::temp_directory_path() / ("coda_characters_" + std::to_string(::getpid()));
};

TEST_F(OwnCharacters, ComeFirstAndByPath) {
    write("alba.toml", kWhole);
    write("pip.toml", "name = \"My Pip\"\n");
    EXPECT_EQ(load_character("alba", folder_)->name, "Alba");
    EXPECT_EQ(load_character("pip", folder_)->name, "My Pip");
    EXPECT_EQ(load_character((folder_ / "alba.toml").string(), "elsewhere")->name, "Alba");
    EXPECT_EQ(load_character("mira", folder_)->name, "Mira");
}

TEST_F(OwnCharacters, UnknownOnesNameTheNearest) {
    write("alba.toml", kWhole);
    const auto missing = load_character("albo", folder_);
    ASSERT_FALSE(missing);
    EXPECT_NE(missing.error().mend.find("alba"), std::string::npos) << missing.error().message();
    EXPECT_FALSE(load_character("", folder_));
    EXPECT_FALSE(load_character((folder_ / "none.toml").string(), folder_));
}

TEST_F(OwnCharacters, ABadOneIsListedWithItsError) {
    write("bad.toml", "nam = 1\n");
    const auto all = list_characters(folder_);
    EXPECT_EQ(all.size(), packaged_characters().size() + 1);
    EXPECT_FALSE(all.back().character);
    EXPECT_EQ(all.back().character.error().where, (folder_ / "bad.toml").string() + ":1");
}

TEST(PersonalitySettings, TheCharacterGivesWhatNothingElseGave) {
    Settings settings;
    PersonalitySettings mine;
    std::string voice;
    double speed = 1;
    declare(settings, mine);
    settings.declare("tts.voice", &voice, "");
    settings.declare("tts.speed", &speed, "");
    settings.read_text("[personality]\nhumor = 0.2\n", "coda.toml");
    const auto character = parse_character(kWhole, "alba.toml");
    ASSERT_TRUE(character);
    fill_in(settings, *character);
    EXPECT_TRUE(settings.errors().empty());
    EXPECT_EQ(mine.traits[static_cast<size_t>(Trait::humor)], 0.2);
    EXPECT_EQ(mine.traits[static_cast<size_t>(Trait::formality)], 0);
    EXPECT_EQ(voice, "us");
    EXPECT_EQ(speed, 1.25);
}

}  // namespace
}  // namespace coda::personality
