#include "models/silero/silero.h"

#include "audio/wav.h"
#include "base/paths.h"

#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace coda::models {
namespace {

using Frame = std::span<const float, Silero::kFrameSamples>;

std::shared_ptr<Silero> open_silero() {
    auto silero = Silero::open(paths::model_dir("silero-vad") / "silero_vad.onnx");
    EXPECT_TRUE(silero) << silero.error().message();
    return silero ? *silero : nullptr;
}

// Probabilities of onnxruntime in Python, over whole files, the state never set back.
TEST(Silero, AgreesWithPythonOnnxruntime) {
    const auto silero = open_silero();
    ASSERT_TRUE(silero);
    std::ifstream file(CODA_SOURCE_DIR "/tests/golden/turn/silero.json");
    const auto rows = nlohmann::json::parse(file);
    ASSERT_GE(rows.size(), 4u);
    for (const auto& row : rows) {
        const auto sound =
            audio::read_wav(CODA_SOURCE_DIR "/tests/data/audio/" + row["file"].get<std::string>());
        ASSERT_TRUE(sound) << sound.error().message();
        Silero::State state;
        const auto& expected = row["probabilities"];
        ASSERT_EQ(expected.size(), sound->samples.size() / Silero::kFrameSamples);
        for (size_t i = 0; i < expected.size(); ++i) {
            const auto got = silero->probability(
                Frame(sound->samples.data() + i * Silero::kFrameSamples, Silero::kFrameSamples), state);
            ASSERT_TRUE(got) << got.error().message();
            ASSERT_NEAR(*got, expected[i].get<float>(), 1e-4) << row["file"] << " frame " << i;
        }
    }
}

TEST(VadStream, SetsItselfBackOnlyInQuiet) {
    const auto silero = open_silero();
    ASSERT_TRUE(silero);
    const std::vector<float> silence(Silero::kFrameSamples);
    VadStream quiet(silero), speaking(silero), fresh(silero);
    for (int i = 0; i < 62; ++i) {
        ASSERT_TRUE(quiet.probability(Frame(silence), false));
        ASSERT_TRUE(speaking.probability(Frame(silence), true));
    }
    const float first = *fresh.probability(Frame(silence), false);
    EXPECT_EQ(*quiet.probability(Frame(silence), false), first);
    EXPECT_NE(*speaking.probability(Frame(silence), true), first);
}

TEST(Silero, AnotherNetworkIsRefused) {
    const auto wrong = Silero::open(paths::model_dir("smart-turn") / "smart-turn-v3.2-cpu.onnx");
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().code, ErrorCode::unsupported);
}

}  // namespace
}  // namespace coda::models
