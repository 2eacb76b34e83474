#include "models/whisper/network.h"

#include "base/file_map.h"
#include "base/paths.h"
#include "tests/support/whisper_ggml.h"

#include <cstring>

#include <gtest/gtest.h>

namespace coda::models::whisper {
namespace {

using runtime::Weights;

std::filesystem::path packaged_model() {
    return paths::model_dir("whisper-tiny.en");
}

Status recorded(std::span<const std::byte> bytes) {
    CODA_TRY(auto weights, Weights::parse(bytes, "model.bin"));
    CODA_TRY(const Network network, record(std::move(weights)));
    return {};
}

TEST(Network, DimensionsOfThePackagedModel) {
    const auto weights = Weights::open(packaged_model() / "model.bin");
    ASSERT_TRUE(weights) << weights.error().message() << "; script/bootstrap fetches the models";
    const auto d = read_dimensions(**weights);
    ASSERT_TRUE(d) << d.error().message();
    EXPECT_EQ(d->mel_bands, 80);
    EXPECT_EQ(d->audio_context, 1500);
    EXPECT_EQ(d->audio_width, 384);
    EXPECT_EQ(d->audio_heads, 6);
    EXPECT_EQ(d->audio_layers, 4);
    EXPECT_EQ(d->text_context, 448);
    EXPECT_EQ(d->text_layers, 4);
    EXPECT_EQ(d->vocabulary, 51864);
    EXPECT_EQ(size_name(*d), "tiny");
}

TEST(Network, TruncatedFilesAreErrors) {
    const auto map = FileMap::open(packaged_model() / "model.bin");
    ASSERT_TRUE(map);
    const auto bytes = map->bytes();
    for (size_t length = 0; length < 600; ++length) EXPECT_FALSE(recorded(bytes.first(length))) << length;
    for (size_t part = 1; part < 200; ++part)
        EXPECT_FALSE(recorded(bytes.first(bytes.size() / 200 * part))) << part;
    EXPECT_FALSE(recorded(bytes.first(bytes.size() - 1)));
    EXPECT_TRUE(recorded(bytes));
}

// A changed byte in a name, a shape or a type is an error or a network of the same size; never a crash.
TEST(Network, ChangedBytesAreErrorsOrHarmless) {
    auto text = read_file(packaged_model() / "model.bin");
    ASSERT_TRUE(text);
    const auto bytes = std::as_bytes(std::span(*text));
    std::vector<size_t> places(400);
    for (size_t i = 0; i < places.size(); ++i) places[i] = i;
    for (const char* name :
         {"encoder/conv1/weight", "decoder/embeddings/weight", "encoder/num_heads", "decoder/num_heads",
          "encoder/position_encodings/encodings", "decoder/layer_0/self_attention/linear_0/weight"}) {
        const size_t at = text->find(name);
        ASSERT_NE(at, std::string::npos) << name;
        for (size_t i = 0; i < std::strlen(name) + 24; ++i) places.push_back(at - 2 + i);
    }
    int refused = 0;
    for (const size_t place : places) {
        const char was = (*text)[place];
        for (const int change : {0x01, 0x80, 0xff}) {
            (*text)[place] = static_cast<char>(was ^ change);
            refused += !recorded(bytes);
        }
        (*text)[place] = was;
    }
    EXPECT_GT(refused, 100);
    EXPECT_TRUE(recorded(bytes));
}

TEST(Network, UnsupportedQuantisationIsNamed) {
    auto text = test::whisper_ggml(packaged_model(), runtime::DType::f16);
    ASSERT_TRUE(text) << text.error().message();
    EXPECT_TRUE(recorded(std::as_bytes(std::span(*text))));
    const std::string name = "encoder.blocks.0.attn.query.weight";
    const size_t type = text->find(name) - 2 * 4 - 4;  // before two extents and the name
    (*text)[type] = 16;                                // iq2_xxs
    const Status status = recorded(std::as_bytes(std::span(*text)));
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::unsupported);
    EXPECT_NE(status.error().message().find(name), std::string::npos) << status.error().message();
    EXPECT_NE(status.error().message().find("IQ2_XXS"), std::string::npos) << status.error().message();
}

}  // namespace
}  // namespace coda::models::whisper
