// Random texts under the mask of a JSON schema, for tests/schema_mask_test.py. Each line of stdin is
// {"schema": {...}, "seed": n, "count": k}; each line of stdout {"texts": [...], "unfinished": n} or
// {"error": "...", "code": "..."}. The only argument is the GGUF whose vocabulary is used.
#include "models/llm/grammar/json_schema.h"
#include "models/llm/grammar/matcher.h"
#include "models/llm/vocabulary.h"
#include "runtime/weights.h"

#include <cstdio>
#include <iostream>
#include <random>

#include <nlohmann/json.hpp>

namespace {

namespace grammar = coda::models::llm::grammar;
using Json = nlohmann::ordered_json;

constexpr int kMaxTokens = 600, kHurry = 60;

// A token drawn from the mask; later in the text one that brings it to an end, where there is one.
int32_t draw(std::span<const uint32_t> mask, const grammar::Vocabulary& vocabulary, int length,
             std::mt19937& random) {
    std::vector<int32_t> tokens, closing;
    for (int32_t token = 0; token < vocabulary.size(); ++token) {
        if ((mask[static_cast<size_t>(token) / 32] >> (static_cast<uint32_t>(token) % 32) & 1) == 0) continue;
        tokens.push_back(token);
        const std::string_view piece = vocabulary.piece(token);
        if (piece == "\"" || piece == "}" || piece == "]") closing.push_back(token);
    }
    const auto& from = !closing.empty() && (length > kHurry || random() % 8 == 0) ? closing : tokens;
    return from[random() % from.size()];
}

bool sample(grammar::Matcher& matcher, const grammar::Vocabulary& vocabulary, std::mt19937& random,
            std::string& text) {
    matcher.reset();
    text.clear();
    for (int length = 0; length < kMaxTokens; ++length) {
        if (matcher.finished()) return true;
        const auto mask = matcher.allowed();
        if (mask.empty()) return false;
        if (matcher.complete() && random() % 2 == 0) return true;
        const int32_t token = draw(mask, vocabulary, length, random);
        const bool ends =
            std::find(vocabulary.ends().begin(), vocabulary.ends().end(), token) != vocabulary.ends().end();
        if (ends) {
            if (!matcher.complete()) std::abort();
            return true;
        }
        if (!matcher.accept(vocabulary.piece(token))) std::abort();  // the mask allowed it
        text += vocabulary.piece(token);
    }
    return matcher.complete();
}

Json answer(const Json& request, const std::shared_ptr<const grammar::Vocabulary>& vocabulary) {
    auto compiled = grammar::schema_grammar(request.at("schema").dump());
    if (!compiled) return {{"error", compiled.error().message()}, {"code", to_string(compiled.error().code)}};
    grammar::Matcher matcher(std::move(*compiled), vocabulary);
    std::mt19937 random(request.at("seed").get<uint32_t>());
    Json texts = Json::array();
    int unfinished = 0;
    for (int i = 0; i < request.at("count").get<int>(); ++i) {
        std::string text;
        if (sample(matcher, *vocabulary, random, text))
            texts.push_back(text);
        else
            ++unfinished;
    }
    return {{"texts", texts}, {"unfinished", unfinished}};
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    const auto weights = coda::runtime::Weights::open(argv[1]);
    auto tokenizer = weights ? coda::models::llm::read_tokenizer(**weights)
                             : coda::Result<coda::models::llm::Tokenizer>(tl::unexpected(weights.error()));
    if (!tokenizer) {
        std::fprintf(stderr, "%s\n", tokenizer.error().message().c_str());
        return 1;
    }
    const auto vocabulary = std::make_shared<const grammar::Vocabulary>(*tokenizer);
    for (std::string line; std::getline(std::cin, line);)
        std::cout << answer(Json::parse(line), vocabulary).dump() << "\n" << std::flush;
    return 0;
}
