#include "models/llm/activation_check.h"

#include "models/llm/activation_text.h"
#include "models/llm/llm.h"
#include "models/llm/test_files.h"
#include "models/llm/vocabulary.h"

#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

namespace coda::models::llm {
namespace {

// The cache folder of one test, and nobody else's.
class ActivationVerdict : public testing::Test {
  protected:
    void SetUp() override {
        folder_ = std::filesystem::temp_directory_path() /
                  ("coda-activations-" + std::to_string(getpid()) + "-" +
                   testing::UnitTest::GetInstance()->current_test_info()->name());
        std::filesystem::remove_all(folder_);
        setenv("CODA_CACHE_DIR", folder_.c_str(), 1);
        backend_ = backend_named("cpu");
    }
    void TearDown() override {
        unsetenv("CODA_CACHE_DIR");
        std::filesystem::remove_all(folder_);
    }
    std::filesystem::path folder_;
    std::unique_ptr<runtime::Backend> backend_;
};

ActivationCheck example() {
    ActivationCheck check;
    check.positions = 300;
    check.kl_all = 4e-3;
    check.error_all = 1e-4;
    check.kl = 8e-4;
    check.error = 5e-5;
    check.share = 0.5;
    check.date = "2026-11-27";
    check.parts = {{"qkv 0-0", {}, 100, 1e-4, 1e-5, true}, {"down 0-0", {}, 100, 3e-3, 1e-4, false}};
    check.int8_weights = {"blk.0.attn_q.weight", "blk.0.attn_k.weight", "blk.0.attn_v.weight"};
    return check;
}

TEST_F(ActivationVerdict, ThePackagedModelMayNotRoundEverythingTo8Bits) {
    const auto weights = packaged_weights();
    EXPECT_FALSE(kept_activation_check(*weights, *backend_));
    const auto check = check_model_activations(packaged_gguf(), *backend_, Cancel());
    ASSERT_TRUE(check) << check.error().message();
    std::printf("%s\n", check->text().c_str());
    for (const auto& part : check->parts)
        std::printf("  %-24s %.2e +- %.0e %s\n", part.name.c_str(), part.kl, part.error,
                    part.int8 ? "8" : "16");
    if (check->kl_all == 0) GTEST_SKIP() << "skipped: " << backend_->description() << " has no 8-bit kernels";
    EXPECT_GE(check->positions, 300);
    EXPECT_GT(check->kl_all, ActivationCheck::kBound);
    EXPECT_FALSE(check->all());
    EXPECT_LE(check->kl + check->error, ActivationCheck::kBound);

    const auto kept = kept_activation_check(*weights, *backend_);
    ASSERT_TRUE(kept);
    EXPECT_EQ(kept->int8_weights, check->int8_weights);
    EXPECT_DOUBLE_EQ(kept->kl_all, check->kl_all);
    // It is what opening the model goes by.
    const auto opened = open_llm(packaged_gguf(), *backend_, {.context_length = 256});
    ASSERT_TRUE(opened) << opened.error().message();
    const ActivationsInUse in_use = (*opened)->activations();
    EXPECT_EQ(in_use.bits, check->int8_weights.empty() ? "16" : "8 and 16");
    EXPECT_EQ(in_use.reason, check->text());
    const auto exact =
        open_llm(packaged_gguf(), *backend_, {.context_length = 256, .activations = ActivationBits::exact});
    ASSERT_TRUE(exact);
    EXPECT_EQ((*exact)->activations().bits, "16");
}

// Options change what a run computes, not the weights it computes with.
TEST_F(ActivationVerdict, OneFileInBothRoundingsSharesItsWeights) {
    const auto weights = packaged_weights();
    const auto config = read_decoder_config(*weights);
    ASSERT_TRUE(config);
    const auto program = record_decoder(weights, *config, 32);
    ASSERT_TRUE(program);
    const auto exact = backend_->compile(program->program, {});
    ASSERT_TRUE(exact);
    const auto other = (*exact)->with({.int8_weights = {"blk.3.ffn_down.weight"}});
    const auto same = (*exact)->with({});
    ASSERT_TRUE(other && same);
    const std::vector<int32_t> ids = {1, 2, 3, 4, 5, 6, 7, 8};
    const auto logits = [&](const runtime::Executable& executable) {
        auto state = executable.new_state();
        runtime::StepInput input;
        input.tokens = ids;
        EXPECT_TRUE(executable.run(*program->score, input, **state, Cancel(), runtime::Priority::background));
        const auto view = (*state)->output("logits").values;
        return std::vector<float>(view.begin(), view.end());
    };
    const auto expected = logits(**exact);
    EXPECT_EQ(logits(**same), expected);
    if (backend_->description().find("x86-64-v2") == std::string::npos) {
        EXPECT_NE(logits(**other), expected);
    }
    EXPECT_EQ((*other)->weight_bytes(), (*exact)->weight_bytes());
}

TEST_F(ActivationVerdict, OfAnotherFileBuildOrDeviceIsNotTaken) {
    const auto weights = packaged_weights();
    ASSERT_TRUE(keep_activation_check(example(), *weights, *backend_));
    ASSERT_TRUE(kept_activation_check(*weights, *backend_));
    const auto reference = backend_named("reference");
    EXPECT_FALSE(kept_activation_check(*weights, *reference));
    const auto other = runtime::Weights::open(golden("tiny-q4_0.gguf"));
    ASSERT_TRUE(other);
    EXPECT_FALSE(kept_activation_check(**other, *backend_));
    for (const auto& file : std::filesystem::directory_iterator(folder_ / "activations")) {
        std::string text = *read_file(file.path());
        const size_t at = text.find("\"build\": \"");
        ASSERT_NE(at, std::string::npos);
        text.insert(at + 10, "9");
        ASSERT_TRUE(write_file_atomic(file.path(), text));
    }
    EXPECT_FALSE(kept_activation_check(*weights, *backend_));
}

TEST(ActivationCheckText, SurvivesAndRefusesWhatIsWrong) {
    const ActivationCheck check = example();
    const std::string text = to_json_text(check);
    const auto read = parse_activation_check(text, "check.json");
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(read->int8_weights, check.int8_weights);
    EXPECT_EQ(read->parts.size(), 2u);
    EXPECT_DOUBLE_EQ(read->kl, check.kl);
    EXPECT_TRUE(read->parts[0].int8);
    for (size_t length = 0; length + 2 < text.size(); ++length) {
        const auto cut = parse_activation_check(std::string_view(text).substr(0, length), "check.json");
        ASSERT_FALSE(cut) << length;
        EXPECT_EQ(cut.error().code, ErrorCode::bad_format);
    }
    // Nobody can write 8 bits in that were not allowed.
    ActivationCheck above = check;
    above.kl = 2e-3;
    const auto refused = parse_activation_check(to_json_text(above), "check.json");
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message().find("above"), std::string::npos) << refused.error().message();
}

TEST(Fingerprint, TellsFilesApart) {
    const auto a = runtime::Weights::open(golden("tiny-q4_0.gguf")),
               b = runtime::Weights::open(golden("tiny-q8_0-biases.gguf"));
    ASSERT_TRUE(a && b);
    EXPECT_EQ(runtime::fingerprint(**a),
              runtime::fingerprint(**runtime::Weights::open(golden("tiny-q4_0.gguf"))));
    EXPECT_NE(runtime::fingerprint(**a), runtime::fingerprint(**b));
}

}  // namespace
}  // namespace coda::models::llm
