#include "runtime/weights.h"

#include "base/file_map.h"
#include "base/paths.h"
#include "runtime/weights_parser.h"

#include <array>
#include <cstring>
#include <filesystem>
#include <functional>

#include <gtest/gtest.h>
#include <unistd.h>

namespace coda::runtime {
namespace {

// Writes little-endian values one after the other.
class Bytes {
  public:
    template <class T>
    Bytes& put(T value) {
        const auto* raw = reinterpret_cast<const std::byte*>(&value);
        bytes_.insert(bytes_.end(), raw, raw + sizeof value);
        return *this;
    }
    Bytes& text(std::string_view text) {
        for (const char c : text) put(c);
        return *this;
    }
    Bytes& text64(std::string_view value) { return put(uint64_t{value.size()}).text(value); }
    Bytes& text32(std::string_view value) { return put(static_cast<uint32_t>(value.size())).text(value); }
    Bytes& name16(std::string_view value) {
        return put(static_cast<uint16_t>(value.size() + 1)).text(value).put('\0');
    }
    Bytes& floats(std::initializer_list<float> values) {
        for (const float v : values) put(v);
        return *this;
    }
    Bytes& pad_to(size_t unit) {
        while (bytes_.size() % unit) put('\0');
        return *this;
    }
    const std::vector<std::byte>& bytes() const { return bytes_; }

