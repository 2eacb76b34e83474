// What the tests of this room share: the packaged model and the golden files, read with plain checks.
#pragma once

#include "base/file_map.h"
#include "base/paths.h"
#include "models/llm/tokenizer.h"
#include "models/llm/vocabulary.h"
#include "runtime/backend.h"
#include "runtime/weights.h"

#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace coda::models::llm {

inline std::filesystem::path packaged_gguf() {
    return paths::model_dir("smollm2-135m-instruct") / "SmolLM2-135M-Instruct.Q4_1.gguf";
}

inline std::filesystem::path golden(const std::string& name) {
    return std::filesystem::path(CODA_SOURCE_DIR) / "tests/golden/llm" / name;
}

inline const std::shared_ptr<const runtime::Weights>& packaged_weights() {
    static const auto weights = [] {
        auto opened = runtime::Weights::open(packaged_gguf());
        if (!opened) ADD_FAILURE() << opened.error().message() << "; script/models fetches it";
        return opened ? *opened : nullptr;
    }();
    return weights;
}

inline std::unique_ptr<runtime::Backend> backend_named(const std::string& name) {
    if (name == "reference") return runtime::create_reference_backend();
    auto backend = runtime::create_cpu_backend({});
    EXPECT_TRUE(backend) << backend.error().message();
    return std::move(*backend);
}

// The packaged vocabulary's parts, to be changed by a test.
inline VocabularyData packaged_vocabulary() {
    VocabularyData data;
    const auto& weights = packaged_weights();
    if (!weights) return data;
    for (const auto token : weights->strings("tokenizer.ggml.tokens")) data.tokens.emplace_back(token);
    for (const auto merge : weights->strings("tokenizer.ggml.merges")) data.merges.emplace_back(merge);
    for (const auto type : weights->integers("tokenizer.ggml.token_type")) {
        data.types.push_back(static_cast<int32_t>(type));
    }
    data.pre = "smollm";
    data.bos = 1;
    data.eos = 2;
    data.add_bos = false;
    return data;
}

// Little-endian values one after the other; running out is a test failure.
class GoldenReader {
  public:
    explicit GoldenReader(const std::string& name) : bytes_(read_file(golden(name)).value_or("")) {
        EXPECT_FALSE(bytes_.empty()) << golden(name);
    }
    template <class T>
    T read() {
        T value{};
        if (at_ + sizeof(T) > bytes_.size()) {
            ADD_FAILURE() << "golden file is too short";
            return value;
        }
        std::memcpy(&value, bytes_.data() + at_, sizeof(T));
        at_ += sizeof(T);
        return value;
    }
    std::string text(size_t length) {
        const std::string out = bytes_.substr(std::min(at_, bytes_.size()), length);
        EXPECT_EQ(out.size(), length) << "golden file is too short";
        at_ += length;
        return out;
    }
    std::string text() { return text(read<uint32_t>()); }
    bool at_end() const { return at_ >= bytes_.size(); }

  private:
    std::string bytes_;
    size_t at_ = 0;
};

// The strings of golden_strings.py, as tokens.bin holds them.
inline std::vector<std::string> golden_strings() {
    GoldenReader file("tokens.bin");
    std::vector<std::string> texts(file.read<uint32_t>());
    for (std::string& text : texts) text = file.text();
    return texts;
}

}  // namespace coda::models::llm
