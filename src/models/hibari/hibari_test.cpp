#include "models/hibari/hibari.h"

#include "base/paths.h"

#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>
#include <unistd.h>

namespace coda::models {
namespace {

const Hibari& voice() {
    static const auto opened = [] {
        auto result = Hibari::open(paths::model_dir("hibari"));
        if (!result) throw std::runtime_error(result.error().message());
        return *result;
    }();
    return *opened;
}

std::vector<float> say(std::string_view text, const SpeakOptions& options = {}) {
    std::vector<float> out;
    const Status done = voice().synthesize(text, options, {}, [&](std::span<const float> samples) {
        out.insert(out.end(), samples.begin(), samples.end());
        return true;
    });
    EXPECT_TRUE(done.has_value()) << done.error().message();
    return out;
}

float peak(std::span<const float> samples) {
    float out = 0;
    for (const float s : samples) out = std::max(out, std::abs(s));
    return out;
}

// Milliseconds before the first and after the last sample within 40 dB of the peak.
std::pair<double, double> edges_ms(std::span<const float> samples) {
    const float audible = peak(samples) * 0.01f;
    size_t first = 0, last = samples.size();
    while (first < samples.size() && std::abs(samples[first]) < audible) ++first;
    while (last > first && std::abs(samples[last - 1]) < audible) --last;
    return {static_cast<double>(first) / 24, static_cast<double>(samples.size() - last) / 24};
}

TEST(Hibari, SpeaksASentence) {
    const auto samples = say("It is three o'clock in the afternoon.");
    EXPECT_GT(samples.size(), 24000u * 3 / 2);
    EXPECT_LT(samples.size(), 24000u * 3);
    EXPECT_GT(peak(samples), 0.1f);
    EXPECT_LE(peak(samples), 1.0f);
}

TEST(Hibari, CutsTheSilenceAround) {
    for (const char* text : {"Yes.", "No!", "Hello there.", "She sells sea shells.", "Fish and chips?", "Hm.",
                             "One, two.", "We met on 5 May.", "It is three o'clock in the afternoon.",
                             "What a wonderful day it is today, my friend."}) {
        const auto [lead, tail] = edges_ms(say(text));
        EXPECT_LE(lead, 10.0) << text;
        EXPECT_NEAR(tail, 250.0, 5.0) << text;
    }
    for (const char* text : {"Well,", "However,", "If you ask me,", "As follows:", "and then he"}) {
        const auto [lead, tail] = edges_ms(say(text));
        EXPECT_LE(lead, 10.0) << text;
        EXPECT_NEAR(tail, 120.0, 5.0) << text;
    }
}

TEST(Hibari, BeginsAndEndsWithoutAClick) {
    for (const char* text : {"Apples and oranges,", "Stop!", "Okay."}) {
        const auto samples = say(text);
        EXPECT_LT(std::abs(samples.front()), 1e-3f);
        EXPECT_LT(std::abs(samples.back()), 1e-3f);
    }
}

TEST(Hibari, SameSeedSameSamples) {
    const auto a = say("Hello.", {.seed = 3}), b = say("Hello.", {.seed = 3}), c = say("Hello.", {.seed = 4});
    EXPECT_EQ(a, b);
    EXPECT_NE(a, c);
}

TEST(Hibari, SpeedChangesTheLength) {
    const auto plain = say("This is a test of the speed.").size();
    EXPECT_LT(static_cast<double>(say("This is a test of the speed.", {.speed = 2.0f}).size()),
              0.75 * static_cast<double>(plain));
    EXPECT_GT(static_cast<double>(say("This is a test of the speed.", {.speed = 0.5f}).size()),
              1.5 * static_cast<double>(plain));
    for (const float speed : {0.0f, -1.0f, 0.4f, 3.0f, std::nanf("")}) {
        const Status refused = voice().synthesize("Hi.", {.speed = speed}, {}, [](auto) { return true; });
        ASSERT_FALSE(refused.has_value());
        EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
    }
}

TEST(Hibari, NothingToSayEmitsNothing) {
    for (const char* text : {"", " ", "\n\n", "...", "😀", "***", "```\ncode\n```", "\xff\xfe"}) {
        EXPECT_TRUE(say(text).empty()) << text;
    }
}

TEST(Hibari, MarkdownSoundsLikePlainText) {
    EXPECT_EQ(say("**Hello** there. 😀"), say("Hello there."));
}

TEST(Hibari, StopsWhenEmitSaysSo) {
    int calls = 0;
    const Status done = voice().synthesize("One. Two. Three.", {}, {}, [&](auto) { return ++calls < 1; });
    EXPECT_TRUE(done.has_value());
    EXPECT_EQ(calls, 1);
}

TEST(Hibari, CancelledBeforeItStarts) {
    Cancel cancel;
    cancel.cancel();
    const Status done = voice().synthesize("Hello.", {}, cancel, [](auto) { return true; });
    ASSERT_FALSE(done.has_value());
    EXPECT_EQ(done.error().code, ErrorCode::cancelled);
}

TEST(Hibari, CancelStopsAnyStage) {
    std::string text;
    for (int i = 0; i < 60; ++i) text += "and another thing that goes on and on without an end ";
    for (const int wait_ms : {1, 10, 40, 90}) {
        Cancel cancel;
        std::chrono::steady_clock::time_point asked;
        std::thread other([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(wait_ms));
            asked = std::chrono::steady_clock::now();
            cancel.cancel();
        });
        const Status done = voice().synthesize(text, {}, cancel, [](auto) { return true; });
        const auto stopped = std::chrono::steady_clock::now();
        other.join();
        ASSERT_FALSE(done.has_value()) << wait_ms;
        EXPECT_EQ(done.error().code, ErrorCode::cancelled);
        std::printf("cancelled after %d ms, back within %.0f ms\n", wait_ms,
                    std::chrono::duration<double, std::milli>(stopped - asked).count());
    }
}

TEST(Hibari, LongTextStreamsSentenceBySentence) {
    std::string text;
    while (text.size() < 100'000) text += "This is one more sentence. ";
    size_t samples = 0;
    const auto start = std::chrono::steady_clock::now();
    double first = 0;
    const Status done = voice().synthesize(text, {}, {}, [&](std::span<const float> block) {
        if (samples == 0)
            first = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        samples += block.size();
        return samples < 24000 * 10;
    });
    EXPECT_TRUE(done.has_value());
    EXPECT_GE(samples, 24000u * 10);
    EXPECT_LT(first, 2.0);
}

TEST(Hibari, SeveralThreadsAtOnce) {
    const auto expected = say("Hello there.");
    std::vector<std::vector<float>> got(3);
    std::vector<std::thread> threads;
    for (auto& samples : got) threads.emplace_back([&samples] { samples = say("Hello there."); });
    for (auto& thread : threads) thread.join();
    for (const auto& samples : got) EXPECT_EQ(samples, expected);
}

TEST(Hibari, VoicesAndTheirErrors) {
    EXPECT_EQ(voice().voices(), std::vector<std::string>{"heart"});
    EXPECT_EQ(voice().phonemes("Hello there.").value(), "həlˈO ðˈɛɹ.");
    EXPECT_EQ(voice().phonemes("Hello there.", "emma").value(), "həlˈQ ðˈɛː.");
    EXPECT_EQ(voice().phonemes("One. Two.").value(), "wˈʌn. tˈu.");
    const auto unknown = voice().phonemes("Hello.", "nobody");
    ASSERT_FALSE(unknown.has_value());
    EXPECT_NE(unknown.error().message().find("heart"), std::string::npos);
    const Status not_here = voice().synthesize("Hello.", {.voice = "emma"}, {}, [](auto) { return true; });
    ASSERT_FALSE(not_here.has_value());
    EXPECT_EQ(not_here.error().code, ErrorCode::not_found);
}

class BrokenAssets : public testing::Test {
  protected:
    void SetUp() override {
        folder_ = std::filesystem::temp_directory_path() / ("coda_hibari_" + std::to_string(getpid()));
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_);
        for (const auto& entry : std::filesystem::directory_iterator(paths::model_dir("hibari"))) {
            std::filesystem::create_symlink(entry.path(), folder_ / entry.path().filename());
        }
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    void replace(const std::string& name, const std::string& bytes) {
        std::filesystem::remove(folder_ / name);
        std::ofstream(folder_ / name, std::ios::binary) << bytes;
    }

    std::filesystem::path folder_;
};

TEST_F(BrokenAssets, NameTheFileThatIsMissingOrDamaged) {
    ASSERT_TRUE(Hibari::open(folder_).has_value());
    for (const char* name :
         {"voices.json", "vocab.json", "normalize.json", "tokenizer_exceptions.json", "tagger.json.gz",
          "lexicon_us_gold.json.gz", "lexicon_us_silver.json.gz", "oov.onnx", "oov.json", "hibari.onnx"}) {
        std::ifstream in(paths::model_dir("hibari") / name, std::ios::binary);
        const std::string whole{std::istreambuf_iterator<char>(in), {}};
        for (const std::string& bytes : {std::string("garbage"), whole.substr(0, whole.size() / 2)}) {
            replace(name, bytes);
            const auto result = Hibari::open(folder_);
            ASSERT_FALSE(result.has_value()) << name << " " << bytes.size();
            EXPECT_NE(result.error().message().find(name), std::string::npos) << result.error().message();
        }
        std::filesystem::remove(folder_ / name);
        EXPECT_FALSE(Hibari::open(folder_).has_value()) << name;
        std::filesystem::create_symlink(paths::model_dir("hibari") / name, folder_ / name);
    }
}

}  // namespace
}  // namespace coda::models
