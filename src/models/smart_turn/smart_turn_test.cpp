#include "models/smart_turn/smart_turn.h"

#include "audio/wav.h"
#include "base/paths.h"

#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace coda::models {
namespace {

Result<std::shared_ptr<SmartTurn>> open_smart_turn() {
    return SmartTurn::open(paths::model_dir("smart-turn") / "smart-turn-v3.2-cpu.onnx", 2);
}

// Probabilities of pipecat-ai's own preprocessing and onnxruntime in Python, on recordings cut at several
// places.
TEST(SmartTurn, AgreesWithPipecat) {
    const auto smart_turn = open_smart_turn();
    ASSERT_TRUE(smart_turn) << smart_turn.error().message();
    std::ifstream file(CODA_SOURCE_DIR "/tests/golden/turn/smart_turn.json");
    const auto rows = nlohmann::json::parse(file);
    ASSERT_GE(rows.size(), 20u);
    for (const auto& row : rows) {
        const auto sound =
            audio::read_wav(CODA_SOURCE_DIR "/tests/data/audio/" + row["file"].get<std::string>());
        ASSERT_TRUE(sound) << sound.error().message();
        const auto heard = std::span(sound->samples).first(row["samples"].get<size_t>());
        const auto got = (*smart_turn)->probability(heard, Cancel());
        ASSERT_TRUE(got) << got.error().message();
        EXPECT_GE(*got, row["low"].get<float>() - 2e-3f) << row["file"] << " at " << row["samples"];
        EXPECT_LE(*got, row["high"].get<float>() + 2e-3f) << row["file"] << " at " << row["samples"];
    }
}

TEST(SmartTurn, SilenceAndNothingAreAnsweredWithoutACrash) {
    const auto smart_turn = open_smart_turn();
    ASSERT_TRUE(smart_turn);
    for (const size_t samples : {size_t{0}, size_t{1}, size_t{200'000}}) {
        const auto got = (*smart_turn)->probability(std::vector<float>(samples), Cancel());
        ASSERT_TRUE(got) << got.error().message();
        EXPECT_GE(*got, 0.0f);
        EXPECT_LE(*got, 1.0f);
    }
}

TEST(SmartTurn, CancelAndAnotherNetworkAreErrors) {
    const auto smart_turn = open_smart_turn();
    ASSERT_TRUE(smart_turn);
    const Cancel cancel;
    cancel.cancel();
    EXPECT_EQ((*smart_turn)->probability({}, cancel).error().code, ErrorCode::cancelled);
    const auto wrong = SmartTurn::open(paths::model_dir("silero-vad") / "silero_vad.onnx", 1);
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().code, ErrorCode::unsupported);
}

}  // namespace
}  // namespace coda::models