  private:
    std::vector<std::byte> bytes_;
};

enum GgufType : uint32_t { kU32 = 4, kF32 = 6, kBool = 7, kString = 8, kArray = 9, kU64 = 10 };

std::vector<std::byte> small_gguf(uint32_t tensor_type = 0, uint32_t version = 3) {
    Bytes file;
    file.text("GGUF").put(version).put(uint64_t{2}).put(uint64_t{6});
    file.text64("general.architecture").put(kString).text64("llama");
    file.text64("llama.block_count").put(kU32).put(uint32_t{7});
    file.text64("llama.rope.freq_base").put(kF32).put(1e5f);
    file.text64("add_bos").put(kBool).put(uint8_t{1});
    file.text64("tokens").put(kArray).put(kString).put(uint64_t{3}).text64("a").text64("").text64("bc");
    file.text64("types").put(kArray).put(kU32).put(uint64_t{2}).put(uint32_t{3}).put(uint32_t{1});
    file.text64("m").put(uint32_t{2}).put(uint64_t{3}).put(uint64_t{2}).put(tensor_type).put(uint64_t{0});
    file.text64("v").put(uint32_t{1}).put(uint64_t{2}).put(uint32_t{0}).put(uint64_t{32});
    file.pad_to(32).floats({1, 2, 3, 4, 5, 6}).pad_to(32).floats({7, 8});
    return file.bytes();
}

// A row of 256 elements of every quantization, by ggml's numbers.
std::vector<std::byte> quantized_gguf() {
    constexpr std::array kTypes = {2u, 3u, 6u, 7u, 8u, 10u, 11u, 12u, 13u, 14u, 20u, 23u, 39u};
    Bytes file, data;
    file.text("GGUF").put(uint32_t{3}).put(uint64_t{kTypes.size()}).put(uint64_t{0});
    for (const uint32_t type : kTypes) {
        const auto dtype = ggml_dtype(type);
        EXPECT_TRUE(dtype) << type;
        data.pad_to(32);
        file.text64("t" + std::to_string(type)).put(uint32_t{1}).put(uint64_t{256}).put(type);
        file.put(uint64_t{data.bytes().size()});
        for (size_t i = 0; i < *byte_size(*dtype, Shape{256}); ++i) data.put(static_cast<uint8_t>(i));
    }
    file.pad_to(32);
    for (const std::byte b : data.bytes()) file.put(b);
    return file.bytes();
}

std::vector<std::byte> small_ctranslate2() {
    Bytes file;
    file.put(uint32_t{6}).name16("WhisperSpec").put(uint32_t{3}).put(uint32_t{2});
    file.name16("encoder/num_heads").put(uint8_t{0}).put(uint8_t{2}).put(uint32_t{2}).put(int16_t{6});
    file.name16("w").put(uint8_t{2}).put(uint32_t{2}).put(uint32_t{2}).put(uint8_t{0}).put(uint32_t{16});
    file.floats({1, 2, 3, 4});
    file.put(uint32_t{1}).name16("alias").name16("w");
    return file.bytes();
}

std::vector<std::byte> small_whisper_ggml() {
    Bytes file;
    file.put(uint32_t{0x67676d6c});
    for (int32_t i = 0; i < 11; ++i) file.put(int32_t{100 + i});
    file.put(int32_t{2}).put(int32_t{3}).floats({1, 2, 3, 4, 5, 6});
    file.put(uint32_t{2}).text32("a").text32("bc");
    file.put(uint32_t{2})
        .put(uint32_t{1})
        .put(uint32_t{0})
        .put(int32_t{3})
        .put(int32_t{1})
        .text("w")
        .floats({1, 2, 3});
    return file.bytes();
}

std::vector<std::byte> small_safetensors() {
    Bytes file;
    file.text64(
        R"({"__metadata__":{"format":"p\u0074"},"w":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}})");
    file.floats({1, 2});
    return file.bytes();
}

std::shared_ptr<const Weights> parsed(std::span<const std::byte> bytes) {
    auto weights = Weights::parse(bytes, "small");
    EXPECT_TRUE(weights) << weights.error().message();
    return weights ? *weights : nullptr;
}

TEST(Weights, ReadsGguf) {
    const auto file = small_gguf();
    const auto weights = parsed(file);
    ASSERT_TRUE(weights);
    EXPECT_EQ(weights->format(), WeightsFormat::gguf);
    EXPECT_EQ(weights->string("general.architecture"), "llama");
    EXPECT_EQ(weights->integer("llama.block_count"), 7);
    EXPECT_FLOAT_EQ(static_cast<float>(*weights->number("llama.rope.freq_base")), 1e5f);
    EXPECT_EQ(weights->boolean("add_bos"), true);
    ASSERT_EQ(weights->strings("tokens").size(), 3u);
    EXPECT_EQ(weights->strings("tokens")[2], "bc");
    EXPECT_EQ(weights->integers("types")[0], 3);
    EXPECT_EQ(weights->integer("add_bos"), std::nullopt);
    const auto m = weights->get("m", {2, 3});
    ASSERT_TRUE(m) << m.error().message();
    EXPECT_EQ(to_floats(*m), (std::vector<float>{1, 2, 3, 4, 5, 6}));
    EXPECT_EQ(to_floats(*weights->find("v")), (std::vector<float>{7, 8}));
}

TEST(Weights, ReadsCTranslate2) {
    const auto file = small_ctranslate2();
    const auto weights = parsed(file);
    ASSERT_TRUE(weights);
    EXPECT_EQ(weights->string("spec"), "WhisperSpec");
    EXPECT_EQ(weights->integer("encoder/num_heads"), 6);
    ASSERT_TRUE(weights->find("alias"));
    EXPECT_EQ(to_floats(*weights->find("alias")), (std::vector<float>{1, 2, 3, 4}));
}

TEST(Weights, ReadsWhisperGgml) {
    const auto file = small_whisper_ggml();
    const auto weights = parsed(file);
    ASSERT_TRUE(weights);
    EXPECT_EQ(weights->integer("n_vocab"), 100);
    EXPECT_EQ(weights->integer("ftype"), 110);
    EXPECT_EQ(weights->strings("vocabulary")[1], "bc");
    EXPECT_EQ(weights->find("mel_filters")->shape, (Shape{2, 3}));
    EXPECT_EQ(weights->find("w")->shape, (Shape{1, 3}));
}

TEST(Weights, ReadsSafetensors) {
    const auto file = small_safetensors();
    const auto weights = parsed(file);
    ASSERT_TRUE(weights);
    EXPECT_EQ(weights->string("format"), "pt");
    EXPECT_EQ(to_floats(*weights->find("w")), (std::vector<float>{1, 2}));
}

// Part `number` (from 0) of `count`, with one tensor of its own.
std::vector<std::byte> gguf_part(uint16_t number, uint16_t count, int32_t tensors = 2) {
    enum : uint32_t { kU16 = 2, kI32 = 5 };
    Bytes file;
    file.text("GGUF").put(uint32_t{3}).put(uint64_t{1}).put(uint64_t{4});
    file.text64("part").put(kU32).put(uint32_t{number});
    file.text64("split.no").put(kU16).put(number);
    file.text64("split.count").put(kU16).put(count);
    file.text64("split.tensors.count").put(kI32).put(tensors);
    file.text64(number == 0 ? "a" : "b").put(uint32_t{1}).put(uint64_t{1}).put(uint32_t{0}).put(uint64_t{0});
    file.pad_to(32).floats({static_cast<float>(number + 1)});
    return file.bytes();
}

class SplitGguf : public testing::Test {
  protected:
    void SetUp() override {
        folder_ = std::filesystem::path(testing::TempDir()) / ("coda-split-" + std::to_string(getpid()));
        std::filesystem::create_directories(folder_);
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }
    std::filesystem::path write(const std::string& name, const std::vector<std::byte>& bytes) const {
        EXPECT_TRUE(write_file_atomic(folder_ / name, bytes));
        return folder_ / name;
    }
    std::filesystem::path folder_;
};

TEST_F(SplitGguf, AnyPartOpensTheWhole) {
    const auto first = write("m-00001-of-00002.gguf", gguf_part(0, 2)),
               second = write("m-00002-of-00002.gguf", gguf_part(1, 2));
    for (const auto& path : {first, second})
        for (const auto access : {Weights::Access::map, Weights::Access::read}) {
            const auto weights = Weights::open(path, access);
            ASSERT_TRUE(weights) << weights.error().message();
            EXPECT_EQ((*weights)->integer("part"), 0) << "the first part's metadata";
            ASSERT_EQ((*weights)->tensors().size(), 2u);
            EXPECT_EQ(to_floats(*(*weights)->find("a")), (std::vector<float>{1}));
            EXPECT_EQ(to_floats(*(*weights)->find("b")), (std::vector<float>{2}));
        }
}

TEST_F(SplitGguf, ALinkFindsThePartsBesideItsTarget) {
    const auto first = write("m-00001-of-00002.gguf", gguf_part(0, 2));
    write("m-00002-of-00002.gguf", gguf_part(1, 2));
    std::filesystem::create_directories(folder_ / "links");
    for (const char* name : {"mine.gguf", "m-00001-of-00002.gguf"}) {
        std::filesystem::create_symlink(first, folder_ / "links" / name);
        const auto weights = Weights::open(folder_ / "links" / name);
        ASSERT_TRUE(weights) << weights.error().message();
        EXPECT_EQ((*weights)->tensors().size(), 2u);
    }
}

TEST_F(SplitGguf, SaysWhichPartIsMissingOrWrong) {
    const auto first = write("m-00001-of-00002.gguf", gguf_part(0, 2));
    const auto missing = Weights::open(first);
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, ErrorCode::not_found);
    EXPECT_NE(missing.error().message().find("m-00002-of-00002.gguf: part 2 of 2 is missing"),
              std::string::npos)
        << missing.error().message();

