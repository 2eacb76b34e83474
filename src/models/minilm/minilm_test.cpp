#include "models/minilm/minilm.h"

#include "base/file_map.h"
#include "base/paths.h"

#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace coda::models {
namespace {

namespace fs = std::filesystem;

std::vector<float> from_base64(const std::string& text) {
    static constexpr std::string_view kDigits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::vector<float> out;
    uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        const size_t value = kDigits.find(c);
        if (value == std::string_view::npos) break;
        bits = bits << 6 | static_cast<uint32_t>(value);
        count += 6;
        if (count < 8) continue;
        count -= 8;
        out.push_back(static_cast<float>(static_cast<int8_t>(bits >> count & 0xFF)));
    }
    return out;
}

double cosine(const std::vector<float>& a, const std::vector<float>& b) {
    double ab = 0, aa = 0, bb = 0;
    for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
        ab += static_cast<double>(a[i]) * static_cast<double>(b[i]);
        aa += static_cast<double>(a[i]) * static_cast<double>(a[i]);
        bb += static_cast<double>(b[i]) * static_cast<double>(b[i]);
    }
    return ab / std::sqrt(aa * bb);
}

class MiniLmTest : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        auto backend = runtime::create_cpu_backend({});
        ASSERT_TRUE(backend) << backend.error().message();
        backend_ = std::move(*backend);
        auto opened = MiniLm::open(paths::model_dir("minilm-l6-v2"), *backend_);
        ASSERT_TRUE(opened) << opened.error().message() << "; script/fetch-models minilm-l6-v2 fetches it";
        model_ = *opened;
    }
    static void TearDownTestSuite() {
        model_.reset();
        backend_.reset();
    }
    static inline std::unique_ptr<runtime::Backend> backend_;
    static inline std::shared_ptr<MiniLm> model_;
};

TEST_F(MiniLmTest, IdsAndVectorsAreThoseOfSentenceTransformers) {
    std::ifstream stream(CODA_SOURCE_DIR "/tests/golden/minilm/embeddings.json");
    const auto golden = nlohmann::json::parse(stream);
    ASSERT_GE(golden["texts"].size(), 100u);
    double least = 1;
    for (const auto& entry : golden["texts"]) {
        const auto text = entry["text"].get<std::string>();
        EXPECT_EQ(model_->tokens(text), entry["ids"].get<std::vector<int32_t>>()) << text;
        const auto vector = model_->embed(text, Cancel());
        ASSERT_TRUE(vector) << vector.error().message();
        ASSERT_EQ(vector->size(), 384u);
        const double near = cosine(*vector, from_base64(entry["vector"].get<std::string>()));
        EXPECT_GE(near, 0.999) << text;
        least = std::min(least, near);
        EXPECT_NEAR(cosine(*vector, *vector), 1, 1e-6);
    }
    RecordProperty("least_cosine", std::to_string(least));
    std::printf("least cosine over %zu texts: %.6f\n", golden["texts"].size(), least);
}

TEST_F(MiniLmTest, CancelIsSeen) {
    Cancel cancel;
    cancel.cancel();
    const auto vector = model_->embed("hello", cancel);
    ASSERT_FALSE(vector);
    EXPECT_EQ(vector.error().code, ErrorCode::cancelled);
}

TEST(MiniLm, NamesTheMissingFile) {
    auto backend = runtime::create_cpu_backend({});
    ASSERT_TRUE(backend);
    const auto opened = MiniLm::open("/nowhere", **backend);
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().message().find("vocab.txt"), std::string::npos);
}

TEST(MiniLm, RefusesANetworkThatIsNoBert) {
    auto backend = runtime::create_cpu_backend({});
    ASSERT_TRUE(backend);
    const fs::path folder = fs::temp_directory_path() / "coda-minilm-test";
    fs::create_directories(folder);
    ASSERT_TRUE(write_file_atomic(folder / "vocab.txt", std::string("[CLS]\n[SEP]\n[UNK]\n")));
    const std::string header =
        R"({"embeddings.word_embeddings.weight":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},)"
        R"("embeddings.position_embeddings.weight":{"dtype":"F32","shape":[1,2],"data_offsets":[16,24]}})";
    std::string file(8, '\0');
    file[0] = static_cast<char>(header.size() & 0xFF);
    file[1] = static_cast<char>(header.size() >> 8);
    file += header + std::string(24, '\0');
    ASSERT_TRUE(write_file_atomic(folder / "model.safetensors", file));
    const auto opened = MiniLm::open(folder, **backend);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::bad_format) << opened.error().message();
    fs::remove_all(folder);
}

}  // namespace
}  // namespace coda::models
