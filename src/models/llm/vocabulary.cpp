#include "models/llm/vocabulary.h"

#include "models/llm/unicode.h"

#include <fmt/format.h>

namespace coda::models::llm {

namespace {

std::vector<std::string> to_strings(std::span<const std::string_view> views) {
    return {views.begin(), views.end()};
}

}  // namespace

Result<Tokenizer> read_tokenizer(const runtime::Weights& weights) {
    const auto place = [&](std::string_view key) { return fmt::format("{}: {}", weights.path(), key); };
    const auto model = weights.string("tokenizer.ggml.model");
    if (!model) {
        return fail(ErrorCode::bad_format, "is missing", place("tokenizer.ggml.model"),
                    "fetch or convert the model again");
    }
    if (*model != "gpt2") {
        return fail(ErrorCode::unsupported, fmt::format("tokenizer '{}' is not supported", printable(*model)),
                    place("tokenizer.ggml.model"), "use a model with byte-level BPE ('gpt2')");
    }
    VocabularyData data;
    data.tokens = to_strings(weights.strings("tokenizer.ggml.tokens"));
    data.merges = to_strings(weights.strings("tokenizer.ggml.merges"));
    if (data.merges.empty()) {
        return fail(ErrorCode::bad_format, "is missing", place("tokenizer.ggml.merges"),
                    "fetch or convert the model again");
    }
    for (const int64_t type : weights.integers("tokenizer.ggml.token_type")) {
        data.types.push_back(
            type >= 0 && type <= static_cast<int64_t>(TokenType::byte) ? static_cast<int32_t>(type) : 0);
    }
    data.pre = weights.string("tokenizer.ggml.pre").value_or("");
    data.bos = weights.integer("tokenizer.ggml.bos_token_id");
    data.eos = weights.integer("tokenizer.ggml.eos_token_id");
    data.eot = weights.integer("tokenizer.ggml.eot_token_id");
    data.add_bos = weights.boolean("tokenizer.ggml.add_bos_token");
    return Tokenizer::create(std::move(data), weights.path());
}

}  // namespace coda::models::llm
