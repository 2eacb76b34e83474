#include "base/settings.h"

#include "base/file_map.h"
#include "base/nearest.h"

#include <filesystem>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace coda {
namespace {

struct Values {
    std::string source = "packaged", key, level = "warn";
    std::filesystem::path model;
    int context = 4096;
    double speed = 1;
    bool duplex = false;
};

Settings declare(Values& values) {
    Settings settings;
    settings.declare("llm.source", &values.source, "Which model.");
    settings.declare("llm.context", &values.context, "Tokens.",
                     {.minimum = 256, .maximum = 131072, .choices = {}});
    settings.declare("llm.api_key", &values.key, "Key.", {.choices = {}, .secret = true});
    settings.declare("stt.model", &values.model, "Folder.");
    settings.declare("tts.speed", &values.speed, "Pace.", {.minimum = 0.5, .maximum = 2, .choices = {}});
    settings.declare("audio.duplex", &values.duplex, "Headphones.");
    settings.declare("log.level", &values.level, "How much.", {.choices = {"info", "warn", "error"}});
    return settings;
}

constexpr const char* kWhole =
    "# mine\n"
    "[llm]\n"
    "source = \"a.gguf\"  # the large one\n"
    "context = 2048\n"
    "\n"
    "[tts]\n"
    "speed = 1.25\n"
    "[audio]\n"
    "duplex = true\n"
    "[stt]\n"
    "model = \"/models/whisper\"\n";

TEST(Settings, LaterSourcesWinAndSayWhereTheyCameFrom) {
    Values values;
    Settings settings = declare(values);
    settings.read_text(kWhole, "coda.toml");
    const char* environment[] = {"CODA_LLM_CONTEXT=1024", "PATH=/bin", "CODA_TTS_SPEED=0.75", nullptr};
    settings.read_environment(environment);
    settings.set("llm.context", "512", "--context");
    EXPECT_TRUE(settings.errors().empty());
    EXPECT_EQ(values.source, "a.gguf");
    EXPECT_EQ(values.context, 512);
    EXPECT_EQ(values.speed, 0.75);
    EXPECT_TRUE(values.duplex);
    EXPECT_EQ(values.model, "/models/whisper");
    const auto rows = settings.rows();
    EXPECT_EQ(rows[0].origin, "coda.toml:3");
    EXPECT_EQ(rows[0].default_value, "packaged");
    EXPECT_EQ(rows[1].origin, "--context");
    EXPECT_EQ(rows[4].origin, "CODA_TTS_SPEED");
    EXPECT_EQ(rows[6].origin, "default");
}

TEST(Settings, NamesEveryErrorWithItsLineAndTheNearestName) {
    Values values;
    Settings settings = declare(values);
    settings.read_text(
        "[llm]\n"
        "contxt = 2048\n"
        "context = 5\n"
        "source = 7\n"
        "[log]\n"
        "level = \"loud\"\n",
        "coda.toml");
    ASSERT_EQ(settings.errors().size(), 4u);
    std::string all;
    for (const Error& error : settings.errors()) all += error.message() + "\n";
    EXPECT_NE(all.find("coda.toml:2: there is no setting llm.contxt (did you mean llm.context?)"),
              std::string::npos)
        << all;
    EXPECT_NE(all.find("coda.toml:3: llm.context cannot be \"5\" (give a whole number, 256 to 131072)"),
              std::string::npos)
        << all;
    EXPECT_NE(all.find("coda.toml:4: llm.source has the wrong type (write text in quotes)"),
              std::string::npos)
        << all;
    EXPECT_NE(all.find("coda.toml:6: log.level cannot be \"loud\" (give one of info, warn, error)"),
              std::string::npos)
        << all;
    EXPECT_EQ(values.context, 4096) << "a wrong value must change nothing";
}

TEST(Settings, RejectsNumbersWithAnythingBehindThem) {
    for (const char* text : {"", " ", "12x", "1e9", "0x10", "99999999999", "1.5", "nan", "-1"}) {
        Values values;
        Settings settings = declare(values);
        settings.set("llm.context", text, "--context");
        EXPECT_EQ(settings.errors().size(), 1u) << text;
    }
    Values values;
    Settings settings = declare(values);
    settings.set("tts.speed", "nan", "--speed");
    EXPECT_EQ(settings.errors().size(), 1u) << "nan is within no bounds";
}

TEST(Settings, ListsMistypedEnvironmentNames) {
    Values values;
    Settings settings = declare(values);
    const char* environment[] = {"CODA_LLM_SUORCE=x", "CODA_DATA_DIR=/data", "CODA_", "CODAX=1", nullptr};
    settings.read_environment(environment);
    EXPECT_EQ(settings.unknown_environment(), std::vector<std::string>{"CODA_LLM_SUORCE"});
    EXPECT_TRUE(settings.errors().empty());
}

TEST(Settings, NeverPrintsASecretAndWantsItsFilePrivate) {
    const auto path = std::filesystem::temp_directory_path() / ("coda_settings_" + std::to_string(getpid()));
    ASSERT_TRUE(write_file_atomic(path, "[llm]\napi_key = \"sesame\"\n"));
    for (const mode_t mode : {mode_t{0644}, mode_t{0600}}) {
        ASSERT_EQ(chmod(path.c_str(), mode), 0);
        Values values;
        Settings settings = declare(values);
        settings.read_file(path);
        EXPECT_EQ(settings.errors().size(), mode == 0600 ? 0u : 1u);
        for (const Error& error : settings.errors())
            EXPECT_EQ(error.message().find("sesame"), std::string::npos);
        EXPECT_EQ(settings.rows()[2].value, "(set)");
        EXPECT_EQ(values.key, "sesame");
    }
    std::filesystem::remove(path);
}

TEST(Settings, AWrongSecretIsNotEchoed) {
    std::string key;
    Settings settings;
    settings.declare("llm.api_key", &key, "Key.", {.choices = {"a"}, .secret = true});
    settings.set("llm.api_key", "sesame", "--key");
    ASSERT_EQ(settings.errors().size(), 1u);
    EXPECT_EQ(settings.errors()[0].message().find("sesame"), std::string::npos);
}

TEST(Settings, AMissingFileIsNoErrorAndADirectoryIs) {
    Values values;
    Settings settings = declare(values);
    settings.read_file("/nowhere/coda.toml");
    EXPECT_TRUE(settings.errors().empty());
    settings.read_file("/");
    EXPECT_EQ(settings.errors().size(), 1u);
}

TEST(Settings, SurvivesTheFileCutAtEveryByte) {
    const std::string whole = kWhole;
    for (size_t length = 0; length < whole.size(); ++length) {
        Values values;
        Settings settings = declare(values);
        settings.read_text(std::string_view(whole).substr(0, length), "coda.toml");
        EXPECT_TRUE(values.context == 4096 || values.context == 2048) << length;
    }
}

TEST(Settings, AnswersForeignLettersOutsideOfStrings) {
    for (const char* text : {"\u3042 = 1", "llm.source = \u3042", "\uFEBB", "[\u2F00]", "\xEF\xBB\xBB\x08"}) {
        Values values;
        Settings settings = declare(values);
        settings.read_text(text, "coda.toml");
        EXPECT_FALSE(settings.errors().empty()) << text;
    }
}

TEST(TomlWith, ChangesOneValueAndKeepsTheRest) {
    const auto replaced = toml_with(kWhole, "llm.source", "/b \"x\".gguf");
    ASSERT_TRUE(replaced);
    EXPECT_NE(replaced->find("source = \"/b \\\"x\\\".gguf\"  # the large one\ncontext = 2048\n"),
              std::string::npos)
        << *replaced;
    EXPECT_NE(replaced->find("# mine"), std::string::npos);

    const auto inserted = toml_with("[tts]\nspeed = 1\n[llm]", "llm.source", "b");
    ASSERT_TRUE(inserted);
    EXPECT_EQ(*inserted, "[tts]\nspeed = 1\n[llm]\nsource = \"b\"\n");

    EXPECT_EQ(*toml_with("", "llm.source", "b"), "[llm]\nsource = \"b\"\n");
    EXPECT_EQ(*toml_with("llm.source = 'ä'  # ü\n", "llm.source", "b"), "llm.source = \"b\"  # ü\n");
}

TEST(TomlWith, RefusesWhatItCannotChangeSafely) {
    EXPECT_FALSE(toml_with("llm = { context = 1 }\n", "llm.source", "b"));
    EXPECT_FALSE(toml_with("llm = 3\n", "llm.source", "b"));
    EXPECT_FALSE(toml_with("[llm\n", "llm.source", "b"));
}

TEST(Nearest, FindsWhatWasMeant) {
    const std::vector<std::string> names = {"transcribe", "talk", "speak", "models"};
    EXPECT_EQ(nearest_name("transribe", names), "transcribe");
    EXPECT_EQ(nearest_name("takl", names), "talk");
    EXPECT_EQ(nearest_name("model", names), "models");
    EXPECT_EQ(nearest_name("weather", names), "");
    EXPECT_EQ(nearest_name(std::string(100000, 'a'), names), "");
    EXPECT_EQ(edit_distance("", "abc"), 3u);
    EXPECT_EQ(edit_distance("ab", "ba"), 1u);
}

}  // namespace
}  // namespace coda
