// A JSON schema as a tool's server may send it: it compiles within its bounds or says what is wrong, and what
// it allows can be followed to some depth.
#include "models/llm/grammar/json_schema.h"

#include "models/llm/grammar/matcher.h"

#include <cstdint>
#include <cstdlib>

namespace {

namespace grammar = coda::models::llm::grammar;

std::shared_ptr<const grammar::Vocabulary> vocabulary() {
    static const auto kVocabulary = [] {
        std::vector<std::string> pieces;
        for (int byte = 0; byte < 256; ++byte) pieces.emplace_back(1, static_cast<char>(byte));
        for (const char* more : {"{\"", "\":", "\",", "true", "null", "12", "}}", "  "})
            pieces.emplace_back(more);
        pieces.emplace_back();
        const auto end = static_cast<int32_t>(pieces.size()) - 1;
        return std::make_shared<const grammar::Vocabulary>(pieces, std::vector<int32_t>{end});
    }();
    return kVocabulary;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size > 2000) return 0;
    auto compiled = grammar::schema_grammar(std::string_view(reinterpret_cast<const char*>(data), size));
    if (!compiled || compiled->elements.size() > 20'000) return 0;
    grammar::Matcher matcher(std::move(*compiled), vocabulary());
    for (int step = 0; step < 20 && !matcher.finished(); ++step) {
        const auto mask = matcher.allowed();
        if (mask.empty()) std::abort();  // every byte is a token
        // The last token that may come: the longest of them, or the end.
        int32_t token = vocabulary()->size() - 1;
        while ((mask[static_cast<size_t>(token) / 32] >> (static_cast<uint32_t>(token) % 32) & 1) == 0)
            --token;
        if (vocabulary()->piece(token).empty()) {
            if (!matcher.complete()) std::abort();
            break;
        }
        if (!matcher.accept(vocabulary()->piece(token))) std::abort();
    }
    return 0;
}
