#include "models/llm/vocabulary.h"

#include "models/llm/unicode.h"

#include <fmt/format.h>

namespace coda::models::llm {

namespace {

std::vector<std::string> to_strings(std::span<const std::string_view> views) {
    return {views.begin(), views.end()};
}

// Whole numbers in some files.
std::vector<float> read_scores(const runtime::Weights& weights) {
    constexpr const char* kKey = "tokenizer.ggml.scores";
    std::vector<float> scores;
    for (const double score : weights.numbers(kKey)) scores.push_back(static_cast<float>(score));
    for (const int64_t score : weights.integers(kKey)) scores.push_back(static_cast<float>(score));
    return scores;
}

// Where a file does not name them, SentencePiece's own.
void set_usual_markers(VocabularyData& data) {
    if (data.tokens.size() < 3) return;
    data.unknown = 0;
    data.bos = 1;
    data.eos = 2;
}

}  // namespace

Result<Tokenizer> read_tokenizer(const runtime::Weights& weights) {
    const auto place = [&](std::string_view key) { return fmt::format("{}: {}", weights.path(), key); };
    const auto model = weights.string("tokenizer.ggml.model");
    if (!model) {
        return fail(ErrorCode::bad_format, "is missing", place("tokenizer.ggml.model"),
                    "fetch or convert the model again");
    }
    VocabularyData data;
    data.tokens = to_strings(weights.strings("tokenizer.ggml.tokens"));
    if (*model == "gpt2") {
        data.merges = to_strings(weights.strings("tokenizer.ggml.merges"));
        if (data.merges.empty()) {
            return fail(ErrorCode::bad_format, "is missing", place("tokenizer.ggml.merges"),
                        "fetch or convert the model again");
        }
        data.pre = weights.string("tokenizer.ggml.pre").value_or("");
    } else if (*model == "llama") {
        data.model = VocabularyData::Model::sentence_pieces;
        data.scores = read_scores(weights);
        data.add_space_prefix = weights.boolean("tokenizer.ggml.add_space_prefix");
        set_usual_markers(data);
    } else {
        return fail(ErrorCode::unsupported, fmt::format("tokenizer '{}' is not supported", printable(*model)),
                    place("tokenizer.ggml.model"),
                    "use a model with byte-level BPE ('gpt2') or SentencePiece ('llama')");
    }
    for (const int64_t type : weights.integers("tokenizer.ggml.token_type")) {
        data.types.push_back(
            type >= 0 && type <= static_cast<int64_t>(TokenType::byte) ? static_cast<int32_t>(type) : 0);
    }
    const auto read_marker = [&](const char* key, std::optional<int64_t>& id) {
        if (const auto stated = weights.integer(fmt::format("tokenizer.ggml.{}_token_id", key))) id = stated;
    };
    read_marker("bos", data.bos);
    read_marker("eos", data.eos);
    read_marker("eot", data.eot);
    if (data.model == VocabularyData::Model::sentence_pieces) read_marker("unknown", data.unknown);
    data.add_bos = weights.boolean("tokenizer.ggml.add_bos_token");
    return Tokenizer::create(std::move(data), weights.path());
}

}  // namespace coda::models::llm