    write("m-00002-of-00002.gguf", gguf_part(0, 2));
    EXPECT_EQ(Weights::open(first).error().code, ErrorCode::bad_format) << "the first part twice";
    write("m-00002-of-00002.gguf", gguf_part(1, 3));
    EXPECT_EQ(Weights::open(first).error().code, ErrorCode::bad_format) << "of another model";
    write("m-00001-of-00002.gguf", gguf_part(0, 2, 5));
    write("m-00002-of-00002.gguf", gguf_part(1, 2));
    EXPECT_EQ(Weights::open(first).error().code, ErrorCode::bad_format) << "three tensors too few";

    const auto renamed = Weights::open(write("renamed.gguf", gguf_part(0, 2)));
    ASSERT_FALSE(renamed);
    EXPECT_NE(renamed.error().message().find("NAME-00001-of-00002.gguf"), std::string::npos);
}

TEST(SplitName, IsReadFromItsPlaceOnly) {
    const auto name = split_name("Big-00002-of-00013.gguf");
    ASSERT_TRUE(name);
    EXPECT_EQ(name->part, 2);
    EXPECT_EQ(name->count, 13);
    EXPECT_EQ(name->of_part(13), "Big-00013-of-00013.gguf");
    for (const char* other : {"", "m.gguf", "m-00000-of-00002.gguf", "m-00003-of-00002.gguf",
                              "m-0001-of-0002.gguf", "m-00001-of-00002.bin", "m-0000x-of-00002.gguf"})
        EXPECT_FALSE(split_name(other)) << other;
}

TEST(Weights, NamesWhatIsUnsupported) {
    const auto iq1 = Weights::parse(small_gguf(19), "model.gguf");
    ASSERT_FALSE(iq1);
    EXPECT_EQ(iq1.error().code, ErrorCode::unsupported);
    EXPECT_NE(
        iq1.error().message().find("model.gguf: tensor m: is quantized as IQ1_S; supported are F32, F16, "
                                   "Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_NL, "
                                   "IQ4_XS, BF16, MXFP4"),
        std::string::npos)
        << iq1.error().message();
    const auto version = Weights::parse(small_gguf(0, 1), "model.gguf");
    ASSERT_FALSE(version);
    EXPECT_EQ(version.error().code, ErrorCode::unsupported);
}

TEST(Weights, MissingOrMisshapenTensorIsNamed) {
    const auto file = small_gguf();
    const auto weights = parsed(file);
    ASSERT_TRUE(weights);
    EXPECT_EQ(weights->get("nothing").error().message().find("small: tensor nothing: is missing"), 0u);
    EXPECT_NE(weights->get("m", {3, 2}).error().message().find("is [2, 3], expected [3, 2]"),
              std::string::npos);
    EXPECT_NE(weights->require_integer("llama.block_count", 8, 9).error().message().find("expected 8 to 9"),
              std::string::npos);
}

class DamagedWeights : public testing::TestWithParam<std::pair<const char*, std::vector<std::byte> (*)()>> {
  protected:
    std::vector<std::byte> file_ = GetParam().second();
};

// What a parser accepted must be readable to the last byte (ASan watches).
void touch(const Weights& weights) {
    for (const TensorView& tensor : weights.tensors())
        if (is_weight(tensor.dtype) && tensor.shape.elements() < 4096) to_floats(tensor);
}

TEST_P(DamagedWeights, CutAtEveryByteIsAnError) {
    // whisper.cpp's tensors run to the end of the file, so a cut between two of them cannot be told.
    const bool open_ended = std::string_view(GetParam().first) == "whisper_ggml";
    for (size_t length = 0; length < file_.size(); ++length) {
        const std::vector<std::byte> cut(file_.begin(), file_.begin() + static_cast<std::ptrdiff_t>(length));
        const auto weights = Weights::parse(cut, "cut");
        if (weights && open_ended && (*weights)->find("w") == nullptr) continue;
        ASSERT_FALSE(weights) << "accepted " << length << " of " << file_.size() << " bytes";
        EXPECT_FALSE(weights.error().where.empty());
        EXPECT_FALSE(weights.error().mend.empty());
    }
}

TEST_P(DamagedWeights, EveryByteChangedIsAnErrorOrReadable) {
    for (size_t at = 0; at < file_.size(); ++at) {
        for (const int mask : {0x01, 0x80, 0xff}) {
            auto changed = file_;
            changed[at] ^= static_cast<std::byte>(mask);
            if (const auto weights = Weights::parse(changed, "changed")) touch(**weights);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Formats, DamagedWeights,
                         testing::Values(std::pair{"gguf", +[] { return small_gguf(); }},
                                         std::pair{"quantized_gguf", &quantized_gguf},
                                         std::pair{"ctranslate2", &small_ctranslate2},
                                         std::pair{"whisper_ggml", &small_whisper_ggml},
                                         std::pair{"safetensors", &small_safetensors}),
                         [](const auto& format) { return format.param.first; });

TEST(Weights, OpensThePackagedModels) {
    const auto llm =
        Weights::open(paths::model_dir("smollm2-135m-instruct") / "SmolLM2-135M-Instruct.Q4_1.gguf");
    ASSERT_TRUE(llm) << llm.error().message() << "; script/bootstrap fetches it";
    EXPECT_EQ((*llm)->tensors().size(), 272u);
    EXPECT_EQ((*llm)->strings("tokenizer.ggml.tokens").size(), 49152u);
    EXPECT_EQ((*llm)->find("token_embd.weight")->dtype, DType::q8_0);
    const auto stt = Weights::open(paths::model_dir("whisper-tiny.en") / "model.bin");
    ASSERT_TRUE(stt) << stt.error().message();
    EXPECT_EQ((*stt)->tensors().size(), 148u);
    EXPECT_EQ((*stt)->find("decoder/projection/weight")->shape, (Shape{51864, 384}));
    const auto minilm = Weights::open(paths::model_dir("minilm-l6-v2") / "model.safetensors");
    ASSERT_TRUE(minilm) << minilm.error().message();
    EXPECT_NE((*minilm)->find("embeddings.word_embeddings.weight"), nullptr);
}

TEST(Weights, WhatCannotBeOpened) {
    EXPECT_EQ(Weights::open("/no/such/file").error().code, ErrorCode::not_found);
    EXPECT_EQ(Weights::open("/").error().code, ErrorCode::bad_format);
    EXPECT_EQ(Weights::open("/dev/null").error().code, ErrorCode::bad_format);
}

}  // namespace
}  // namespace coda::runtime
